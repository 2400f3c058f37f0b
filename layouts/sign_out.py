"""The page to sign out, as the text of one HTML document without a framework.

It has one form, which works without a script. Its words say what this browser may do: with the key, as the audience, or
where no key is needed.
"""

from __future__ import annotations

from layouts.shell import Link

SIGNED_IN = """<h1>Sign out</h1>
<p>This browser holds the key: it can change everything. After signing out it is the audience again: it sees the pages,
and changes nothing.</p>
<form method="post" action="/sign-out"><button class="of-sign-out" autofocus>Sign out</button></form>
<p class="of-quiet">Other browsers that hold the key keep it. <code>orderflow key rotate</code> makes a new key and ends
all of them at once.</p>"""
AUDIENCE = """<div role="status"><h1>You are the audience</h1>
<p>This browser is signed out: it sees the pages, and changes nothing.</p></div>
<p class="of-quiet">To sign in again, open the address with the key that the server printed at its start.</p>"""
OPEN = """<h1>No key is needed</h1>
<p>Only this machine reaches the server, so everybody who opens its pages can change everything.</p>"""

WORDS = {"signed in": SIGNED_IN, "audience": AUDIENCE, "no key": OPEN}
"""By what the browser is."""

DOCUMENT = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<title>Sign out · Orderflow</title>
<link rel="icon" type="image/svg+xml" href="/assets/icon.svg">
<link rel="stylesheet" href="{style}">
<script src="{script}"></script>
</head>
<body>
<main class="of-missing">
{words}
<ul>{links}</ul>
</main>
</body>
</html>
"""


def sign_out_page(words: str, links: list[Link], *, style: str, script: str) -> str:
    """The document. words: one of `WORDS`. style, script: addresses."""
    items = "".join(f'<li><a href="{link.path}">{link.name}</a></li>' for link in links)
    return DOCUMENT.format(style=style, script=script, words=words, links=items)
