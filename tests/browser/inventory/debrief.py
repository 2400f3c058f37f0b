"""What can be done at /herd/replay/ and /herd/debrief/."""

from __future__ import annotations

from functools import partial

from tests.browser.inventory.row import rows

_replay = partial(rows, "/herd/replay/")
_debrief = partial(rows, "/herd/debrief/")

REPLAY = (
    *_replay(
        "keys",
        "test_herd_replay::test_a_session_is_played_again",
        "Space pauses, and plays again.",
        "← goes back 10 seconds.",
        "↑ is one step faster: 1, 2, 4, 8, 16, 32 or 60×.",
        "End goes to the end of the session.",
        "Home goes to its beginning.",
    ),
    *_replay(
        "keys",
        "test_herd_replay::test_the_player_by_every_key_and_button",
        "K pauses and plays, as Space does.",
        "→ goes on 10 seconds.",
        "↓ is one step slower.",
        "F goes to full screen, and F again leaves it.",
        "T changes between dark and light.",
        "Keys with Ctrl, Alt or Cmd are left to the browser.",
        "In the list of velocities and on the slider, keys are those of the field.",
    ),
    *_replay(
        "controls",
        "test_herd_replay::test_the_player_by_every_key_and_button",
        "The button “−10 s” goes back 10 seconds.",
        "The button “+10 s” goes on 10 seconds.",
        "The button Play says Pause while it plays, and Again at the end.",
        "Again plays from the beginning.",
        "The list Velocity sets the velocity: 1× to 60×.",
        "The header's button “Full screen (F)” goes to full screen.",
        "The header's button “Dark or light (T)” changes the theme.",
    ),
    *_replay(
        "controls",
        "test_herd_replay::test_a_session_is_played_again",
        "The slider moves to any position; price and chart are those of that moment.",
    ),
    *_replay(
        "readers",
        "test_herd_replay::test_the_player_by_every_key_and_button",
        "The slider is named “Position in the session” and says its time as “0:12 / 1:00”.",
        "The buttons of the group Player are named “Back 10 seconds”, “Play or pause”, “On 10 seconds”.",
        "Velocity and chart have names.",
    ),
    *_replay(
        "fullscreen",
        "test_herd_replay::test_the_player_by_every_key_and_button",
        "In full screen the header goes away, and comes back after it.",
    ),
    *_replay(
        "theme",
        "test_herd_replay::test_the_player_by_every_key_and_button",
        "The theme is that of the other pages: the choice is kept in the browser, else the system's holds.",
    ),
    *_replay(
        "links",
        "test_herd_replay::test_a_session_is_played_again",
        "?session=… says which session is played.",
        "?velocity=… says how fast.",
    ),
    *_replay(
        "links",
        "test_herd_replay::test_the_player_by_every_key_and_button",
        "Without ?velocity it plays at 4×.",
        "A velocity between 1 and 60 that is not one of the steps is kept as it is.",
        "The link Debrief leads to the debrief of the session in the address.",
    ),
    *_replay(
        "states",
        "test_herd_replay::test_replay_shows_captions",
        "It plays by itself as soon as it is there, without ?session the present session.",
        "Price, change since the start, phase, round, clock and meter are those of the position.",
        "Events are listed up to the position, newest first, and fewer after going back.",
        "A headline stands over the chart for a while when it comes.",
        "Long pauses are left out, and a note says how much: “Skipped … in which nothing happened”.",
        "The footer names the session.",
    ),
    *_replay(
        "states",
        "test_herd_replay::test_a_session_is_played_again",
        "At the end the price is the session's last.",
    ),
    *_replay(
        "states",
        "test_herd_replay::test_unknown_session_is_reported",
        "A session that there is not is told in a banner.",
    ),
    *_replay(
        "states",
        "test_herd_replay::test_errors_of_the_replay_are_shown",
        "A server that cannot be reached is told within 3 seconds: “The server cannot be reached.”.",
        "A session without trades is told: “Nothing was traded in this session: there is nothing to replay.”.",
        "A refusal of the server, as for want of the key, is told in its own words.",
        "The banner has the role alert.",
    ),
    *_replay(
        "reconnect",
        "test_herd_replay::test_errors_of_the_replay_are_shown",
        "When the server is back the session plays on from where it was.",
    ),
    *_replay(
        "controls",
        "test_herd_replay::test_the_chart_grows_point_by_point_and_a_zoom_survives",
        "A zoom by the mouse stays while the session plays on.",
    ),
    *_replay(
        "touch",
        "test_herd_replay::test_the_replay_fits_a_phone",
        "On a phone the page fits without scrolling, and the player is in reach.",
    ),
)

