"""The checksums of lines: whatever byte is damaged, at most its own line is lost, and it is reported."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderflow.storage import lines
from orderflow.storage.lines import LogText, complete, read_lines, read_log, seal

TEXT = st.dictionaries(st.text(max_size=4), st.text(max_size=6), max_size=3).map(
    lambda given: json.dumps(given, ensure_ascii=False).encode()
)


def texts_of(data: bytes) -> list[bytes]:
    return [line.text for line in read_lines(io.BytesIO(data)) if line.text is not None]


@given(st.lists(TEXT, min_size=1, max_size=6), st.data())
def test_a_damaged_byte_costs_at_most_its_line_and_is_reported(texts: list[bytes], data: st.DataObject) -> None:
    whole = seal(b"".join(text + b"\n" for text in texts))
    assert read_log(io.BytesIO(whole)) == LogText(b"".join(text + b"\n" for text in texts), len(texts))
    at = data.draw(st.integers(0, len(whole) - 1))
    change = data.draw(st.integers(1, 255))
    damaged = whole[:at] + bytes([whole[at] ^ change]) + whole[at + 1 :]
    number = whole.count(b"\n", 0, at)
    found = texts_of(damaged)
    assert found in (texts, texts[:number] + texts[number + 1 :])
    report = read_log(io.BytesIO(damaged))
    assert report.damaged + report.mended
    assert report.lines in (number, len(texts))
    assert report.lines + report.beyond == len(found)


@given(st.lists(TEXT, min_size=1, max_size=5), st.data())
def test_a_cut_anywhere_costs_only_the_line_that_is_cut(texts: list[bytes], data: st.DataObject) -> None:
    whole = seal(b"".join(text + b"\n" for text in texts))
    cut = whole[: data.draw(st.integers(0, len(whole)))]
    number = cut.count(b"\n")
    report = read_log(io.BytesIO(cut))
    tail = cut[cut.rfind(b"\n") + 1 :]
    ended = tail and seal(tail.rpartition(b"\t")[0] + b"\n")[:-1] == tail
    assert report.lines == number + bool(ended)
    assert (report.damaged, report.beyond) == (0, 0)
    assert report.torn == (0 if ended else len(tail))
    assert complete(tail) == (len(tail) if ended else 0)


def test_lines_of_an_earlier_version_are_read() -> None:
    old = b'{"n":0,"e":"session"}\n{"n":1,"e":"join"}\n'
    assert read_log(io.BytesIO(old)) == LogText(old, 2)
    both = old + seal(b'{"n":2}\n')
    assert read_log(io.BytesIO(both)) == LogText(old + b'{"n":2}\n', 3)
    report = read_log(io.BytesIO(both.replace(b'"e":"join"', b'"e:"join"')))
    assert (report.lines, report.damaged, report.beyond) == (1, 1, 1)
    assert read_log(io.BytesIO(old + b'{"n":2')) == LogText(old, 2, torn=6)


def test_what_never_ends_is_one_damaged_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LONGEST", 1000)
    data = seal(b"one\n") + b"\0" * 5000 + b"\n" + seal(b"two\n")
    report = read_log(io.BytesIO(data))
    assert report == LogText(b"one\n", 1, b"two\n", beyond=1, damaged=1)
    assert read_log(io.BytesIO(seal(b"one\n") + b"\0" * 5000)) == LogText(b"one\n", 1, damaged=1)
    assert not report.whole


def test_deeply_nested_junk_is_damaged() -> None:
    assert not read_log(io.BytesIO(b'{"a":' * 100_000 + b"\n")).whole
