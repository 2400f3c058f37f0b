"""QR codes as the dark modules that a scanner would see, without the quiet zone: of a URL, a picture, printed lines."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import segno

from orderflow.web.herd.join_link import BLOCKS, QUIET

Modules = set[tuple[int, int]]
"""(row, column) of each dark module."""


def modules_of(url: str) -> Modules:
    """The code of a URL, by segno alone. Error correction M, as a damaged or dirty code should still be read."""
    matrix = segno.make_qr(url, error="m", boost_error=False).matrix
    return {(y, x) for y, row in enumerate(matrix) for x, dark in enumerate(row) if dark}


def modules_of_svg(svg: bytes | str) -> Modules:
    """The code in a picture."""
    root = ElementTree.fromstring(svg)
    path = next(node for node in root.iter() if "stroke" in node.attrib)
    found, x, y = set(), 0.0, 0.0
    for command, text in re.findall(r"([Mmh])([-\d. ]*)", path.attrib["d"]):
        numbers = [float(part) for part in re.findall(r"-?\d*\.?\d+", text)]
        if command == "M":
            x, y = numbers
        elif command == "m":
            x, y = x + numbers[0], y + numbers[1]
        else:
            found |= {(int(y) - QUIET, int(x) + i - QUIET) for i in range(int(numbers[0]))}
            x += numbers[0]
    return found


def modules_of_lines(lines: list[str]) -> Modules:
    """The code in lines of a terminal with light text on a dark ground: what is not printed is dark."""
    halves = {character: pair for pair, character in BLOCKS.items()}
    rows = [[halves[c][half] for c in line] for line in lines for half in (0, 1)]
    side = len(rows[0]) - 2 * QUIET
    inside = [row[QUIET : QUIET + side] for row in rows[QUIET : QUIET + side]]
    edge = sum(map(sum, rows)) - sum(map(sum, inside))
    assert edge == 0, "the quiet zone is not light"
    return {(y, x) for y, row in enumerate(inside) for x, dark in enumerate(row) if dark}


def url_of_svg(svg: str) -> str:
    """The URL that a picture names as its title, once it is certain that the code is that URL's."""
    url = str(next(node.text for node in ElementTree.fromstring(svg).iter() if node.tag.endswith("title")))
    assert modules_of_svg(svg) == modules_of(url), url
    return url
