"""Every number of the worked example in the definitions."""

from __future__ import annotations

import numpy as np
import pytest

from orderflow.market.studies.delta import delta
from orderflow.market.studies.imbalance import imbalance
from orderflow.market.studies.poc import poc
from orderflow.market.studies.stacked import stacked
from orderflow.market.studies.unfinished import unfinished
from orderflow.market.studies.value_area import value_area
from orderflow.market.studies.vwap import sums, vwap

# tick 0.25, so 99.50 is level 398; price: bid × ask
LEVEL = np.array([398, 399, 400, 401, 402])
BID = np.array([30, 11, 12, 10, 2])
ASK = np.array([0, 9, 33, 35, 40])
UNKNOWN = np.zeros(5, np.int64)
VOLUME = BID + ASK + UNKNOWN


def test_volume_and_delta() -> None:
    assert VOLUME.sum() == 182
    assert delta(BID, ASK).tolist() == [-30, -2, 21, 25, 38]
    assert delta(BID, ASK).sum() == 52


def test_the_poc_is_the_tied_level_nearest_to_the_mid() -> None:
    assert VOLUME.tolist() == [30, 20, 45, 45, 42]
    assert poc(LEVEL, BID, ASK, UNKNOWN) == 2  # 100.00, not 100.25


def test_imbalances_are_strict() -> None:
    buy, sell = imbalance(LEVEL, BID, ASK)
    assert buy.tolist() == [False, False, False, False, True]  # 40 > 3·10; 35 > 3·12 and 33 > 3·11 are false
    assert sell.tolist() == [True, False, False, False, False]  # 30 > 3·9
    assert stacked(LEVEL, buy) == stacked(LEVEL, sell) == []


def test_value_area_goes_up_in_one_step_of_two_rows() -> None:
    assert 45 + 42 + 45 == 132 >= 127.4
    assert value_area(LEVEL, VOLUME, 2) == (2, 4)  # 100.00 to 100.50


def test_value_area_one_row_at_a_time() -> None:
    # 45; 45 above beats 20 below: 90; 42 above beats 20: 132
    assert value_area(LEVEL, VOLUME, 2, rows=1) == (2, 4)


def test_the_auction_is_unfinished_at_the_high_only() -> None:
    assert unfinished(BID, ASK) == (True, False)


def test_vwap_of_the_example() -> None:
    line = vwap(sums(LEVEL, VOLUME))
    assert line is not None
    assert line.vwap * 0.25 == pytest.approx((30 * 99.5 + 20 * 99.75 + 45 * 100 + 45 * 100.25 + 42 * 100.5) / 182)