DEBRIEF = (
    *_debrief(
        "keys",
        "test_herd_debrief::test_theme_can_be_chosen",
        "T changes between dark and light, figures included.",
    ),
    *_debrief(
        "keys",
        "test_herd_debrief::test_update_print_and_links_of_the_debrief",
        "T in the field Session changes no theme.",
    ),
    *_debrief(
        "controls",
        "test_herd_debrief::test_the_newest_game_comes_first_and_another_can_be_chosen",
        "The list Session shows another session; its entries say when, how many participants and orders.",
    ),
    *_debrief(
        "controls",
        "test_herd_debrief::test_update_print_and_links_of_the_debrief",
        "Update works the report out anew.",
        "Print opens the browser's dialog for printing.",
    ),
    *_debrief(
        "theme",
        "test_herd_debrief::test_theme_can_be_chosen",
        "The page follows the system until the reader chooses by the button “Dark or light”.",
    ),
    *_debrief(
        "printing",
        "test_herd_debrief::test_print_is_white_without_controls_and_the_screen_is_restored",
        "On paper all is white and light, figures included, without header, footer, picker, links and files.",
        "After printing the screen is as before.",
    ),
    *_debrief(
        "links",
        "test_herd_debrief::test_the_newest_game_comes_first_and_another_can_be_chosen",
        "?session=… says which session is shown; the address follows the list, so that it can be sent on.",
        "Without a session in the address the newest is shown.",
        "Files: Ticks, Participants, Orders and Event log of this session are downloaded.",
    ),
    *_debrief(
        "links",
        "test_herd_replay::test_a_session_is_played_again",
        "“Replay on the big screen” leads to the replay of the session.",
    ),
    *_debrief(
        "links",
        "test_herd_debrief::test_update_print_and_links_of_the_debrief",
        "“Back to the game” leads to /herd/.",
        "“The crowd's footprint” leads to /chart/?symbol=HERD.",
    ),
    *_debrief(
        "readers",
        "test_herd_debrief::test_update_print_and_links_of_the_debrief",
        "Each figure has a caption in words.",
        "The tables are regions named Measures and “The highest profits at the end”, which the keys can scroll.",
        "The sentences are the region “For the talk”.",
    ),
    *_debrief(
        "states",
        "test_herd_debrief::test_the_newest_game_comes_first_and_another_can_be_chosen",
        "The report begins with sentences, then figures and tables beside those of random games.",
    ),
    *_debrief(
        "states",
        "test_herd_debrief::test_without_a_game_it_says_how_to_get_one",
        "A session that there is not gives “No debrief of this session” with the reason.",
    ),
    *_debrief(
        "states",
        "test_herd_debrief::test_notices_of_the_debrief",
        "Before the first game it says “No game has been played yet” and leads to one by “Start a game”.",
        "Without the key it says “This page needs the key”.",
    ),
    *_debrief(
        "states",
        "test_herd_debrief::test_update_print_and_links_of_the_debrief",
        "“Computing the report …” stands there while the report is made.",
        "How everything was measured stands at the end.",
    ),
    *_debrief(
        "touch",
        "test_herd_debrief::test_a_phone_shows_it_without_scrolling_sideways",
        "On a phone nothing scrolls sideways.",
    ),
)
