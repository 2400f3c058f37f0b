"""The phone's page of the herd game, as the text of one HTML document.

No framework and no components: a phone on a slow network gets markup, style and one script, and can read the page
before the script is there. All that moves is done by `assets/play`; the ids and `data-` names here are what it binds
to. The page is the same for everybody, so that it can be kept compressed: who is who is told by the cookie.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

STEPS = (1, 5, 10, 25)
"""Quantities to choose from, beside "as many as possible"."""
NICKNAME = 20
"""Characters that the field for the nickname takes."""

ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E"
    "%3Crect width='32' height='32' rx='7' fill='%230c1017'/%3E"
    "%3Cpath d='M5 21l6-6 5 4 10-10' fill='none' stroke='%233d9bff' stroke-width='3.5' stroke-linecap='round' "
    "stroke-linejoin='round'/%3E%3Cpath d='M19 8h8v8z' fill='%233d9bff'/%3E%3C/svg%3E"
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a participant begins with and may do. cash: in units of the currency; short: shares one may owe.

    impact: by which part the price rises a share bought; the page estimates what an order will cost with it.
    """

    cash: float = 5000.0
    shares: int = 50
    short: int = 0
    max_quantity: int = 100
    impact: float = 0.001


def play_page(terms: Terms, *, style: str, script: str) -> str:
    """The whole document. style: the text of the style sheet, which saves a round trip; script: an address."""
    if "</" in style:
        raise ValueError("a style sheet inside the page cannot have an end tag")
    return DOCUMENT.format(
        style=style.strip(),
        script=escape(script, quote=True),
        icon=ICON,
        steps=_steps(terms.max_quantity),
        nickname=NICKNAME,
        cash=_number(terms.cash),
        owned=_shares(terms.shares),
        short=terms.short,
        most=terms.max_quantity,
        impact=repr(float(terms.impact)),
    )


def _steps(most: int) -> str:
    """One radio button a quantity, and one for as many as possible."""
    choices = [(str(step), f"{step}") for step in STEPS if step <= most]
    return "\n".join(
        f'<label><input type="radio" name="quantity" value="{value}"{" checked" if i == 0 else ""}>'
        f"<span>{words}</span></label>"
        for i, (value, words) in enumerate([*choices, ("max", "Max")])
    )


def _number(value: float) -> str:
    """5000.0 is "5,000", 12.5 is "12.50"."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def _shares(count: int) -> str:
    return "no shares" if count == 0 else "1 share" if count == 1 else f"{count:,} shares"


DOCUMENT = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Herd market</title>
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<script defer src="{script}"></script>
<meta name="description" content="One price, moved by everybody in the room.">
<meta name="color-scheme" content="dark light">
<meta name="theme-color" media="(prefers-color-scheme: dark)" content="#0c1017">
<meta name="theme-color" media="(prefers-color-scheme: light)" content="#ffffff">
<meta name="format-detection" content="telephone=no">
<link rel="icon" type="image/svg+xml" href="{icon}">
<style>
{style}
</style>
</head>
<body data-max-order="{most}" data-short="{short}" data-impact="{impact}">
<header>
<h1>Herd market</h1>
<p id="who"></p>
<p id="phase"><span class="dot" aria-hidden="true"></span><span id="phase-text">Connecting</span></p>
</header>
<noscript><p class="note">This game needs JavaScript, which is switched off in this browser.
Please switch it on, or use another browser.</p></noscript>
<main>
<section id="market" aria-labelledby="price-name">
<p id="offline" class="note bad" hidden><span id="offline-text">No connection. Your portfolio is safe.</span>
<button id="retry" type="button">Try now</button></p>
<p id="unsaved" class="note bad" role="alert" hidden>The game cannot be stored just now, so nobody can trade.
Nothing is lost; it goes on when the disk is well.</p>
<p id="news" class="note news" hidden><strong>News</strong> <span id="news-text"></span></p>
<div class="quote">
<h2 id="price-name">Price</h2>
<p class="price"><span id="price">–</span><span id="arrow" aria-hidden="true"></span></p>
<p class="change"><span id="change"></span> <small>since the start</small></p>
</div>
<div class="plot"><canvas id="line" role="img" aria-label="Price line"></canvas></div>
<div id="meter" hidden>
<div class="bar" aria-hidden="true"><span id="meter-bar"></span></div>
<p><span id="meter-buy">Buyers</span><span id="meter-sell">Sellers</span></p>
</div>
</section>
<form id="join" class="panel">
<h2>Join the market</h2>
<p id="join-why">You start with {cash} in cash and {owned}. When people buy, the price goes up; when they sell, it goes
down. End with more than you started with.</p>
<label for="nickname">Nickname, if you like</label>
<input id="nickname" name="nickname" maxlength="{nickname}" autocomplete="nickname" autocapitalize="words"
 spellcheck="false" enterkeyhint="go">
<div id="code-row" hidden>
<label for="code">Code on the big screen</label>
<input id="code" name="code" maxlength="12" autocomplete="off" autocapitalize="characters" spellcheck="false">
</div>
<p id="join-error" class="error" role="alert"></p>
<button id="join-button" class="big">Join</button>
</form>
<section id="trade" aria-label="Your portfolio" hidden>
<dl>
<div><dt>Wealth</dt><dd id="wealth">–</dd></div>
<div><dt>Profit</dt><dd id="profit">–</dd></div>
<div><dt>Rank</dt><dd id="rank">–</dd></div>
<div><dt>Cash</dt><dd id="cash">–</dd></div>
<div><dt>Shares</dt><dd id="shares">–</dd></div>
<div><dt id="last-name">Last trade</dt><dd id="last">–</dd></div>
</dl>
</section>
<section id="deck" aria-label="Buy and sell" hidden>
<p id="word" role="status"></p>
<fieldset class="steps"><legend class="aside">How many shares</legend>
{steps}
</fieldset>
<div class="pair">
<button id="sell" class="big" type="button" aria-keyshortcuts="s"><span class="act"><span aria-hidden="true">▼</span>
<span id="sell-act">Sell</span></span><span id="sell-cost" class="cost" aria-hidden="true"></span></button>
<button id="buy" class="big" type="button" aria-keyshortcuts="b"><span class="act"><span aria-hidden="true">▲</span>
<span id="buy-act">Buy</span></span><span id="buy-cost" class="cost" aria-hidden="true"></span></button>
</div>
</section>
<section id="result" class="panel" tabindex="-1" aria-labelledby="result-name" hidden>
<h2 id="result-name">The game is over</h2>
<p id="result-rank"></p>
<dl>
<div><dt>Profit</dt><dd id="result-profit">–</dd></div>
<div><dt>Wealth</dt><dd id="result-wealth">–</dd></div>
</dl>
<p>Thank you for playing. Look at the big screen.</p>
</section>
</main>
<p id="said" class="aside" role="status"></p>
</body>
</html>
"""
"""The document, with the places that `play_page` fills in braces."""
