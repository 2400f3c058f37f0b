"""The same seed gives the same prices and trades; the simulation keeps time and can be controlled."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from orderflow.errors import BadInput, Conflict, NotFound
from orderflow.instruments.instrument import Instrument, seed_of
from orderflow.instruments.scenario import Effects, Scenario
from orderflow.instruments.simulation import EDITS_KEY, Simulation
from orderflow.instruments.spec import Spec
from orderflow.market.frames import Frame
from orderflow.market.market import Market
from orderflow.market.tick_log import NoLog
from orderflow.runtime.clock import SystemClock
from orderflow.runtime.workers import Workers
from orderflow.settings.settings import Settings
from tests.clocks import ManualClock

NOW = 1_790_000_000 * 10**9


def alone(spec: Spec, seed: int = 1, history: int = 1000) -> Instrument:
    return Instrument(0.0, spec, seed_of(seed, spec), bounds=(50.0, 200.0), history=history, now=NOW)


def run(instrument: Instrument, steps: int) -> list[float]:
    for _ in range(steps):
        instrument.step(instrument.updated + 10**9, 1.0)
    return list(instrument.history.last()[1])


@pytest.fixture
def start(workers: Workers) -> Callable[..., Simulation]:
    """start(**settings): a running simulation."""

    def make(market: Market | None = None, ticks: NoLog | None = None, **settings: Any) -> Simulation:
        busy = {"arrivals": "poisson", "arrival_params": {"rate": 50.0}}
        tables = {f"ITEM_{n:02d}": busy for n in range(int(settings.get("ticker_count", 3)))}
        tables |= {key: {**busy, **table} for key, table in settings.pop("simulated", {}).items()}
        given = {"ticker_count": 3, "price_update_interval": 0.01, "simulated": tables, **settings}
        chosen = Settings.of(**given)
        found = market or Market(new_lock=workers.lock)
        simulation = Simulation(chosen, found, ticks or NoLog(), workers, SystemClock())
        simulation.start()
        return simulation

    return make


def wait_for(what: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not what():
        assert time.monotonic() < until, "it did not come about in time"
        time.sleep(0.01)


def settle(simulation: Simulation) -> None:
    """Wait until the steps that were being made when it was paused are made."""

    def stands() -> bool:
        before = simulation.steps
        time.sleep(0.05)
        return simulation.steps == before

    wait_for(stands)


def keeps(simulation: Simulation, rate: float) -> bool:
    """Whether the steps come at this rate a second. The machine may be busy, so one of 30 tries must show it."""

    def tried() -> bool:
        began, steps = time.monotonic(), simulation.steps
        wait_for(lambda: simulation.steps - steps >= 0.3 * rate)
        return (simulation.steps - steps) / ((time.monotonic() - began) * rate) == pytest.approx(1, abs=0.4)

    return any(tried() for _ in range(30))


# one instrument


@pytest.mark.parametrize("changes", [{}, {"book": True}, {"model": "uniform"}, {"arrivals": "poisson"}])
def test_the_same_seed_gives_the_same_prices_and_trades(changes: dict[str, Any]) -> None:
    spec = Spec("A", "a").changed(changes)
    one, other = alone(spec), alone(spec)
    assert run(one, 150) == run(other, 150)
    first, second = one.take(), other.take()
    assert first is not None
    assert second is not None
    for name in ("time", "price", "size", "side"):
        assert np.array_equal(getattr(first, name), getattr(second, name)), name
    assert run(alone(spec, seed=2), 150) != list(one.history.last()[1])
    assert run(alone(Spec("B", "b").changed(changes)), 150) != list(one.history.last()[1])


def test_prices_do_not_depend_on_when_trades_are_taken_or_how_late_a_step_comes() -> None:
    one, other = alone(Spec("A", "a")), alone(Spec("A", "a"))
    for number in range(100):
        one.step(NOW + number * 10**9, 1.0)
        other.step(NOW + number * 13 * 10**8, 0.7)
        other.take()
    assert list(one.history.last()[1]) == list(other.history.last()[1])
    assert one.trades == other.trades


def test_trades_become_ticks_in_order_with_side_and_size_within_their_step() -> None:
    instrument = alone(Spec("A", "a").changed({"arrivals": "poisson", "arrival_params": {"rate": 20.0}}))
    instrument.step(NOW + 10**9, 1.0)
    instrument.take()
    instrument.step(NOW + 2 * 10**9, 1.0)
    batch = instrument.take()
    assert batch is not None
    assert len(batch) > 3
    assert (np.diff(batch.time) >= 0).all()
    assert (batch.time > NOW + 10**9).all()
    assert (batch.time <= NOW + 2 * 10**9).all()
    assert set(batch.side.tolist()) <= {-1, 1}
    assert (batch.size > 0).all()
    assert (batch.price > 0).all()
    assert instrument.take() is None


def test_early_steps_never_put_a_trade_before_an_earlier_one() -> None:
    instrument = alone(Spec("A", "a").changed({"arrivals": "poisson", "arrival_params": {"rate": 50.0}}))
    for number in range(50):
        instrument.step(NOW + number * 6 * 10**8, 1.0)
    batch = instrument.take()
    assert batch is not None
    assert (np.diff(batch.time) >= 0).all()


def test_history_is_bounded() -> None:
    instrument = alone(Spec("A", "a"), history=10)
    assert len(run(instrument, 100)) == 10


def test_effects_on_an_instrument() -> None:
    shocked, plain = alone(Spec("A", "a")), alone(Spec("A", "a"))
    run(shocked, 5)
    run(plain, 5)
    shocked.step(NOW, 1.0, Effects(0.5, 1.0, False))
    plain.step(NOW, 1.0)
    assert shocked.price == pytest.approx(plain.price * 0.5, rel=1e-9)
    before = shocked.price
    assert not shocked.step(NOW, 1.0, Effects(1.0, 1.0, True))
    assert (shocked.price, shocked.halted) == (before, True)
    shocked.step(NOW, 1.0)
    assert not shocked.halted
    calm = alone(Spec("A", "a").changed({"model": "gbm"}))
    start = calm.price
    for _ in range(20):
        calm.step(NOW, 1.0, Effects(1.0, 0.0, False))
    assert calm.price == pytest.approx(start, rel=1e-6)
    calm.step(NOW, 1.0)
    assert calm.price != pytest.approx(start, rel=1e-6)


def test_price_outside_its_domain_ends_the_model_with_a_reason() -> None:
    rare = {"arrivals": "poisson", "arrival_params": {"rate": 1e-6}}
    spec = Spec("A", "a").changed({"model": "gbm", "params": {"mu": 100.0, "sigma": 0.0}, "interval": 3600.0, **rare})
    instrument = alone(spec)
    while instrument.failure is None and instrument.steps < 10_000:
        instrument.step(NOW, 1.0)
    assert instrument.failure is not None
    assert "range" in instrument.failure
    price = instrument.price
    assert not instrument.step(NOW, 1.0)
    assert instrument.price == price > 0


def test_a_book_has_a_quote_around_its_price() -> None:
    instrument = alone(Spec("A", "a").changed({"book": True}))
    run(instrument, 20)
    quote = instrument.quote()
    assert quote is not None
    assert quote["bid"] <= instrument.price <= quote["ask"]
    assert alone(Spec("A", "a")).quote() is None


# all of them


def test_simulation_keeps_time_and_delivers_trades(start: Callable[..., Simulation], workers: Workers) -> None:
    market = Market(new_lock=workers.lock)
    heard: list[str] = []
    simulation = start(market)
    simulation.listen(lambda instrument: heard.append(instrument.spec.id))
    assert keeps(simulation, 300)
    assert set(heard) == {"ITEM_00", "ITEM_01", "ITEM_02"}
    wait_for(lambda: len(market.symbols()) == 3)
    assert market.active() is None
    assert market.stats("ITEM_00")["rules"][0] == market.stats("ITEM_00")["ticks"] > 0
    assert len(market.bars("ITEM_00", Frame.parse("1s"))) >= 1


def test_pause_speed_and_restart(start: Callable[..., Simulation]) -> None:
    simulation = start()
    wait_for(lambda: simulation.steps > 10)
    simulation.pause()
    settle(simulation)
    still = simulation.steps
    time.sleep(0.1)
    assert (simulation.steps, simulation.status()["running"]) == (still, False)
    simulation.resume()
    wait_for(lambda: simulation.steps > still)
    simulation.set_speed(4)
    assert keeps(simulation, 1200)
    for wrong in (0, 101, "fast", True):
        with pytest.raises(BadInput, match="speed"):
            simulation.set_speed(wrong)  # type: ignore[arg-type]  # what a stranger may send
    simulation.set_speed(1)
    first = simulation.get("ITEM_00").initial_price
    simulation.restart(seed=2)
    assert simulation.get("ITEM_00").initial_price != first
    simulation.restart(seed=1)
    assert simulation.get("ITEM_00").initial_price == first
    for bad in (-1, 1.5, True):
        with pytest.raises(BadInput, match="seed"):
            simulation.restart(seed=bad)  # type: ignore[arg-type]  # what a stranger may send


def test_the_number_of_instruments_changes_none_of_them(start: Callable[..., Simulation]) -> None:
    few, many = start(ticker_count=2), start(ticker_count=7)
    assert few.get("ITEM_01").initial_price == many.get("ITEM_01").initial_price
    wait_for(lambda: min(few.get("ITEM_01").steps, many.get("ITEM_01").steps) > 20)
    assert list(few.get("ITEM_01").history.last()[1])[:20] == list(many.get("ITEM_01").history.last()[1])[:20]


def test_edits_keep_the_price_and_survive_a_restart(start: Callable[..., Simulation]) -> None:
    ticks = NoLog()
    simulation = start(ticks=ticks)
    wait_for(lambda: simulation.get("ITEM_01").steps > 5)
    simulation.pause()
    before = simulation.get("ITEM_01")
    simulation.edit("ITEM_01", {"model": "gbm", "params": {"sigma": 2.0}})
    after = simulation.get("ITEM_01")
    assert (after.spec.model, after.initial_price) == ("gbm", before.initial_price)
    assert after.price == pytest.approx(before.shown, abs=0.005)
    assert len(after.history) >= len(before.history)
    with pytest.raises(BadInput, match=r"params\.sigma"):
        simulation.edit("ITEM_01", {"params": {"sigma": -1.0}})
    with pytest.raises(NotFound, match="Ticker X not found"):
        simulation.edit("X", {})
    assert b"gbm" in (ticks.get_meta(EDITS_KEY) or b"")
    again = start(ticks=ticks)
    assert again.get("ITEM_01").spec.model == "gbm"
    again.edit("ITEM_01", {})
    assert again.get("ITEM_01").spec.model == "garch"
    assert start(ticks=ticks).get("ITEM_01").spec.model == "garch"


def test_a_group_moves_together(start: Callable[..., Simulation]) -> None:
    tables = {f"G{n}": {"group": "g", "correlation": 0.9, "model": "gbm", "params": {"sigma": 9.0}} for n in range(2)}
    simulation = start(ticker_count=0, price_update_interval=0.002, simulated=tables)
    assert simulation.groups() == {"g": ["G0", "G1"]}
    wait_for(lambda: min(each.steps for each in simulation.all()) > 500)
    returns = [np.diff(np.log(list(each.history.last()[1])[:500])) for each in simulation.all()]
    assert np.corrcoef(*returns)[0, 1] == pytest.approx(0.81, abs=0.1)


def test_a_scenario_shocks_and_halts(start: Callable[..., Simulation]) -> None:
    simulation = start(ticker_model="gbm", simulated={"ITEM_00": {"params": {"sigma": 0.0}}})
    text = b"""
