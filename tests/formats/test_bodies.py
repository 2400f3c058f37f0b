"""Bodies of POST /tick and POST /ticks: keys, types, times, numbers and error messages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orderflow.errors import BadInput, UnknownFormat
from orderflow.formats import ParsedTicks, parse_body
from orderflow.formats.json_columns import may_lose_precision
from tests.formats.suite import same, tick, ticks_of

GOOD = {"timestamp": "2025-10-09T18:00:00.032Z", "price": 25263.5, "size": 1}
TICK = tick("2025-10-09T18:00:00.032", "25263.5", "1", "", "tick", None, "DEFAULT")


def post(body: Any, kind: str = "application/json", **options: Any) -> ParsedTicks:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return parse_body(data, kind, **options)


def reasons(body: Any, **options: Any) -> list[str]:
    """Every error of a body; both paths must give the same."""
    parsed = post(body, fast=False, **options)
    same(post(body, fast=True, **options), parsed)
    return [str(error) for error in parsed.errors]


class TestKeys:
    def test_one_tick_in_the_source_systems_keys(self) -> None:
        body = {
            "Timestamp": "2025-10-09 18:00:00.032",
            "Precio": "25263,5",
            "Volumen": 3,
            "Lado": "BID",
            "Bid": "25265",
            "Ask": "25265,5",
        }
        assert ticks_of(post(body)) == [TICK._replace(size=3, side="sell", rule="flag")]
        assert ticks_of(post({**body, "Precio": 25263.5, "Lado": "ASK"}))[0].side == "buy"
        assert ticks_of(post({**body, "Precio": "25263.5", "Lado": None}))[0][3:5] == ("sell", "quote")

    def test_canonical_keys(self) -> None:
        body = {**GOOD, "side": "buy", "bid": 1, "ask": 2, "id": 7, "symbol": "ES", "venue": "CME", "flags": [1]}
        assert ticks_of(post(body)) == [TICK._replace(side="buy", rule="flag", id=7, symbol="ES")]

    def test_mixed_keys_prefer_the_canonical_one(self) -> None:
        body = [{"Timestamp": GOOD["timestamp"], "price": 25263.5, "Volumen": 1}, {**GOOD, "Precio": 1, "Volumen": 9}]
        for fast in (False, True):
            assert ticks_of(post(body, fast=fast)) == [TICK, TICK]

    def test_last_of_a_repeated_key_wins(self) -> None:
        body = b'[{"timestamp": 5, "timestamp": "2025-10-09T18:00:00.032Z", "price": 25263.5, "size": 1}]'
        for fast in (False, True):
            assert ticks_of(post(body, fast=fast)) == [TICK]

    def test_ticks_are_split_by_symbol_in_order_of_appearance(self) -> None:
        body = [{**GOOD, "symbol": name, "size": k} for k, name in enumerate(["ES", "NQ", None, "ES"])]
        for fast in (False, True):
            parsed = post(body, fast=fast, default_symbol="YM")
            assert [(batch.symbol, batch.size.tolist()) for batch in parsed.batches] == [
                ("ES", [0, 3]),
                ("NQ", [1]),
                ("YM", [2]),
            ]
            assert [origin.tolist() for origin in parsed.origins] == [[0, 3], [1], [2]]

    def test_identical_rows_are_separate_trades(self) -> None:
        assert post([GOOD] * 3).ticks == 3


class TestTimes:
    @pytest.mark.parametrize(
        "time",
        [
            "2025-10-09T18:00:00.032Z",
            "2025-10-09 20:00:00.032+02:00",
            "2025-10-09T20:00:00.032000000+0200",
            "2025-10-09 18:00:00.032",
            "20251009 18:00:00,032",
            1760032800.032,
            1760032800032,
            1760032800032000,
            1760032800032000000,
            "1760032800.032",
            "1760032800032",
        ],
    )
    def test_time_formats(self, time: Any) -> None:
        for fast in (False, True):
            assert ticks_of(post([{**GOOD, "timestamp": time}], fast=fast)) == [TICK]

    def test_tz_applies_to_times_without_a_zone(self) -> None:
        body = [{**GOOD, "timestamp": "2025-10-09 18:00:00"}, {**GOOD, "timestamp": "2025-10-09T18:00:00Z"}]
        assert [one.time[11:13] for one in ticks_of(post(body, tz="America/New_York"))] == ["22", "18"]


class TestReasons:
    @pytest.mark.parametrize(
        ("change", "field", "reason"),
        [
            ({"price": None}, "price", "null is not a number"),
            ({"price": True}, "price", "true is not a number"),
            ({"price": ""}, "price", "is empty; it must be a number"),
            ({"price": [1]}, "price", "an array is not a number"),
            ({"price": "abc"}, "price", "'abc' is not a number; write it like 25263.5"),
            ({"price": "25263,5"}, "price", "'25263,5' has a comma; the decimal mark here is the dot, "),
            ({"price": 0}, "price", "0 is not above 0; a price must be positive"),
            ({"price": -2.5}, "price", "-2.5 is not above 0; a price must be positive"),
            ({"price": float("nan")}, "price", "NaN is not a finite number"),
            ({"price": float("inf")}, "price", "Infinity is not a finite number"),
            (
                {"price": 0.1 + 0.2},
                "price",
                "0.30000000000000004 has 17 significant digits, more than can be kept exactly; ",
            ),
            ({"price": 1e300}, "price", "1e+300 is too large to be kept exactly"),
            ({"price": 1e-13}, "price", "1e-13 has 13 decimals; the most that is kept exactly is 12"),
            ({"price": 2**53 + 2}, "price", "9007199254740994 has more digits than can be kept exactly"),
            ({"size": -1}, "size", "-1 is below 0; a size must not be negative"),
            ({"size": {"n": 1}}, "size", "an object is not a number"),
            (
                {"timestamp": "yesterday"},
                "timestamp",
                "'yesterday' is not a time; write ISO-8601 like 2025-10-09T18:00",
            ),
            ({"timestamp": "2025-10-09"}, "timestamp", "'2025-10-09' has no time of day; "),
            ({"timestamp": "2025-02-30 10:00"}, "timestamp", "'2025-02-30 10:00' is not a date in the calendar"),
            ({"timestamp": "1979-12-31T23:59:59Z"}, "timestamp", "is not a time between 1980 and 2100"),
            ({"timestamp": 0}, "timestamp", "0 is not a time between 1980 and 2100"),
            ({"timestamp": 17600328}, "timestamp", "17600328 is not a time between 1980 and 2100"),
            ({"timestamp": False}, "timestamp", "false is not a time"),
            (
                {"side": "long"},
                "side",
                "'long' is not a side; use one of buy, ask, compra, sell, bid, venta, unknown, or leave it empty",
            ),
            ({"side": 1}, "side", "1 is not a string"),
            ({"side": "A"}, "side", "'A' is not a side"),
            ({"side": None, "Lado": "B"}, "Lado", "'B' is not a side"),
            ({"bid": "x"}, "bid", "'x' is not a number"),
            ({"ask": False}, "ask", "false is not a number"),
            ({"id": -1}, "id", "-1 is not a trade id; send a whole number from 0, or 1 to 128 printable characters"),
            ({"id": 1.5}, "id", "1.5 is not a trade id"),
            ({"id": True}, "id", "true is not a trade id"),
            ({"id": "a b"}, "id", "'a b' is not a trade id"),
            (
                {"symbol": "N Q"},
                "symbol",
                "'N Q' is not a symbol; use 1 to 64 letters, digits and . _ - / : without spaces",
            ),
            ({"symbol": "A" * 65}, "symbol", "A…' is not a symbol"),
            ({"symbol": 5}, "symbol", "5 is not a string"),
        ],
    )
    def test_errors_give_row_field_and_expected_value(self, change: dict[str, Any], field: str, reason: str) -> None:
        (text,) = reasons([GOOD, {**GOOD, **change}, GOOD])
        assert text.startswith(f"row 1, {field}: ")
        assert reason in text

    def test_fields_are_named_as_sent(self) -> None:
        body = [{"Timestamp": "x", "Precio": "1.234,5", "Volumen": "-1", "Lado": "?", "Bid": "b", "Ask": []}]
        assert [text.partition(":")[0] for text in reasons(body)] == [
            "row 0, Timestamp",
            "row 0, Precio",
            "row 0, Volumen",
            "row 0, Lado",
            "row 0, Bid",
            "row 0, Ask",
        ]

    def test_a_missing_field(self) -> None:
        assert reasons([{"price": 1}]) == [
            "row 0, timestamp: is missing; every trade needs a time",
            "row 0, size: is missing; every trade needs a size",
        ]

    def test_rows_that_are_not_objects(self) -> None:
        assert reasons([GOOD, 5, [1], None, "x"]) == [
            "row 1: 5 is not a tick object",
            "row 2: an array is not a tick object",
            "row 3: null is not a tick object",
            "row 4: 'x' is not a tick object",
        ]

    def test_one_bad_row_does_not_affect_others(self) -> None:
        body = [{**GOOD, "id": k} for k in range(3000)]
        body[1234] = {**GOOD, "price": 0}
        parsed = post(body)
        assert (parsed.rows, parsed.ticks, parsed.rejected) == (3000, 2999, 1)
        assert [error.row for error in parsed.errors] == [1234]
        assert parsed.batches[0].id.tolist() == [k for k in range(3000) if k != 1234]

    def test_number_without_a_common_grid_is_an_error(self) -> None:
        body = [{**GOOD, "size": 0.00000001}, {**GOOD, "size": 100_000_001}]
        assert reasons(body) == [
            "row 1, size: 100000001 cannot be kept exactly with as many decimals as the other rows have"
        ]
        body[1]["symbol"] = "OTHER"
        assert reasons(body) == []


class TestBodies:
    @pytest.mark.parametrize(
        ("body", "kind", "message"),
        [
            (b"", "application/json", "the body is empty"),
            (b" \n", "", "the body is empty"),
            (b"{", "application/json", "the body is not JSON: "),
            (b"[1, 2", "application/json", "at line 1, column 6"),
            (b"5", "application/json", "the body is 5; send a JSON object or an array of objects"),
            (b'"x"', "application/json", "the body is 'x'; send"),
            (b"\xff{}", "application/json", "the body is not UTF-8"),
            (b"[" * 100_000, "application/json", "the body is nested too deeply"),
            (b"[" * 100_000 + b"]" * 100_000, "", "the body is nested too deeply"),
        ],
    )
    def test_undecodable(self, body: bytes, kind: str, message: str) -> None:
        for fast in (None, False, True):
            with pytest.raises(BadInput) as error:
                parse_body(body, kind, fast=fast)
            assert message in str(error.value)
            assert error.value.status == 400

    def test_ndjson_names_lines(self) -> None:
        line = json.dumps(GOOD)
        body = f'{line}\n\n{{"price": }}\r\n5\n{line}'.encode()
        parsed = post(body, "application/x-ndjson")
        assert (parsed.rows, parsed.ticks) == (4, 2)
        assert [str(error) for error in parsed.errors] == [
            "line 3: the line is not JSON: Expecting value at column 11",
            "line 4: 5 is not a tick object",
        ]

    def test_deep_lines_are_bad_rows(self) -> None:
        parsed = post(json.dumps(GOOD).encode() + b"\n" + b"[" * 100_000, "application/x-ndjson")
        assert [str(error) for error in parsed.errors] == ["line 2: the line is nested too deeply"]

    @pytest.mark.parametrize("kind", ["", "application/octet-stream", "text/plain; charset=utf-8"])
    def test_type_is_detected_from_the_text(self, kind: str) -> None:
        line = json.dumps(GOOD).encode()
        for body in (line, b"[" + line + b"]", line + b"\n" + line, b"\xef\xbb\xbf" + line, b"  \n" + line):
            assert set(ticks_of(post(body, kind))) == {TICK}
        csv = b"timestamp,price,size\n2025-10-09T18:00:00.032Z,25263.5,1\n"
        assert ticks_of(post(csv, kind)) == [TICK]

    def test_csv(self) -> None:
        header = b"Timestamp;Precio;Volumen;Lado\n"
        body = header + b"2025-10-09 18:00:00.032;25263,5;1;\n" + b"2025-10-09 18:00:00.032;x;1;\n"
        parsed = post(body, "text/csv", side="flag")
        assert ticks_of(parsed) == [TICK._replace(rule="none")]
        assert [str(error) for error in parsed.errors] == ["line 3, Precio: 'x' is not a number; write it like 25263.5"]
        assert post(header, "text/csv").rows == 0
        with pytest.raises(UnknownFormat, match="found columns a, b"):
            post(b"a,b\n1,2\n", "text/csv")

    def test_csv_with_a_lone_quote_and_carriage_returns_is_refused_row_by_row(self) -> None:
        body = b'time,price,size\n"2025-10-09\r 18:00,1,1\n' + b'"' + b"x" * 200_000 + b"\n1760032800,1,1\n"
        parsed = post(body, "text/csv")
        assert (parsed.ticks, [error.line for error in parsed.errors]) == (1, [2, 3])

    @pytest.mark.parametrize("options", [{"tz": "x"}, {"side": "x"}, {"default_symbol": ""}])
    def test_bad_options(self, options: dict[str, str]) -> None:
        with pytest.raises(BadInput):
            post(GOOD, **options)


class TestExactness:
    def test_numbers_keep_their_decimal_text(self) -> None:
        texts = ["0.1", "81.01", "25263.25", "1e-7", "0.00141342", "123456789012345", "9007199254740992", "1E3"]
        body = "[" + ",".join(f'{{"timestamp": 1760032800, "price": {text}, "size": "{text}"}}' for text in texts) + "]"
        for text in texts:
            one = body.replace(body, f'[{{"timestamp": 1760032800, "price": {text}, "size": "{text}"}}]').encode()
            for fast in (False, True):
                (found,) = ticks_of(post(one, fast=fast))
                assert found.price == found.size == tick("", text, text, "", "").price

    @pytest.mark.parametrize(
        "text",
        ["0.3000000000000000001", "25263.500000000001", "12345678901234567e-16", "1e-400", "1.0000000000000000000001"],
    )
    def test_numbers_that_float64_would_round_are_refused(self, text: str) -> None:
        body = f'[{{"timestamp": 1760032800, "price": 1.5, "size": {text}}}]'.encode()
        assert len(reasons(body)) == 1
        assert len(reasons(body.replace(text.encode(), f'"{text}"'.encode()))) == 1

    @pytest.mark.parametrize(
        ("text", "misleading"),
        [
            (b'{"a": 1.5, "b": 0.12345678, "c": 12345678.1234567}', False),
            (b'{"t": 1760032800032000000, "id": "8e1b7e-412a-9"}', False),
            (b'{"id": "12345678-1e-412a-9e-4000"}', False),
            (b'{"a": 1e-5, "b": 1.25E-10}', False),
            (b'{"a": 0.1234567890123456}', True),
            (b'{"a": 123456789.1234567}', True),
            (b'{"a": 1234567890123456e-3}', True),
            (b'{"a": 1e-400}', True),
            (b"1.2", False),
        ],
    )
    def test_numbers_that_may_lose_precision_are_detected(self, text: bytes, misleading: bool) -> None:
        assert may_lose_precision(text) is misleading


PIECES = st.sampled_from(
    [
        *(b"time,price,size\n", b"1760032800,1,1\n", b"51175358,17.8,5.69,101.2,1583709433583,True,True\n", b"sep=;\n"),
        *(
            json.dumps(GOOD).encode(),
            b'{"timestamp": 1760032800, "price": 1, "size": 1}',
            b'"price":',
            b"2025-10-09 18:00:00",
        ),
        *(b'"', b"\n", b"\r", b";", b",", b"\t", b"[", b"]", b"{", b"}", b"1e9", b"nan", b"9" * 400),
        *(b"\xef\xbb\xbf", b"\x00", b"\xff"),
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    body=st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=12).map(b"".join)),
    kind=st.sampled_from(["", "application/json", "application/x-ndjson", "text/csv"]),
)
@example(b"time,price,size\n\xef\xbb\xbf1760032800,1,1\n", "text/csv")
@example(b"time,price,size\n\xef\xbb\xbf400000000,1,1\n", "")
@example(b"\xef\xbb\xbf\xef\xbb\xbf1760032800,1,1\n", "text/csv")
@example(b'time,price,size,symbol\n1760032800,1,1,"ES\n', "text/csv")
@example(b"time,price,size\n" + b"0" * 70 + b"1760032800,1,1\n", "text/csv")
def test_any_body_gives_ticks_errors_or_bad_input(body: bytes, kind: str) -> None:
    found = []
    for fast in (True, False):
        try:
            parsed = parse_body(body, kind, fast=fast)
        except BadInput as error:
            found.append(str(error))
            continue
        assert parsed.rows >= parsed.rejected
        assert {row for origin in parsed.origins for row in origin.tolist()} | {
            error.row for error in parsed.errors
        } == set(range(parsed.rows))
        found.append(repr((ticks_of(parsed), parsed.errors)))
    assert found[0] == found[1]
