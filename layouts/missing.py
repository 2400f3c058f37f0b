"""The page that says that there is no page at an address, as the text of one HTML document.

It needs no script: whoever mistyped an address reads it at once, and it costs the server next to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from layouts.document import page_title
from layouts.shell import Link

TITLE = "There is no such page"

DOCUMENT = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<title>{title}</title>
<link rel="icon" type="image/svg+xml" href="/assets/icon.svg">
<link rel="stylesheet" href="{style}">
</head>
<body>
<main class="of-missing">
<h1>{heading}</h1>
<p>The address may be mistyped. These pages are here:</p>
<ul>
{links}
</ul>
<p>The addresses for programs are listed at <a href="/docs">/docs</a>.</p>
</main>
</body>
</html>
"""


def missing_page(links: Sequence[Link], style: str) -> str:
    """The whole document. links: the pages that there are. style: the address of the style sheet."""
    rows = [f'<li><a href="{escape(link.path)}">{escape(link.name)}</a></li>' for link in links]
    return DOCUMENT.format(title=page_title(TITLE), heading=TITLE, style=escape(style), links="\n".join(rows))
