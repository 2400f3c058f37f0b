"""A study of uploaded signals over HTTP: what prices did after them."""

from __future__ import annotations

from typing import Any

import flask

from orderflow.market.ports import MarketReader
from orderflow.market.signal import NEUTRAL
from orderflow.services import Services
from orderflow.web.kit.api import Api
from orderflow.web.kit.current_user import current_user
from orderflow.web.kit.fanout import Fanout
from orderflow.web.kit.params import Param, choice, integer, text
from orderflow.web.kit.responses import JSON, json_response
from orderflow.web.kit.routes import ResponseDoc, Route, Values
from orderflow.web.kit.schemas import COUNT, NUMBER, WORD, array, maybe, record
from orderflow.web.workspace.upload_params import PATH_NAME, TIMEFRAME
from orderflow.workspace.signals.joined import path_in_library, path_in_market
from orderflow.workspace.signals.report import SUMMARY, outcomes_csv, summary_csv, summary_rows
from orderflow.workspace.signals.study import MAX_HORIZONS, Study, read_horizons, study_signals
from orderflow.workspace.uploads.library import MOST_SIGNALS, Library

CSV = "text/csv; charset=utf-8"
PARAMS: tuple[Param, ...] = (
    PATH_NAME,
    text("candles", "Name of the uploaded candles. Without it: the signals' name.", longest=100),
    TIMEFRAME,
    text("ticks", "Symbol of ticks that the server holds, in place of candles.", longest=64),
    text("horizons", f"Up to {MAX_HORIZONS} durations, separated by commas.", default="5m,15m,1h,4h,1d"),
    choice("exits", "Whether exits are signals too.", ("without", "with"), default="without"),
    integer("seed", "Of what is drawn by chance.", 0, 2**31 - 1, default=1),
    choice("format", "csv: the table; outcomes: every signal, as CSV.", ("json", "csv", "outcomes"), default="json"),
)
DOC = (
    "The entry is at the first price after a signal, the exit at the last price within the horizon; a sell gains when "
    "the price falls. Intervals (95 %) are of a block bootstrap. `random_*` is of 1,000 sets (200 to 999 with more "
    "than 20,000 signals) of entries of the same number, sides and hours of the day; `p` is the share of them that is "
    "at least as good. `outcomes` has 250,000 rows at most."
)
_TEXTS, _COUNTS = ("horizon",), ("signals", "beyond")
ROW = record(
    {name: WORD if name in _TEXTS else COUNT if name in _COUNTS else maybe(NUMBER) for name in SUMMARY},
    doc="Returns are shares: 0.01 is one percent. mae, mfe: means of the worst and best until the horizon.",
)
STUDY = record(
    {
        "signals": COUNT,
        "left_out": {"type": "object", "additionalProperties": COUNT},
        "level": NUMBER,
        "horizons": array(ROW),
        "notes": array(WORD),
    }
)


class StudyApi(Api):
    """The route of studies."""

    def __init__(self, services: Services, fanout: Fanout) -> None:
        self._library = services.part(Library)
        self._market: MarketReader = services.market

    def routes(self) -> list[Route]:
        found = {200: ResponseDoc("The study.", {JSON: STUDY, CSV: {"type": "string"}})}
        errors = {401: "A login is needed.", 404: "There are no such signals or prices.",
                  409: "There are several time frames: choose one.", 429: "Too many files are read at this moment.",
                  507: "The records cannot be used now."}  # fmt: skip
        return [
            Route("GET", "/data/custom/{name}/study", self.study, "What prices did after signals", DOC, PARAMS,
                  answers=found, errors=errors),
        ]  # fmt: skip

    def study(self, values: Values) -> flask.Response:
        owner = current_user()
        horizons = read_horizons(values["horizons"])
        found = self._library.slots.run(owner, lambda: self._study(owner, values, horizons))
        return found if isinstance(found, flask.Response) else json_response(found)

    def _study(self, owner: str, values: Values, horizons: tuple[int, ...]) -> dict[str, Any] | flask.Response:
        library, name = self._library, values["name"]
        signals = library.signals.read(owner, name, limit=MOST_SIGNALS)
        sided = [signal for signal in signals if signal.side != NEUTRAL] or signals
        if values["ticks"] is not None:
            path = path_in_market(self._market, values["ticks"], sided, max(horizons))
        else:
            candles = values["candles"] or name
            path = path_in_library(library, owner, candles, values["timeframe"], sided, max(horizons))
        study = study_signals(signals, path, horizons, exits=values["exits"] == "with", seed=values["seed"])
        if values["format"] == "json":
            return _row(study)
        return flask.Response(
            summary_csv(study) if values["format"] == "csv" else outcomes_csv(study), content_type=CSV
        )


def _row(study: Study) -> dict[str, Any]:
    return {
        "signals": len(study.signals),
        "left_out": study.left_out,
        "level": study.level,
        "horizons": summary_rows(study),
        "notes": study.notes,
    }
