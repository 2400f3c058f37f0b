"""Further files of the kinds of `cases`: what is told by values is read right, asked for, or warned of."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderflow import read_ticks
from orderflow.errors import BadInput
from orderflow.formats import open_ticks
from tests.formats.suite import T, ticks_of

DAY = "2025-10-09 "


def clock(one: T) -> str:
    return one.time[11:].rstrip("0").rstrip(".") if "." in one.time else one.time[11:]


def plain(path: Path, **options: object) -> list[tuple[str, str, str, str]]:
    """(time of day, price, size, side) of a file's ticks."""
    with open_ticks(path, **options) as reader:  # type: ignore[arg-type]  # options are passed through
        return [(clock(t), f"{t.price.normalize():f}", f"{t.size.normalize():f}", t.side) for t in ticks_of(*reader)]


PLAIN = [("18:00:00", "10", "1", "sell"), ("18:00:01", "10", "2", "buy")]
TURNED = [("18:00:00", "10", "1", "buy"), ("18:00:01", "10", "2", "sell")]
RIGHT = {
    f"time,price,size\n{DAY}06:00:00.5 PM,10,1\n": [("18:00:00.5", "10", "1", "")],
    "Date,Time,Price,Size\n10/13/2025,9:30:00 AM,10,1\n": [("09:30:00", "10", "1", "")],
    "When,Price,Size\n13.10.2025 18:00:00,10,1\n": [("18:00:00", "10", "1", "")],
    "SessionDay,Clock,Price,Size\n20251009,18:00:00:123456,10,1\n": [("18:00:00.123456", "10", "1", "")],
    f"time,price,size\n{DAY}18:00:00.5000,10,1\n{DAY}18:00:00.12000,10,2\n{DAY}18:00:00.100000,10,3\n": [
        ("18:00:00.005", "10", "1", ""),
        ("18:00:00.012", "10", "2", ""),
        ("18:00:00.1", "10", "3", ""),
    ],
    "ts,px,sz,sell\n1760032800,10,1,true\n1760032801,10,2,false\n": PLAIN,
    "ts,px,sz,type\n1760032800,10,1,bid\n1760032801,10,2,ask\n": TURNED,
    "ts,px,sz,what\n1760032800,10,1,Sell\n1760032801,10,2,Buy\n": PLAIN,
    "ts,px,sz,side,bid,ask\n1760032800,10,1,A,9,10\n1760032801,10,2,B,10,11\n": TURNED,
    "ts,px,qty\n1760032800,10,-1\n1760032801,10,2\n": PLAIN,
    "ts,px,qty\n1760032801,11,1\n1760032800,10,2\n1760032800,9,3\n": [
        ("18:00:00", "9", "3", ""),
        ("18:00:00", "10", "2", ""),
        ("18:00:01", "11", "1", ""),
    ],
    "ts,px,qty\n1760032800,-0.25,1\n1760032801,0,2\n1760032802,0.25,3\n": [
        ("18:00:00", "-0.25", "1", ""),
        ("18:00:01", "0", "2", ""),
        ("18:00:02", "0.25", "3", ""),
    ],
    "ts,px,qty\n1760032800,100,1\n1760032801,-999,2\n1760032802,0,2\n1760032803,101,3\n": [
        ("18:00:00", "100", "1", ""),
        ("18:00:03", "101", "3", ""),
    ],
    "ts,px,qty\n1.760032800123E+12,1.5e2,7.9999999999999996e-1\n": [("18:00:00.123", "150", "0.8", "")],
    "exported today\n\nts;px;qty\n1760032800;10;1\n": [("18:00:00", "10", "1", "")],
}


@pytest.mark.parametrize(("text", "wanted"), RIGHT.items())
def test_read_right(text: str, wanted: list[tuple[str, str, str, str]], tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    assert plain(path) == wanted


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("ts,px,qty,side\n1760032800,10,1,A\n1760032801,10,2,B\n", "--side-words"),
        ("when,px,qty\n09/10/2025 18:00:00,10,1\n", "--date-order"),
        ("ts,px,qty\n638957628000000000,10,1\n", "--time-unit net"),
        ("ts,px,qty\n4102444000,10,1\n", "--time-unit"),
        ("ts,px,volume\n" + "".join(f"{1760032800 + k},10,{5000 + 3 * k}\n" for k in range(120)), "--columns size="),
        ("ts,px,qty\n" + "".join(f"{1760032800 + k},{'x' if k % 10 < 2 else 10},1\n" for k in range(200)), "--max-bad"),
        ("1760032800,10.01,10.02\n1760032801,10.02,10.03\n", "--format kraken"),
        ("01/22/2024,09:30,1.1,1.3,1.0,1.2,50\n01/22/2024,09:31,1.2,1.4,1.1,1.3,60\n", "header"),
    ],
)
def test_asked_for(text: str, option: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(BadInput) as error:
        read_ticks(path)
    assert option in str(error.value)


def test_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("ts,px,qty,side\n1760032800,10,1,2\n")
    with pytest.warns(UserWarning, match="side holds only 2: 1 is taken as a buy and 2 as a sell"):
        assert read_ticks(path)["side"].tolist() == ["sell"]
    path.write_text("ts,px,volume\n" + "".join(f"{1760032800 + k},10,{5000 + 3 * k}\n" for k in range(20)))
    with pytest.warns(UserWarning, match="volume looks like the running total of the day"):
        assert len(read_ticks(path)) == 20


def test_what_is_counted_and_what_options_decide(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("ts,px,qty\n1760032800,100,0.30000000000000004\n1760032801,-1,2\n1760032802,101,3\n")
    found = read_ticks(path)
    assert found["price"].tolist() == [100, 101]
    assert found.attrs["counts"] == {
        "without a price": 1,
        "with the noise of binary floats, which was taken off": 1,
    }
    assert read_ticks(path, negative_prices=True)["price"].tolist() == [100, -1, 101]
    assert read_ticks(path, snap_floats=False)["size"].tolist() == [3]