name = "test"
[[events]]
kind = "shock"
at = 0.1
instruments = ["ITEM_00"]
percent = -20
[[events]]
kind = "halt"
at = 0.3
instruments = "all"
seconds = 60
"""
    price = simulation.get("ITEM_00").price
    simulation.play(Scenario.parse(text, "test", simulation.ids()))
    wait_for(lambda: simulation.status()["halted"] == 3)
    assert simulation.get("ITEM_00").price == pytest.approx(price * 0.8, rel=1e-4)
    simulation.play(None)
    wait_for(lambda: simulation.status()["halted"] == 0)


def test_late_steps_are_skipped_and_counted(workers: Workers) -> None:
    simulation = Simulation(
        Settings.of(ticker_count=1, price_update_interval=0.01), Market(), NoLog(), workers, ManualClock(NOW)
    )
    simulation.start()
    wait_for(lambda: simulation.steps > 3)
    simulation._queue[0] = (simulation._queue[0][0] - 5.0, *simulation._queue[0][1:])
    wait_for(lambda: simulation.skipped > 0)
    assert simulation.skipped == pytest.approx(500, abs=20)


def test_the_scenario_of_the_settings_is_played_from_the_start(
    start: Callable[..., Simulation], tmp_path: Path
) -> None:
    file = tmp_path / "own.toml"
    file.write_text('name = "own"\n[[events]]\nkind = "halt"\nat = 0\ninstruments = "all"\nseconds = 60\n')
    simulation = start(scenario=str(file))
    wait_for(lambda: simulation.status()["halted"] == 3)
    assert simulation.status()["scenario"] == "own"


STORM = b"""
name = "storm"
[[events]]
kind = "volatility"
at = 0.03
factor = 5
seconds = 0.1
[[events]]
kind = "flash_crash"
at = 0.055
depth_percent = 30
down_seconds = 0.1
recovery_seconds = 0.05
"""


def test_a_restart_gives_the_same_path_and_trades_at_any_speed_under_a_scenario(
    start: Callable[..., Simulation], workers: Workers
) -> None:
    markets = Market(new_lock=workers.lock), Market(new_lock=workers.lock)
    slow, fast = (start(market) for market in markets)
    fast.set_speed(5)
    storm = Scenario.parse(STORM, "storm", slow.ids())
    paths = []
    for simulation, market in zip((slow, fast), markets, strict=True):
        wait_for(lambda simulation=simulation: simulation.steps > 30)  # type: ignore[misc]  # bound as it is now
        simulation.play(storm)
        simulation.restart(seed=3)
        wait_for(lambda simulation=simulation: simulation.get("ITEM_00").steps > 60)  # type: ignore[misc]  # as above
        simulation.pause()
        settle(simulation)
        simulation.get("ITEM_00").flushed = 0
        simulation.flush()
        ticks = market.ticks("ITEM_00", start=None, end=None, limit=20).ticks
        paths.append(
            (list(simulation.get("ITEM_00").history.last()[1])[:60], ticks.level.tolist(), ticks.size.tolist())
        )
    assert paths[0] == paths[1]


def test_scenario_starts_with_the_next_step_of_each_instrument(start: Callable[..., Simulation]) -> None:
    simulation = start()
    wait_for(lambda: simulation.steps > 20)
    simulation.play(Scenario.parse(STORM, "storm", simulation.ids()))
    for each in simulation.all():
        assert each.origin + each.steps * each.spec.interval == 0.0


def test_new_model_drops_parameters_of_the_old_one(start: Callable[..., Simulation]) -> None:
    ticks = NoLog()
    simulation = start(ticks=ticks)
    simulation.edit("ITEM_00", {"model": "ou", "params": {"theta": 9.0}, "arrival_params": {"rate": 7.0}})
    simulation.edit("ITEM_00", {"model": "heston"})
    simulation.edit("ITEM_00", {"name": "Mine"})
    spec = start(ticks=ticks).get("ITEM_00").spec
    assert (spec.model, spec.params, spec.arrival_params, spec.name) == ("heston", {}, {"rate": 7.0}, "Mine")
    assert spec == simulation.get("ITEM_00").spec


def test_sent_ticks_of_a_simulated_instrument_are_refused(start: Callable[..., Simulation], workers: Workers) -> None:
    market = Market(new_lock=workers.lock)
    sent = alone(Spec("ITEM_00", "a").changed({"arrivals": "poisson", "arrival_params": {"rate": 50.0}}))
    run(sent, 3)
    batch = sent.take()
    assert batch is not None
    market.ingest([batch])
    simulation = start(market)
    with pytest.raises(Conflict, match="simulated"):
        market.ingest([batch])
    wait_for(lambda: len(market.symbols()) == 3)
    assert market.stats("ITEM_00")["ticks"] == len(batch)  # none of a model's go among those that were sent
    assert market.stats("ITEM_00")["rejected"] == 0
    market.reset("ITEM_00")
    wait_for(lambda: market.revision("ITEM_00") > 0)
    assert simulation.get("ITEM_00").trades > 0


def test_a_group_moves_together_after_a_member_was_changed_too(start: Callable[..., Simulation]) -> None:
    tables = {f"G{n}": {"group": "g", "correlation": 0.9, "model": "gbm", "params": {"sigma": 9.0}} for n in range(2)}
    simulation = start(ticker_count=0, price_update_interval=0.002, simulated=tables, max_history_size=5000)
    wait_for(lambda: min(each.steps for each in simulation.all()) > 50)
    simulation.pause()
    settle(simulation)
    first, other = simulation.all()
    for _ in range(first.steps - other.steps):
        other.step(NOW, 1.0)
    for _ in range(other.steps - first.steps):
        first.step(NOW, 1.0)
    simulation.edit("G1", {"params": {"sigma": 8.0}})
    other = simulation.get("G1")
    pairs = np.array([(first.step(NOW, 1.0) and first.price, other.step(NOW, 1.0) and other.price) for _ in range(600)])
    assert np.corrcoef(np.diff(np.log(pairs), axis=0).T)[0, 1] == pytest.approx(0.81, abs=0.1)
