"""The big screen of the herd game at /herd/: what is read aloud, full screen, themes, lines, links, states, touch."""

from __future__ import annotations

from functools import partial

from tests.browser.inventory.row import rows

_herd = partial(rows, "/herd/")

ROOM = (
    # readers
    *_herd(
        "readers",
        "test_herd::test_news_are_shown_large_and_phases_announced",
        "A change of the phase is read aloud with its round: “The market is frozen. Round 3 of 3.”.",
        "Prices and news are not read aloud, so that it is silent in between.",
    ),
    *_herd(
        "readers",
        "test_herd::test_a_refusal_without_a_dialog_is_an_alert",
        "A refusal without a dialog is a message with the role alert.",
    ),
    *_herd(
        "readers",
        "test_herd::test_controls_can_be_reached_with_tab_and_have_names",
        "Every button has a name.",
        "The page has landmarks: header, main, navigation, Crowd, Price and phase, Presenter's controls.",
    ),
    *_herd(
        "readers",
        "test_herd::test_texts_for_screen_readers_on_the_big_screen",
        "The regions Price and phase, Price chart, Crowd, Join, Leaderboard, Events and Statistics have their names.",
        "The chart is an image with a sentence about what it shows.",
        "The clock of the round has the role timer.",
        "Each dialog is named by its title.",
        "The QR code has the text “QR code of the address to join”.",
        "Buttons with a key name it as aria-keyshortcuts.",
        "What was done is told in a polite live region.",
    ),
    *_herd(
        "readers",
        "test_herd::test_the_experiment_takes_the_meter_off_the_screen",
        "Experiment says by aria-pressed whether it is on.",
    ),
    # full screen
    *_herd(
        "fullscreen",
        "test_herd::test_full_screen_and_presentation_leave_only_the_stage",
        "In full screen and presentation the chart takes the room of what is hidden.",
    ),
    *_herd(
        "fullscreen",
        "test_herd::test_where_full_screen_is_refused_the_page_presents",
        "Where the browser refuses full screen, F hides the controls all the same.",
        "The screen is kept awake during the presentation, and let go after it.",
        "Where the browser has no full screen, its button is not there.",
    ),
    # theme and what the browser keeps
    *_herd(
        "theme",
        "test_herd::test_theme_is_dark_by_default",
        "The page is dark for a projector, whatever the system says, until light is chosen.",
        "The chosen theme is kept over a reload.",
        "The chart takes the colours of the theme.",
    ),
    # reconnecting
    *_herd(
        "reconnect",
        "test_herd_line::test_comes_back_by_itself_with_the_state_of_a_restarted_server",
        "A lost server is told in a banner; the last picture stays.",
        "The page takes up a restarted server by itself, and says “The server is back.” for a moment.",
        "After a reset or a restart the history is that of the new session, each point once.",
    ),
    *_herd(
        "reconnect",
        "test_herd_line::test_silent_server_is_reported",
        "A connection that is silent while the server cannot be reached is told as lost.",
    ),
    *_herd(
        "reconnect",
        "test_herd_line::test_slow_server_is_reported",
        "Before the first picture it says “Waiting for the server … the network is slow.”.",
    ),
    *_herd(
        "reconnect",
        "test_herd_line::test_unreachable_server_and_offline_are_reported",
        "A device without a network is told that it is offline, and goes on by itself when it is back.",
        "The footer says Live or Reconnecting ….",
        "A control that does not reach the server says “The server is unreachable.”.",
    ),
    *_herd(
        "reconnect",
        "test_herd::test_a_real_game_from_the_first_phone_to_the_end",
        "After a reload price, rounds and news of before are on the chart again.",
    ),
    *_herd(
        "reconnect",
        "test_herd_line::test_points_grow_and_answers_that_are_lost_are_asked_for_again",
        "A lost answer leaves no gap in the line: every point is there once and in order.",
    ),
    *_herd(
        "reconnect",
        "test_herd_line::test_a_tab_that_was_hidden_catches_up",
        "A tab that was hidden has all points when it is looked at again.",
    ),
    # links
    *_herd(
        "links",
        "test_herd::test_with_a_key_only_its_holder_controls_the_game",
        "/herd/?key=… makes the browser the presenter's; without the key the page is a viewer's.",
    ),
    *_herd(
        "links",
        "test_herd::test_the_end_leads_to_the_debrief_and_a_new_game",
        "After the end “See the debrief” leads to /herd/debrief/.",
    ),
    *_herd(
        "links",
        "test_herd::test_every_key_opens_what_the_help_says",
        "The toolbar's link Debrief opens /herd/debrief/ in a new tab.",
        "The toolbar's link “Order flow of the crowd” opens /chart?symbol=HERD in a new tab.",
    ),
    # states
    *_herd(
        "states",
        "test_herd::test_shows_price_phase_round_and_crowd",
        "The price stands in very large type, with the change since the start as ▲ or ▼, amount and percent.",
        "The phase, the round “Round 3 of 3” and its clock are shown.",
        "The meter says the shares of buyers and sellers, and the last batch as numbers.",
        "The statistics of the crowd are shown, 14 of them.",
        "The leaderboard has the ten highest profits with wealth and profit; bots are marked.",
        "Events are listed, newest first, with their time.",
        "The window's title is “Herd game · Orderflow”.",
    ),
    *_herd(
        "states",
        "test_herd::test_join_card_stays_on_the_screen",
        "The card Join keeps code, address and numbers of joined and connected on the screen.",
    ),
    *_herd(
        "states",
        "test_herd::test_the_chart_has_the_session_its_rounds_news_and_value",
        "The chart shows the whole session with no peak lost.",
        "The chart marks rounds and news with lines and words, and names the fundamental value.",
    ),
    *_herd(
        "states",
        "test_herd::test_updates_arrive_and_cost_little",
        "Price, meter and chart follow each batch; a tag at the newest price says its way.",
    ),
    *_herd(
        "states",
        "test_herd::test_news_are_shown_large_and_phases_announced",
        "A headline stands large over the chart for a while.",
        "The clock of a frozen round stands at what is left.",
    ),
    *_herd(
        "states",
        "test_herd::test_qr_code_fills_the_screen_until_somebody_joins",
        "Until somebody has joined, and in the lobby, QR code, address and three steps fill the screen.",
        "How many have joined is counted while people come.",
    ),
    *_herd(
        "states",
        "test_key_is_not_shown::test_on_loopback_the_big_screen_says_that_phones_cannot_reach_it",
        "Where phones cannot reach the address to join, it says so beside it, and how to change that.",
    ),
    *_herd(
        "states",
        "test_herd::test_time_windows",
        "A note over the chart says for a moment which time is shown.",
    ),
    *_herd(
        "states",
        "test_herd::test_the_experiment_takes_the_meter_off_the_screen",
        "During the experiment the meter is hidden from the room, and a sentence says why.",
    ),
    *_herd(
        "states",
        "test_herd::test_the_end_leads_to_the_debrief_and_a_new_game",
        "After the end the chart ends with the game.",
    ),
    *_herd(
        "states",
        "test_herd::test_a_viewer_has_no_controls",
        "A viewer is told how to become the presenter: “open this page with the key”.",
        "A code that the server does not show is left out instead of a broken picture.",
    ),
    *_herd(
        "states",
        "test_herd::test_a_viewer_has_no_controls",
        "When the key is no longer good, the page becomes a viewer's.",
    ),
    *_herd(
        "states",
        "test_herd::test_empty_lists_say_so",
        "An empty leaderboard says “Nobody has traded yet.”, an empty list of events “Nothing has happened yet.”.",
        "In the lobby with people the invitation says “Scan to join: we begin soon”.",
        "What is not known is shown as –.",
        "The footer names the session.",
    ),
    *_herd(
        "touch",
        "test_herd_line::test_zoom_survives_twenty_updates",
        "The mouse zooms the chart and the zoom stays; a double click shows everything again.",
    ),
    # touch
    *_herd(
        "touch",
        "test_herd::test_on_a_phone_everything_is_large_and_in_one_column",
        "On a phone all is in one column, nothing scrolls sideways, and buttons are at least 44 px high.",
        "On a phone the price stays in sight while the page is scrolled.",
        "On a phone the meter stays during the experiment, as only the room must not see it.",
        "Taps on the toolbar and in dialogs do what clicks do.",
    ),
)
