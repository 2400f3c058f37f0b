"""The report of a debrief as one JSON-ready dict: measures with their uncertainty, the baseline, and sentences.

A measure is {"value", "interval": [low, high] | null, "p": float | null, "baseline": {"low", "median", "high", "p"} |
null}. With too little data it is {"value": null, "needs": "…"}, which says what is missing. Money is in currency, times
are ms since 1970 UTC.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from orderflow.arrays import Flags, Ints
from orderflow.herd.debrief import report_text, statistics
from orderflow.herd.debrief.baseline import Baseline
from orderflow.herd.debrief.bubbles import MIN_PERIODS, peak, periods, rad, rd
from orderflow.herd.debrief.choices import BLOCK_SECONDS, NEWS_SECONDS, after_news
from orderflow.herd.debrief.columns import FILLED, REJECTED, Record
from orderflow.herd.debrief.experiment import CROWD_SECONDS, MIN_GROUP, MIN_ORDERS, groups, permutation_effect
from orderflow.herd.debrief.following import MIN_MIXED, following
from orderflow.herd.debrief.measures import LAGS, NEAR, counted_members, counted_orders
from orderflow.herd.debrief.statistics import MIN_ACTIVE, MIN_WINDOWS, WINDOW_SECONDS, Windows
from orderflow.herd.rules.money import MICRO

MS = 1_000_000
POINTS = 1_500
"""Points of the price line at most."""
MIN_SIGNS = 100
LEADERS = 10
MIN_PEOPLE = 3
TWO_SIDED = ("imbalance", "rd")
"""Measures with two tails: the share of random games with at least that value is not a p-value for them."""

Json = dict[str, Any]


def build_report(record: Record, base: Baseline | None = None, why_no_base: str = "") -> Json:
    """The report of a session. Takes up to a few seconds.

    base: the random baseline; None without one, for the reason `why_no_base`.
    """
    who, here = counted_orders(record), counted_members(record)
    orders = record.orders
    people = sum(member.bot is None for member in record.members)
    report: Json = {
        "session": record.session,
        "state": "ended" if record.ended else "running",
        "started": record.started // MS,
        "seconds": round((record.last - record.started) / 1e9, 1),
        "people": people,
        "bots": len(record.members) - people,
        "about": "people" if people or not len(record.members) else "bots",
        "traded": len(np.unique(orders.who[who & (orders.status == FILLED)])),
        "orders": int(who.sum()),
        "filled": int((who & (orders.status == FILLED)).sum()),
        "rejected": int((who & (orders.status == REJECTED)).sum()),
        "volume": int(np.abs(orders.shares).sum()),
        "taken_back": record.taken_back,
        "news": sum(kind == "news" for kind, _, _ in record.steps),
        "price": _price(record),
        "baseline": {"games": base.games} if base is not None else {"games": 0, "needs": why_no_base},
    }
    report["herding"] = {"following": _following(record)} | _herding(record, base)
    report["bubble"] = _bubble(record, base)
    report["memory"] = _memory(record, base)
    report["flow"] = _flow(record, base)
    report["wealth"] = _wealth(record, here, base)
    report["experiment"] = _experiment(record)
    report["talk"] = report_text.sentences(report)
    return report


def _measure(
    value: float,
    base: Baseline | None,
    name: str,
    *,
    interval: tuple[float, float] | None = None,
    p: float | None = None,
) -> Json:
    band = base.band(name) if base is not None else None
    beside: Json | None = None
    if base is not None and band is not None:
        low, middle, high = band
        beside = {"low": low, "median": middle, "high": high, "p": None}
        if name not in TWO_SIDED:
            beside["p"] = base.p_value(name, value)
    return {"value": value, "interval": list(interval) if interval else None, "p": p, "baseline": beside}


def _needs(what: str) -> Json:
    return {"value": None, "needs": what}


def _price(record: Record) -> Json:
    """The price line thinned to lows and highs, the steps of the fundamental value, and the captions."""
    time, price = record.path_time, record.path_price
    keep = np.arange(len(time))
    if len(time) > POINTS:
        edges = np.linspace(0, len(time), POINTS // 2 + 1).astype(int)
        spans = list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
        picked = {low + int(at(price[low:high])) for low, high in spans for at in (np.argmin, np.argmax)}
        keep = np.array(sorted(picked | {0, len(time) - 1}))
    value: list[list[float | None]] = []
    for part in record.rounds:
        end = record.last if part.end is None else part.end
        value += [[part.begin // MS, part.fundamental], [end // MS, part.fundamental], [end // MS, None]]
    return {
        "start": record.start_price,
        "last": record.price,
        "high": float(price.max()),
        "low": float(price.min()),
        "path": [[int(time[i]) // MS, round(float(price[i]), 4)] for i in keep],
        "value": value if any(part.fundamental is not None for part in record.rounds) else [],
        "captions": [[at // MS, kind, words] for at, kind, words in record.captions],
    }


def _following(record: Record) -> Json:
    """The test for herding: the estimate with its interval and p-value; least: the value that 80% of such games would
    show; and the orders after news, which take no part in it."""
    who, inside = counted_orders(record), after_news(record)
    after = who & inside
    news: Json = {
        "seconds": NEWS_SECONDS,
        "orders": int(after.sum()),
        "bought": float((record.orders.sign[after] > 0).mean()) if after.any() else None,
    }
    found = following(record, who & ~inside)
    if found is None:
        lacking = _needs(
            f"needs a crowd that changes its direction, and people who do both: at least {MIN_MIXED} times somebody "
            f"who buys and sells within {BLOCK_SECONDS:g} seconds and could have done either each time"
        )
        return lacking | {"news": news}
    out = _measure(found.value, None, "following", interval=(found.low, found.high), p=found.p_value)
    return out | {
        "least": found.least,
        "draws": found.draws,
        "choices": found.choices,
        "blocks": found.blocks,
        "mixed": found.mixed,
        "news": news,
    }


def _herding(record: Record, base: Baseline | None) -> Json:
    windows = statistics.crowd_windows(record, counted_orders(record))
    count = len(windows.active)
    out: Json = {
        "seconds": WINDOW_SECONDS,
        "least": MIN_ACTIVE,
        "windows": count,
        "left_out": windows.left_out,
        "share": float(windows.buyers.sum() / windows.active.sum()) if count else None,
        "times": [int(at) // MS for at in windows.begin],
        "active": windows.active.tolist(),
        "buyers": windows.buyers.tolist(),
    }
    if count < MIN_WINDOWS:
        lacking = _needs(
            f"needs at least {MIN_WINDOWS} windows of {WINDOW_SECONDS:g} seconds with {MIN_ACTIVE} or more active "
            f"traders; there were {count}"
        )
        return out | {"overdispersion": lacking, "lsv": lacking}
    found, each = (
        statistics.overdispersion(windows.buyers, windows.active),
        statistics.lsv(windows.buyers, windows.active),
    )
    if found is None or each is None:
        lacking = _needs("needs both buyers and sellers; all orders were on one side")
        return out | {"overdispersion": lacking, "lsv": lacking}
    ratio = _measure(found.ratio, base, "overdispersion", interval=_ratio_interval(windows))
    ratio |= {"x2": found.x2, "df": found.df}
    interval = statistics.block_bootstrap(count, lambda at: float(each[at].mean()))
    out |= {"overdispersion": ratio, "lsv": _measure(float(each.mean()), base, "lsv", interval=interval)}
    return out


def _ratio_interval(windows: Windows) -> tuple[float, float] | None:
    df = len(windows.active) - 1
    return statistics.block_bootstrap(
        df + 1, lambda at: statistics.x_squared(windows.buyers[at], windows.active[at]) / df
    )


def _bubble(record: Record, base: Baseline | None) -> Json:
    span = periods(record)
    traded = np.isfinite(span.price)
    out: Json = {
        "rounds": span.rounds,
        "periods": len(span.price),
        "traded": int(traded.sum()),
        "times": [[int(begin) // MS, int(end) // MS] for begin, end in zip(span.begin, span.end, strict=True)],
        "mean": [float(price) if np.isfinite(price) else None for price in span.price],
        "value": span.value.tolist(),
    }
    if not len(span.price):
        lacking = _needs("needs a round with a fundamental value; none was set")
        out |= {"rad": lacking, "rd": lacking}
    elif traded.sum() < MIN_PERIODS:
        lacking = _needs(f"needs trades in at least {MIN_PERIODS} periods with a value; there were {traded.sum()}")
        out |= {"rad": lacking, "rd": lacking}
    else:
        price, value = span.price[traded], span.value[traded]
        for name, deviation in (("rad", rad), ("rd", rd)):
            interval = statistics.block_bootstrap(
                len(price),
                lambda at, one=deviation: _number(one(price[at], value[at])),  # type: ignore[misc]  # a default binds the loop's function
            )
            out[name] = _measure(_number(deviation(price, value)), base, name, interval=interval)
    top = peak(record.path_time, record.path_price)
    if top is None or len(record.batches.time) == 0:
        return out | {"rise": _needs("needs trades"), "fall": _needs("needs trades"), "peak": None}
    out["peak"] = {"price": top.price, "seconds": top.seconds, "low": top.low}
    return out | {"rise": _measure(top.rise, base, "rise"), "fall": _measure(top.fall, base, "fall")}


def _memory(record: Record, base: Baseline | None) -> Json:
    who = counted_orders(record)
    signs = record.orders.sign[who]
    if len(signs) < MIN_SIGNS:
        lacking = _needs(f"needs at least {MIN_SIGNS} orders; there were {len(signs)}")
        return {"orders": len(signs), "own": lacking, "others": lacking}
    found = statistics.sign_memory(signs, record.orders.who[who], LAGS)
    if found is None:
        lacking = _needs("needs both buyers and sellers; all orders were on one side")
        return {"orders": len(signs), "own": lacking, "others": lacking}
    near = found.lags <= NEAR
    means = {"own": float(found.own[near].mean()), "others": float(found.others[near].mean())}
    curves: Json = {
        name: [round(float(value), 5) for value in getattr(found, name)]
        for name in ("total", "own", "others", "band", "own_band", "others_band")
    }
    return {
        "orders": found.orders,
        "near": NEAR,
        "lags": found.lags.tolist(),
        "curves": curves,
        **{name: _measure(value, base, f"{name}_memory") for name, value in means.items()},
    }


def _flow(record: Record, base: Baseline | None) -> Json:
    """Bought against sold, with an interval from a bootstrap over windows of time."""
    chosen = counted_orders(record) & (record.orders.status == FILLED)
    if not chosen.any():
        return {"imbalance": _needs("needs trades"), "bought": 0, "sold": 0}
    moved = record.orders.shares[chosen]
    slot = (record.orders.filled[chosen] - record.started) // round(WINDOW_SECONDS * statistics.NS)
    _, at = np.unique(slot, return_inverse=True)
    buys = np.bincount(at, weights=np.where(moved > 0, moved, 0))
    sells = np.bincount(at, weights=np.where(moved < 0, -moved, 0))
    bought, sold = float(buys.sum()), float(sells.sum())

    def of(index: Ints) -> float:
        return _number(statistics.imbalance(float(buys[index].sum()), float(sells[index].sum())))

    interval = statistics.block_bootstrap(len(buys), of) if len(buys) >= MIN_WINDOWS else None
    value = _number(statistics.imbalance(bought, sold))
    return {
        "imbalance": _measure(value, base, "imbalance", interval=interval),
        "bought": int(bought),
        "sold": int(sold),
    }


def _wealth(record: Record, here: Flags, base: Baseline | None) -> Json:
    wealth = record.wealth[here]
    members = [member for member, is_here in zip(record.members, here, strict=True) if is_here]
    if len(wealth) < MIN_PEOPLE:
        return {
            "people": len(wealth),
            "gini": _needs(f"needs at least {MIN_PEOPLE} participants; there were {len(wealth)}"),
        }
    began = np.array([member.start_wealth / MICRO for member in members])
    profit = np.round(record.profit[here], 2)
    value = statistics.gini(wealth)
    gini = _needs("needs a total wealth above zero")
    if value is not None:
        interval = statistics.block_bootstrap(len(wealth), lambda at: _number(statistics.gini(wealth[at])), block=1)
        gini = _measure(value, base, "gini", interval=interval)
    order = np.argsort(-record.profit[here], kind="stable")[:LEADERS]
    tenth = max(1, round(len(wealth) / 10))
    return {
        "people": len(wealth),
        "gini": gini,
        "values": np.sort(wealth).round(2).tolist(),
        "lorenz": [[round(x, 4), round(y, 5)] for x, y in statistics.lorenz(wealth)],
        "top_tenth": float(np.sort(wealth)[-tenth:].sum() / wealth.sum()) if wealth.sum() > 0 else None,
        "winners": int((profit > 0).sum()),
        "losers": int((profit < 0).sum()),
        "start": float(np.median(began)),
        "same_start": bool((began == began[0]).all()),
        "median": {
            "wealth": float(np.median(wealth)),
            "cash": float(np.median([member.cash / MICRO for member in members])),
            "shares": float(np.median([member.shares for member in members])),
        },
        "leaders": [
            {
                "participant": members[i].id,
                "nick": members[i].nick,
                "wealth": round(float(wealth[i]), 2),
                "profit": float(profit[i]),
                "shares": members[i].shares,
                "bot": members[i].bot,
            }
            for i in order
        ],
    }


def _experiment(record: Record) -> Json:
    both = groups(record)
    if both is None:
        return _needs("needs the experiment, which was not switched on")
    sizes = {name: len(group.who) for name, group in both.items()}
    out: Json = {
        "seconds": CROWD_SECONDS,
        "least": MIN_ORDERS,
        "runs": len(record.experiments),
        "groups": {
            name: {
                "people": len(group.who),
                "few": group.few,
                "orders": int(group.orders.sum()),
                "follow": np.round(group.follow, 4).tolist(),
                "median": float(np.median(group.follow)) if len(group.who) else None,
            }
            for name, group in both.items()
        },
    }
    if min(sizes.values()) < MIN_GROUP:
        return out | _needs(
            f"needs at least {MIN_GROUP} people in each group with {MIN_ORDERS} or more orders while others "
            f"traded; there were {sizes['see']} who saw the crowd and {sizes['blind']} who did not"
        )
    found = permutation_effect(both["see"].follow, both["blind"].follow)
    return out | {
        "value": found.difference,
        "interval": [found.low, found.high],
        "p": found.p_value,
        "shuffles": found.shuffles,
        "see": found.see,
        "blind": found.blind,
    }


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
