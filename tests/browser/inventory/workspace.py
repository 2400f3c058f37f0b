"""The workspace: what can be done at /workspace/."""

from __future__ import annotations

from functools import partial

from tests.browser.inventory.row import rows

_ws = partial(rows, "/workspace/")

WORKSPACE = (
    *_ws(
        "states",
        "test_workspace::test_live_candles_move_and_are_called_simulated",
        "Live candles move without a reload, and those that the server makes itself are called SIMULATED.",
    ),
    *_ws(
        "states",
        "test_workspace::test_a_first_visit_shows_a_sample_that_is_gone_after_the_first_upload",
        "A page without klines says how they come.",
        "Custom shows a labelled sample with signals until the first upload.",
        "A study of the signals is a table and figures, and saved as CSV.",
    ),
    *_ws(
        "states",
        "test_workspace::test_a_copied_address_shows_the_same_in_a_new_browser",
        "The address holds series, indicators, kind, signals and range: copied, it shows the same.",
        "The back button takes back a choice.",
    ),
    *_ws(
        "states",
        "test_workspace::test_what_an_address_names_and_is_not_there_is_said",
        "A symbol, time frame or choice of the address that is not known is said, and another can be chosen.",
    ),
    *_ws(
        "states",
        "test_workspace::test_what_a_chart_waits_for_is_said_and_can_be_asked_for_again",
        "While candles are on their way, the first ones, older ones or those of another series, the chart says so.",
        "Candles that do not come can be asked for again.",
    ),
    *_ws(
        "dialogs",
        "test_workspace::test_a_click_right_after_the_help_was_closed_counts",
        "The keys are shown by ?, and the page can be used as soon as the dialog is closed.",
    ),
    *_ws(
        "controls",
        "test_workspace::test_own_candles_with_signals_indicators_and_older_pages",
        "Custom shows one's own candles, Live those of venues and ticks.",
        "Signals are chosen and drawn over the candles, and chosen at the next visit too.",
        "Indicators are switched on, and their options changed.",
        "Older candles come while panning to the left, with their indicators.",
    ),
    *_ws(
        "dialogs",
        "test_workspace::test_a_venue_s_candles_are_compared_with_those_of_its_ticks_and_saved",
        "A chart says how many of a venue's candles differ from those of its ticks; the drawer lists them.",
        "A click on a candle of the list shows it in the chart.",
        "The candles that a chart shows are saved as CSV.",
    ),
    *_ws(
        "touch",
        "test_workspace::test_drawings_and_the_view_are_kept_for_the_next_visit",
        "A line is drawn, and is there in another browser with the visible range.",
    ),
    *_ws(
        "controls",
        "test_workspace::test_charts_beside_each_other_move_together",
        "Two or four charts are shown beside each other, and show the same time.",
    ),
    *_ws(
        "states",
        "test_workspace::test_a_phone_shows_candles_and_nothing_beside_the_screen",
        "On a phone a chart fills the screen and nothing is beside it.",
        "A phone shows one of several charts, says so, and another can be chosen.",
    ),
    *_ws(
        "dialogs",
        "test_workspace_upload::test_a_dropped_file_is_mapped_stored_drawn_replaced_and_undone",
        "A file that is dropped on the page is shown as it is read, and its columns are mapped by hand.",
        "What was stored is shown on the chart, replaced by another file, and undone, and the chart follows.",
    ),
    *_ws(
        "states",
        "test_workspace_upload::test_a_refused_file_and_a_server_that_is_away_are_told",
        "A file that is refused, or was not sent, says why in one sentence, and can be tried again.",
    ),
    *_ws(
        "links",
        "test_workspace_upload::test_a_visitor_logs_in_and_out",
        "Where a login is required the charts ask for it, the menu says who is logged in, and logs out.",
    ),
)
