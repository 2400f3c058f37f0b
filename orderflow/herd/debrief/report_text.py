"""Sentences for the talk from a report: every number with its uncertainty, every claim with its test.

From the report's dict to [{"title", "text"}]. Numbers are rounded for reading aloud.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

SURE, LIKELY = 0.01, 0.05


def sentences(report: Json) -> list[Json]:
    """One entry per question of the talk, in order."""
    return [
        {"title": title, "text": text}
        for title, text in (
            ("Did the crowd herd?", herding(report)),
            ("Who followed whom?", memory(report)),
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


def clock(seconds: float) -> str:
    """ "2:05" """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def herding(report: Json) -> str:
    """Result of the overdispersion test, and its limits."""
    found = report["herding"]["overdispersion"]
    if found["value"] is None:
        return f"Not enough data: the test {found['needs']}."
    ratio, p, beside = found["value"], found["p_shuffled"], found["baseline"]
    outside = beside is None or ratio > beside["high"]
    if p < SURE and ratio > 1 and outside:
        verdict = f"Yes. Buyers and sellers came in waves: {ratio:.1f} times as uneven as independent choices would be"
    elif p < LIKELY and ratio > 1:
        verdict = f"There are signs of it: buying was {ratio:.1f} times as uneven as independent choices would be"
    else:
        return (
            f"No sign of it: buying and selling were spread as evenly as independent choices would spread them "
            f"({ratio:.1f} times, {p_text(p)})."
        )
    against = ""
    if beside is not None:
        games = report["baseline"]["games"]
        against = f"; {games} random games gave {beside['low']:.1f} to {beside['high']:.1f}"
    news = " News that everybody hears has the same effect, and there was some." if report["news"] else ""
    return f"{verdict} ({p_text(p)}{against}). The test shows that people acted alike, not why.{news}"


def memory(report: Json) -> str:
    """Own and others' part of the autocorrelation of order signs."""
    found = report["memory"]
    if found["own"]["value"] is None:
        return f"Not enough data: this {found['own']['needs']}."
    own, others = (_beyond(found, name) for name in ("own", "others"))
    if own and others:
        weighed = "others weighed more" if found["others"]["value"] > found["own"]["value"] else "habit weighed more"
        return f"Both: people repeated themselves, and they repeated what others had just done; {weighed}."
    if own:
        return "People repeated themselves, but not, beyond chance, what others had just done."
    if others:
        return "People repeated what others had just done, more than they repeated themselves."
    return "Nobody, beyond chance: people repeated neither themselves nor what others had just done."


def _beyond(found: Json, name: str) -> bool:
    """True if a part exceeds all random games, or without them its band."""
    entry = found[name]
    if entry["baseline"] is not None:
        return bool(entry["value"] > entry["baseline"]["high"])
    return bool(entry["value"] > _band(found, name))


def _band(found: Json, name: str) -> float:
    """The mean band over the near lags; the means of several lags stay inside it."""
    near = sum(lag <= found["near"] for lag in found["lags"])
    band = found["curves"][f"{name}_band"][:near]
    return float(sum(band) / max(1, len(band)))


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
    text = f"{part['winners']} of {part['people']} ended with more than they began with, {part['losers']} with less"
    text += f", {even} as they began" if even else ""
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
