"""Sides, ids, symbols."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderflow.formats import SYMBOL_PATTERN
from orderflow.formats.parsing import words
from orderflow.formats.parsing.parse_errors import NotVectorizable, NumberText, ParseError
from orderflow.market.ticks import NO_ID


def test_numeric_ids_are_kept_and_text_ids_are_negative_hashes() -> None:
    assert words.trade_id("007") == 7
    assert words.trade_id(str(2**63 - 1)) == 2**63 - 1
    assert words.trade_id(str(2**63)) == str(2**63)
    hashes = words.hashed(np.array(["a", "b", "a", "00fcc5e9-d36f-51ae-9906-11f83ed505a7"], object))
    assert hashes.tolist() == [
        -4726978906124959698,
        -3464687545224339169,
        -4726978906124959698,
        -2784394745102795888,
    ], "hashes are kept on disk: they must not change"
    for hashed in hashes.tolist():
        assert words.trade_id(str(hashed)) == hashed
    assert words.trade_id(str(-(2**63 - 1))) == -(2**63 - 1)
    for text in ("-0", "-007", "-", "-1.5", str(-(2**63)), "-99999999999999999999"):
        assert words.trade_id(text) == text
    for bad in ("", "a b", "é", "x" * 129, NumberText("1.5"), NumberText("-1")):
        with pytest.raises(ParseError):
            words.trade_id(bad)


def test_a_column_of_ids() -> None:
    assert words.trade_ids(pa.array(["1", None, "3"])).tolist() == [1, NO_ID, 3]
    assert words.trade_ids(pa.nulls(2)).tolist() == [NO_ID, NO_ID]
    assert words.trade_ids(pa.array(["-5", None, "3", str(-(2**63 - 1))])).tolist() == [-5, NO_ID, 3, -(2**63 - 1)]
    for mixed in (["-5", "a"], ["-5", "-0"], [str(-(2**63)), "1"]):
        with pytest.raises(NotVectorizable):
            words.trade_ids(pa.array(mixed))
    with pytest.raises(NotVectorizable):
        words.trade_ids(pa.array(["1", "a"]))
    with pytest.raises(NotVectorizable):
        words.trade_ids(pa.array([1, -1]))


def test_hashes_as_the_api_writes_them_stay_those_numbers() -> None:
    assert words.trade_id("#c") == -12
    assert words.trade_id(f"#{2**63 - 1:x}") == -(2**63 - 1)
    assert words.trade_ids(pa.array(["#c", None, f"#{2**63 - 1:x}"])).tolist() == [-12, NO_ID, -(2**63 - 1)]
    for text in ("#", "#0", "#0c", "#C", "#x", f"#{2**63:x}", "#c#"):
        assert words.trade_id(text) == text
    assert words.trade_ids(pa.array(["#C", "#0"])).tolist() == words.hashed(np.array(["#C", "#0"], object)).tolist()
    for mixed in (["#c", "a"], ["#c", "1"], ["#c", f"#{2**63:x}"], [f"#{2**63:x}"] * 2):
        with pytest.raises(NotVectorizable):
            words.trade_ids(pa.array(mixed))


PART_IDS = [
    -1346066267577507605,
    -3523409050045930283,
    -5700751832514352959,
    -6601206236533552885,
    NO_ID,
    -6155048206383950314,
]


def test_the_parts_of_a_trade_have_ids_of_their_own() -> None:
    ids, part = np.array([7, 7, 7, -7, NO_ID, 8]), np.array([0, 1, 2, 0, 1, 0])
    found = words.part_ids(ids, part)
    assert found.tolist() == PART_IDS, "they are kept on disk: they must not change"
    assert len(set(found.tolist())) == 6
    assert (np.delete(found, 4) < 0).all()


@given(st.text(max_size=70))
def test_any_text_makes_a_symbol(text: str) -> None:
    assert re.fullmatch(SYMBOL_PATTERN, words.safe_symbol(text))


@pytest.mark.parametrize(
    ("text", "fine"), [("ES", True), ("/ES", True), ("BTC-USD_1.x:y", True), ("..", False), ("", False)]
)
def test_symbols(text: str, fine: bool) -> None:
    if fine:
        assert words.symbol(text) == text
    else:
        with pytest.raises(ParseError):
            words.symbol(text)


def test_maker_side_is_inverted() -> None:
    assert words.side("BUY", words.MAKER) == words.SELL == words.side("sell", words.TAKER)
    assert words.side("True", words.BUYER_IS_MAKER) == words.SELL
    assert words.sides(pa.array([True, False, None]), words.BUYER_IS_MAKER).tolist() == [-1, 1, 0]
