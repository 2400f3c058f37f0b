"""The bundled samples over HTTP, compared with the oracle and the exchange. No other data is needed."""

from __future__ import annotations

import pytest

from tests.exactness import samples
from tests.exactness.against_oracle import wrong_rows
from tests.exactness.path import differences, table
from tests.running import RunningServer

KLINE = ("time", "open", "high", "low", "close", "volume", "ask_volume", "trades")


@pytest.mark.parametrize("frame", ["1min", "15min"])
def test_ltc_equals_the_oracle(frame: str, server: RunningServer, ltc: str) -> None:
    assert wrong_rows(server, ltc, samples.ltc(), samples.CENT, frame) == []


@pytest.mark.parametrize("frame", ["1s", "1min", "1h"])
def test_btc_equals_the_oracle(frame: str, server: RunningServer, btc: str) -> None:
    assert wrong_rows(server, btc, samples.btc(), samples.CENT, frame) == []


def test_btc_equals_the_exchanges_candles(server: RunningServer, btc: str) -> None:
    assert differences(table(server, "bars", btc)[1:-1], samples.btc_candles(), KLINE) == []
