"""What a file may say about the looks of a signal: allow-lists of colours and icons, and bounds of texts."""

from __future__ import annotations

import re

from orderflow.formats.parsing.parse_errors import ParseError, shown

ICONS = ("arrow", "arrow-up", "arrow-down", "triangle", "circle", "square", "diamond", "flag", "star", "cross")
MAX_LABEL = 100
MAX_TYPE = 40
_NAMES = (
    "aliceblue antiquewhite aqua aquamarine azure beige bisque black blanchedalmond blue blueviolet brown burlywood "
    "cadetblue chartreuse chocolate coral cornflowerblue cornsilk crimson cyan darkblue darkcyan darkgoldenrod "
    "darkgray darkgreen darkgrey darkkhaki darkmagenta darkolivegreen darkorange darkorchid darkred darksalmon "
    "darkseagreen darkslateblue darkslategray darkslategrey darkturquoise darkviolet deeppink deepskyblue dimgray "
    "dimgrey dodgerblue firebrick floralwhite forestgreen fuchsia gainsboro ghostwhite gold goldenrod gray green "
    "greenyellow grey honeydew hotpink indianred indigo ivory khaki lavender lavenderblush lawngreen lemonchiffon "
    "lightblue lightcoral lightcyan lightgoldenrodyellow lightgray lightgreen lightgrey lightpink lightsalmon "
    "lightseagreen lightskyblue lightslategray lightslategrey lightsteelblue lightyellow lime limegreen linen magenta "
    "maroon mediumaquamarine mediumblue mediumorchid mediumpurple mediumseagreen mediumslateblue mediumspringgreen "
    "mediumturquoise mediumvioletred midnightblue mintcream mistyrose moccasin navajowhite navy oldlace olive "
    "olivedrab orange orangered orchid palegoldenrod palegreen paleturquoise palevioletred papayawhip peachpuff peru "
    "pink plum powderblue purple rebeccapurple red rosybrown royalblue saddlebrown salmon sandybrown seagreen "
    "seashell sienna silver skyblue slateblue slategray slategrey snow springgreen steelblue tan teal thistle tomato "
    "turquoise violet wheat white whitesmoke yellow yellowgreen "
)
COLOURS = frozenset(_NAMES.split())
"""CSS's names."""
_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", re.ASCII)


def colour(text: str) -> str:
    """A colour in lower case: a CSS name, #rgb or #rrggbb; "" for none. Raises ParseError."""
    found = text.strip().lower()
    if found and found not in COLOURS and not _HEX.fullmatch(found):
        raise ParseError(f"{shown(text)} is not a colour; use a CSS name, #rgb or #rrggbb")
    return found


def icon(text: str) -> str:
    """The name of an icon; "" for none. Raises ParseError."""
    found = text.strip().lower().replace("_", "-").replace(" ", "-")
    if found and found not in ICONS:
        raise ParseError(f"{shown(text)} is not an icon; use one of {', '.join(ICONS)}")
    return found


def label(text: str) -> str:
    """A label without blanks around it. Raises ParseError if it is too long or has characters that cannot be seen."""
    return _visible(text.strip(), MAX_LABEL)


def type_word(text: str) -> str:
    """A signal's own type. Raises ParseError as `label`."""
    return _visible(text.strip(), MAX_TYPE)


def _visible(text: str, longest: int) -> str:
    if len(text) > longest:
        raise ParseError(f"{shown(text)} has {len(text):,} characters; the most is {longest}")
    if "\ufffd" in text:
        raise ParseError(f"{shown(text)} cannot be decoded; choose the encoding")
    if not text.isprintable():
        raise ParseError(f"{shown(text)} has control characters")
    return text
