"""The crypto tickers: what can be done at /tickers/, and with alerts on the chart and on every page."""

from __future__ import annotations

from functools import partial

from tests.browser.inventory.row import EVERY, rows

_tk = partial(rows, "/tickers/")

TICKERS = (
    *_tk(
        "states",
        "test_tickers::test_prices_move_without_a_reload_and_are_called_simulated",
        "Prices, changes and lines of the cards move without a reload.",
        "Prices that the server makes itself are called SIMULATED.",
    ),
    *_tk(
        "dialogs",
        "test_tickers::test_a_card_opens_its_history_with_ranges_and_links",
        "A card opens the history of its ticker, with the last 100 points, by a click or by Enter.",
        "The open history goes on with the newest prices.",
        "The history has ranges: 100 points, 1 hour, 1 day, 7 days.",
        "The history links to the order flow of the ticker and to its trades as CSV.",
        "New alert in the history fills the form with the ticker and its price.",
    ),
    *_tk(
        "controls",
        "test_tickers::test_tickers_are_added_moved_removed_and_shown_as_a_table",
        "A ticker is added by its name; a name that is none is said.",
        "A ticker is moved forward and back, and removed.",
        "The prices are shown as a table whose rows move.",
    ),
    *_tk(
        "keys",
        "test_tickers::test_tickers_are_added_moved_removed_and_shown_as_a_table",
        "A puts the focus into the field for a new ticker, Enter adds it.",
        "V changes between cards and table.",
    ),
    *_tk(
        "controls",
        "test_tickers::test_an_alert_is_set_fires_once_and_is_acknowledged_on_all_pages",
        "An alert is set with the form; what is wrong in it is said.",
        "The form tells whether the alert would have fired over the trades that are held.",
        "Current Alerts shows the state of each alert, and Fired what has fired.",
    ),
    *_tk(
        "controls",
        "test_tickers::test_alerts_are_paused_edited_armed_again_and_deleted",
        "An alert is paused, resumed, snoozed, woken, edited and deleted; its note is shown as text.",
    ),
    *_tk(
        "controls",
        "test_tickers::test_of_many_alerts_a_page_is_shown_and_some_are_found",
        "Of more than 50 alerts one page is shown; others are turned to, and found by their words.",
    ),
    *_tk(
        "dialogs",
        "test_tickers::test_a_target_is_made_tested_paused_changed_and_deleted",
        "A delivery target is added by its kind; what is wrong is said at its field, and its secrets are not shown.",
        "A test message is sent to a target and its answer shown.",
        "A target is paused, changed, chosen in the form for alerts, and deleted after a question.",
    ),
    *_tk(
        "states",
        "test_tickers::test_a_denied_permission_is_said",
        "It is said when the browser blocks notifications.",
    ),
    *_tk(
        "touch",
        "test_tickers::test_a_phone_has_no_width_to_scroll",
        "On a phone the page and the history are as wide as the screen.",
    ),
    *rows(
        EVERY,
        "readers",
        "test_tickers::test_an_alert_is_set_fires_once_and_is_acknowledged_on_all_pages",
        "A fired alert is told at the top of every page, until it is acknowledged on any of them.",
        "One tab of the browser sounds and notifies.",
    ),
    *rows(
        EVERY,
        "states",
        "test_tickers::test_notices_cover_no_control_of_a_page",
        "Notices of fired alerts cover no control of a page or dialog, on a desktop and on a phone.",
    ),
    *rows(
        "/chart/",
        "keys",
        "test_tickers::test_an_alert_is_made_on_the_chart_and_dragged_to_another_price",
        "K makes an alert at the price under the crosshair.",
    ),
    *rows(
        "/chart/",
        "controls",
        "test_tickers::test_an_alert_is_made_on_the_chart_and_dragged_to_another_price",
        "The line of an alert is dragged to another price.",
    ),
)
