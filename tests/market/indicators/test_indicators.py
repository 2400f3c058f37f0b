"""Indicators against their definitions, computed candle by candle, and independent of how much history came before."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from orderflow.arrays import Floats
from orderflow.errors import BadInput, NotFound
from orderflow.market.indicators.indicator import SOURCES, Candles, Indicator
from orderflow.market.indicators.registry import INDICATORS, find

DAY = 86_400_000_000_000
MINUTE = 60_000_000_000


def candles(n: int, seed: int = 1, step: int = 17 * MINUTE) -> Candles:
    """A random walk over several days."""
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, n)))
    open_ = np.concatenate(([100.0], close[:-1]))
    high, low = (f(open_, close) * (1 + s * rng.random(n) / 100) for f, s in ((np.maximum, 1), (np.minimum, -1)))
    time = 20_000 * DAY + np.arange(n) * step
    return Candles(time, open_, high, low, close, rng.integers(0, 50, n).astype(float), time // DAY * DAY)


def part(of: Candles, begin: int, end: int | None = None) -> Candles:
    return Candles(*(getattr(of, name)[begin:end] for name in Candles.__slots__))


def naive_ema(values: Sequence[float], n: int, alpha: float) -> list[float]:
    found, known = [], [x for x in values if not math.isnan(x)]
    for i, x in enumerate(values):
        count = i + 1 - (len(values) - len(known))
        if count < n:
            found.append(math.nan)
        elif count == n:
            found.append(sum(known[:n]) / n)
        else:
            found.append(alpha * x + (1 - alpha) * found[-1])
    return found


def same(found: Floats, expected: Sequence[float]) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    assert np.isfinite(found).any()


@pytest.mark.parametrize("n", [1, 2, 14])
def test_averages(n: int) -> None:
    data = candles(60)
    close = data.close.tolist()
    means = [math.nan if i + 1 < n else sum(close[i + 1 - n : i + 1]) / n for i in range(60)]
    same(find("sma").run(data, period=n)["sma"], means)
    same(find("ema").run(data, period=n)["ema"], naive_ema(close, n, 2 / (n + 1)))


def test_bollinger_bands_are_standard_deviations_of_the_prices_themselves() -> None:
    data, n = candles(60), 5
    found = find("bollinger").run(data, period=n, width=3)
    spread = [math.nan if i + 1 < n else float(np.std(data.close[i + 1 - n : i + 1])) for i in range(60)]
    same(found["upper"] - found["middle"], [3 * x for x in spread])
    same(found["middle"] - found["lower"], [3 * x for x in spread])


def test_rsi_is_wilders() -> None:
    data, n = candles(80), 14
    change = [math.nan, *np.diff(data.close).tolist()]
    gain = naive_ema([max(x, 0.0) if x == x else x for x in change], n, 1 / n)
    loss = naive_ema([max(-x, 0.0) if x == x else x for x in change], n, 1 / n)
    same(
        find("rsi").run(data, period=n)["rsi"],
        [100 - 100 / (1 + up / down) for up, down in zip(gain, loss, strict=True)],
    )


def test_rsi_of_the_example_of_its_literature() -> None:
    """The first three values of the worked example in StockCharts' ChartSchool."""
    close = [44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826, 45.8931, 46.0328]
    close += [45.614, 46.282, 46.282, 46.0028, 46.0328]
    values = np.array(close)
    data = Candles(np.arange(17) * DAY, values, values, values, values, np.ones(17), np.arange(17) * DAY)
    found = find("rsi").run(data, period=14)["rsi"]
    assert [round(x, 2) for x in found[14:].tolist()] == [70.53, 66.32, 66.55]


@pytest.mark.parametrize(("closes", "expected"), [([5.0] * 20, 50.0), (list(range(1, 21)), 100.0)])
def test_rsi_without_losses_or_moves(closes: list[float], expected: float) -> None:
    values = np.array(closes, np.float64)
    data = Candles(np.arange(20) * DAY, values, values, values, values, values, np.arange(20) * DAY)
    assert find("rsi").run(data, period=14)["rsi"][14:].tolist() == [expected] * 6


def test_macd_is_the_difference_of_its_averages() -> None:
    data = candles(120)
    close = data.close.tolist()
    pairs = zip(naive_ema(close, 12, 2 / 13), naive_ema(close, 26, 2 / 27), strict=True)
    line = [fast - slow for fast, slow in pairs]
    signal = naive_ema(line, 9, 2 / 10)
    found = find("macd").run(data)
    same(found["macd"], line)
    same(found["signal"], signal)
    same(found["histogram"], [a - b for a, b in zip(line, signal, strict=True)])


def test_vwap_begins_anew_with_each_session_and_without_volume_has_no_value() -> None:
    data = candles(300)
    traded = volume = 0.0
    expected = []
    for i in range(300):
        if i and data.session[i] != data.session[i - 1]:
            traded = volume = 0.0
        traded += (data.high[i] + data.low[i] + data.close[i]) / 3 * data.volume[i]
        volume += data.volume[i]
        expected.append(traded / volume if volume else math.nan)
    same(find("vwap").run(data)["vwap"], expected)
    none = Candles(data.time, data.open, data.high, data.low, data.close, np.full(300, np.nan), data.session)
    assert np.isnan(find("vwap").run(none)["vwap"]).all()


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda indicator: indicator.name)
def test_values_do_not_depend_on_how_much_came_before(indicator: Indicator) -> None:
    """From `before` candles ahead, and at the start of a session, the values are those of the whole history."""
    data, options = candles(2_000), indicator.chosen({})
    whole = indicator.run(data, **options)
    first = int(np.flatnonzero(data.session_begins())[-3])
    some = indicator.run(part(data, first - indicator.before(**options)), **options)
    for line in indicator.lines:
        np.testing.assert_allclose(some[line.name][-(2_000 - first) :], whole[line.name][first:], rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda indicator: indicator.name)
@pytest.mark.parametrize("n", [0, 1, 3])
def test_few_candles_have_no_values_and_no_error(indicator: Indicator, n: int) -> None:
    found = indicator.run(candles(n), **indicator.chosen({}))
    assert set(found) == {line.name for line in indicator.lines}
    assert all(len(values) == n for values in found.values())


def test_a_later_candle_changes_no_earlier_value() -> None:
    data = candles(400)
    for indicator in INDICATORS:
        whole, some = (indicator.run(of, **indicator.chosen({})) for of in (data, part(data, 0, 250)))
        for name, values in some.items():
            np.testing.assert_allclose(values, whole[name][:250], rtol=1e-12, atol=1e-12)


def test_sources_are_prices_of_the_candle() -> None:
    data = candles(5)
    means = {"hl2": ("high", "low"), "hlc3": ("high", "low", "close"), "ohlc4": ("open", "high", "low", "close")}
    for source, _ in SOURCES:
        expected = np.mean([getattr(data, name) for name in means.get(source, (source,))], axis=0)
        np.testing.assert_allclose(data.price(source), expected)


def test_options_are_checked_and_named() -> None:
    assert find("ema").chosen({"period": "50"}) == {"period": 50, "source": "close"}
    assert find("ema").words(find("ema").chosen({"period": 50})) == "EMA 50"
    assert find("ema").words(find("ema").chosen({"source": "hl2"})) == "EMA 20 hl2"
    with pytest.raises(BadInput, match="period 0 is not from 1 to 1000"):
        find("ema").chosen({"period": 0})
    with pytest.raises(BadInput, match="'color'"):
        find("ema").chosen({"color": "red"})
    with pytest.raises(NotFound, match="there are ema, sma, vwap, bollinger, rsi, macd"):
        find("hull")
