"""Which range a chart of the workspace shows when its series has come. Plain functions without Dash."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from callbacks.workspace_link import Link
from callbacks.workspace_series import Chosen
from callbacks.workspace_state import Known, Ranged, read, view_of
from orderflow.workspace.views import View


def range_of(
    *,
    leads: bool,
    jump: View | None,
    address: View | None,
    now: View | None,
    others: View | None,
    left: Callable[[], View | None],
    held: Callable[[View], bool],
) -> View | None:
    """The range that a chart goes to; None: it stays where it is, or shows what was left there (`Reader.whole`).

    The first of these that is there counts, and those after it do not, even where no candle lies in its range:

    1. jump: a range that the reader has asked for.
    2. address: the range of the page's address. It is the first chart's own; the others go there if they have candles.
    3. now: what the chart shows of this series. It stays there.
    4. others: what another chart shows, but its times alone, and only if there are candles.
    5. left(): what was left on the chart that comes at the same time, under the conditions of 4.

    leads: it is the first chart. held: whether there are candles in a range. Raises what `left` and `held` raise.
    """
    if jump is not None:
        return jump
    if address is not None:
        return address if leads or held(address) else None
    if now is not None:
        return None
    wished = others or left()
    times = wished and msgspec.structs.replace(wished, y=None)  # prices of another series say nothing
    return times if times is not None and held(times) else None


def linked_view(link: Link | None, known: Known | None, chosen: Chosen, index: int) -> View | None:
    """The range of the page's address, where it is of this series and was not shown yet."""
    if link is None or (known is not None and known.link == link.n) or link.mode != chosen.mode:
        return None
    series = link.series(index)
    if (series.symbol, series.frame) not in ((chosen.symbol, chosen.timeframe), (chosen.symbol, None)):
        return None
    found: View | None = read(View, link.view(index))
    return found


def shared_view(views: Sequence[Any], charts: Sequence[Chosen | None], index: int) -> View | None:
    """The times of the first other chart that shows its series. views: what the charts' stores have. charts: what they
    are to show."""
    for at, (ranged, chosen) in enumerate(zip(views, charts, strict=False)):
        found = view_of(read(Ranged, ranged), chosen.key) if chosen is not None and at != index else None
        if found is not None:
            return found
    return None
