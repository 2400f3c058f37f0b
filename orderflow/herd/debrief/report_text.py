"""Sentences for the talk from a report: every number with its uncertainty, every claim with its test.

From the report's dict to [{"title", "text"}]. Numbers are rounded for reading aloud.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

SURE, LIKELY = 0.01, 0.05
VISIBLE = 0.25
"""A game that would not show a difference as large as this cannot say that there is none."""


def sentences(report: Json) -> list[Json]:
    """One entry per question of the talk, in order."""
    return [
        {"title": title, "text": text}
        for title, text in (
            ("Did the crowd herd?", herding(report)),
            ("Did people repeat themselves?", memory(report)),
            ("Was there a bubble?", bubble(report)),
            ("Who won?", wealth(report)),
            ("Does seeing the crowd make people follow it?", experiment(report)),
        )
    ]


def p_text(p: float | None) -> str:
    """ "p < 0.001", "p = 0.03" """
    if p is None:
        return ""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.0995 else f"p = {p:.2f}"


def percent(value: float, *, signed: bool = False) -> str:
    """ "12%", "+3.4%" """
    shown = value * 100
    text = f"{shown:+.1f}" if signed else f"{shown:.1f}"
    if abs(shown) >= 10 or text.endswith(".0"):
        text = f"{shown:+.0f}" if signed else f"{shown:.0f}"
    return f"{text.replace('-', '−')}%"


def points(value: float) -> str:
    """A share as points of percent with a sign: "+3.4", "−12" """
    shown = value * 100
    return (f"{shown:+.0f}" if abs(shown) >= 9.95 else f"{shown:+.1f}").replace("-", "−")


def clock(seconds: float) -> str:
    """ "2:05" """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def herding(report: Json) -> str:
    """The verdict on herding: the test for following, its uncertainty, what it could not have seen, and the news."""
    found = report["herding"]["following"]
    if found["value"] is None:
        return f"Not enough data: the test {found['needs']}.{_news(found['news'])}"
    least = f"{found['least'] * 100:.0f} points"
    if found["p"] < LIKELY:
        more, low, high = (points(value) for value in (found["value"], *found["interval"]))
        sure = "Yes" if found["p"] < SURE else "There are signs of it"
        return (
            f"{sure}: when the others had just bought, people bought more often than when they had just sold, by "
            f"{more.removeprefix('+')} points beyond their own leaning (95% interval {low} to {high}, "
            f"{p_text(found['p'])}). The test does not tell following from all hearing the same thing."
            f"{_news(found['news'])}"
        )
    if found["least"] > VISIBLE:
        return (
            f"This game cannot tell ({p_text(found['p'])}): the crowd changed its direction too seldom, or too few "
            f"people bought and sold, to see a difference of less than {least}.{_news(found['news'])}"
        )
    return (
        f"No sign of it: when the others had just bought, people bought no more often than their own leaning explains "
        f"({p_text(found['p'])}). A difference of {least} would probably have been seen.{_news(found['news'])}"
    )


def _news(part: Json) -> str:
    """The sentence about the orders after news; empty if there were none."""
    if not part["orders"]:
        return ""
    return (
        f" News moves everybody without anybody following, so the {part['orders']:,} orders in the "
        f"{part['seconds']:g} seconds after it are not part of this ({percent(part['bought'])} of them were buys)."
    )


def memory(report: Json) -> str:
    """Whether people repeated their own orders more than their leaning explains: own part beside the random games."""
    own = report["memory"]["own"]
    if own["value"] is None:
        return f"Not enough data: this {own['needs']}."
    beside = own["baseline"]
    if beside is None:
        return "Unknown without the random games, in which everybody keeps their own leaning but decides by chance."
    games, ends = report["baseline"]["games"], f"{beside['low']:.3f} to {beside['high']:.3f}"
    facts = f"{own['value']:.3f}; {games} random games gave {ends}".replace("-", "−")
    if own["value"] > beside["high"]:
        return f"Yes: a buy was followed by a buy of the same person more often than their leaning explains ({facts})."
    if own["value"] < beside["low"]:
        return (
            f"No, they alternated: a buy was followed by a sell of the same person more often than by chance ({facts})."
        )
    return f"No more than their leaning explains ({facts})."


def bubble(report: Json) -> str:
    """Peak and fall, and the deviation from the fundamental value if there was one."""
    part, price = report["bubble"], report["price"]
    if part["peak"] is None:
        return "Nothing was traded."
    top = part["peak"]
    text = f"The price began at {price['start']:.2f}"
    if part["rise"]["value"] > 0.005:
        rose, fell = percent(part["rise"]["value"], signed=True), percent(-part["fall"]["value"], signed=True)
        text += f", peaked at {top['price']:.2f} ({rose}) after {clock(top['seconds'])}"
        text += f", then fell as low as {top['low']:.2f} ({fell})" if part["fall"]["value"] > 0.005 else ""
    else:
        text += f", was never much above that, fell as low as {price['low']:.2f}"
    text += f" and ended at {price['last']:.2f}."
    away, side = part["rad"], part["rd"]
    if away["value"] is None:
        return f"{text} The deviation from the value is unknown: this {away['needs']}."
    above = "above" if side["value"] > 0 else "below"
    against = ""
    if away["baseline"] is not None:
        against = f" (random traders: {percent(away['baseline']['low'])} to {percent(away['baseline']['high'])})"
    return (
        f"{text} It was {percent(away['value'])} away from the value on average{against}, "
        f"on balance {percent(abs(side['value']))} {above} it."
    )


def wealth(report: Json) -> str:
    """Winners and losers, and the Gini coefficient."""
    part = report["wealth"]
    gini = part["gini"]
    if gini["value"] is None:
        return f"Not enough data: this {gini['needs']}."
    even = part["people"] - part["winners"] - part["losers"]
    text = f"{part['winners']} of {part['people']} gained since they joined, {part['losers']} lost"
    text += f", {even} did neither" if even else ""
    if part["top_tenth"] is not None:
        text += f". The richest tenth holds {percent(part['top_tenth'])} of all wealth"
    beside = gini["baseline"]
    against = f"; random traders: {beside['low']:.3f} to {beside['high']:.3f}" if beside is not None else ""
    return f"{text} (Gini {gini['value']:.3f}{against})."


def experiment(report: Json) -> str:
    """The effect of seeing the crowd, with its uncertainty."""
    part = report["experiment"]
    if part["value"] is None:
        return f"Unknown from this game: this {part['needs']}."
    low, high = part["interval"]
    points = f"{part['value'] * 100:+.0f} points, 95% interval {low * 100:+.0f} to {high * 100:+.0f}".replace("-", "−")
    see, blind = percent(part["see"]), percent(part["blind"])
    facts = f"those who saw the crowd went with it in {see} of their orders, those who did not in {blind} ({points}"
    facts += f", {p_text(part['p'])})"
    if part["p"] < LIKELY and part["value"] > 0:
        return f"Yes: {facts}. Participants were assigned at random, so seeing is the cause."
    if part["p"] < LIKELY:
        return f"It made them go against it: {facts}."
    return f"This game does not show it: {facts}. An effect inside that interval is still possible."
