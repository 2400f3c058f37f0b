"""The list of operators, in the order in which pages show them. To add one, write its file and add its line here."""

from __future__ import annotations

from orderflow.tickers.alerts.operators import (
    crossing,
    crossing_down,
    crossing_up,
    entering_channel,
    exiting_channel,
    greater,
    inside_channel,
    less,
    moving_down,
    moving_down_percent,
    moving_up,
    moving_up_percent,
    outside_channel,
)
from orderflow.tickers.alerts.operators.operator import Operator

OPERATORS: dict[str, Operator] = {
    operator.name: operator
    for operator in (
        greater.OPERATOR,
        less.OPERATOR,
        crossing.OPERATOR,
        crossing_up.OPERATOR,
        crossing_down.OPERATOR,
        entering_channel.OPERATOR,
        exiting_channel.OPERATOR,
        inside_channel.OPERATOR,
        outside_channel.OPERATOR,
        moving_up.OPERATOR,
        moving_down.OPERATOR,
        moving_up_percent.OPERATOR,
        moving_down_percent.OPERATOR,
    )
}
