"""Leaderboard, ranks and statistics for display. Pure functions of the state.

Amounts are floats of the currency, rounded to cents. Kicked participants do not count.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from statistics import median
from typing import Any

from orderflow.herd.rules.money import MICRO
from orderflow.herd.rules.participants import Participant
from orderflow.herd.rules.state import State


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """All participants by profit at one price, the highest first. Profit is wealth now less `start_wealth`, the
    endowment at the price of joining, so who joins late begins at 0 like everybody else.

    profits: micro-units, negated, so ascending for bisection; ranks: by participant, from 1.
    """

    people: list[Participant]
    profits: list[int]
    ranks: dict[str, int]

    @staticmethod
    def of(state: State) -> Leaderboard:
        """The leaderboard at the present price. Equal profit has equal rank, listed in order of joining."""
        price = state.price
        order = sorted((-person.profit(price), i, person) for i, person in enumerate(state.present()))
        profits = [profit for profit, _, _ in order]
        people = [person for _, _, person in order]
        ranks = {person.id: bisect_left(profits, profit) + 1 for profit, person in zip(profits, people, strict=True)}
        return Leaderboard(people, profits, ranks)

    def rank(self, person: Participant, state: State) -> tuple[int, int]:
        """(rank, of how many). Participants who joined later are ranked by their present profit."""
        found = self.ranks.get(person.id)
        if found is None:
            found = bisect_left(self.profits, -person.profit(state.price)) + 1
        return found, max(found, len(self.people))

    def top(self, count: int) -> list[dict[str, Any]]:
        """The first `count` rows, in the order of their profit: wealth is profit plus the endowment at joining."""
        return [
            {
                "participant": person.id,
                "nick": person.nick,
                "wealth": money(person.start_wealth - profit),
                "profit": money(-profit),
                "shares": person.shares,
                "bot": person.bot,
            }
            for profit, person in zip(self.profits[:count], self.people[:count], strict=True)
        ]


def money(amount: float) -> float:
    """Micro-units as currency, rounded to cents."""
    return round(amount / MICRO, 2)


def gini(ascending: list[int]) -> float | None:
    """Gini coefficient of amounts in ascending order: 0 if all are equal, near 1 if one has everything. None without
    wealth."""
    total, n = sum(ascending), len(ascending)
    if total <= 0:
        return None
    weighted = sum(i * amount for i, amount in enumerate(ascending, 1))
    return round(2 * weighted / (n * total) - (n + 1) / n, 4)


def statistics(state: State, leaderboard: Leaderboard) -> dict[str, Any]:
    """The statistics that follow from the state. imbalance: (bought - sold) / (bought + sold) of all quantities filled.
    Values are None without participants or trades."""
    people, totals = leaderboard.people, state.totals
    cash = sorted(person.cash for person in people)
    shares = sorted(person.shares for person in people)
    wealth = sorted(person.start_wealth - profit for person, profit in zip(people, leaderboard.profits, strict=True))
    traded = totals.bought + totals.sold
    return {
        "participants": len(people),
        "trades": totals.trades,
        "orders": totals.orders,
        "rejected": totals.rejected,
        "net_position": state.position,
        "buys": totals.bought,
        "sells": totals.sold,
        "imbalance": round((totals.bought - totals.sold) / traded, 4) if traded else None,
        "min_cash": money(cash[0]) if cash else None,
        "median_cash": money(median(cash)) if cash else None,
        "max_cash": money(cash[-1]) if cash else None,
        "min_shares": shares[0] if shares else None,
        "median_shares": median(shares) if shares else None,
        "max_shares": shares[-1] if shares else None,
        "min_wealth": money(wealth[0]) if wealth else None,
        "median_wealth": money(median(wealth)) if wealth else None,
        "max_wealth": money(wealth[-1]) if wealth else None,
        "gini": gini(wealth),
        "dust": state.dust / MICRO,
        "bots": len(state.machines),
    }
