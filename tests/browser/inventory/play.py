"""The phone's page of the herd game, and what all of Dash's pages have in common."""

from __future__ import annotations

from functools import partial

from tests.browser.inventory.row import EVERY, rows

_play = partial(rows, "/herd/play")
_every = partial(rows, EVERY)

PLAY = (
    *_play(
        "controls",
        "test_herd_play::test_join_and_trade_with_taps",
        "Join joins with the nickname, and with the code in the address.",
        "1, 5, 10, 25 or Max says how many shares a tap trades.",
        "Buy buys and says “Bought 10 shares at 100.50”; cash, shares and last trade follow.",
    ),
    *_play("controls", "test_herd_play::test_join_without_typing", "Join without a nickname joins too."),
    *_play(
        "controls",
        "test_herd_play::test_a_double_tap_is_one_order",
        "A double tap is one order.",
    ),
    *_play(
        "controls",
        "test_herd_play::test_while_an_order_waits_there_is_no_other",
        "Sell sells; while an order waits, further taps are refused and its word shakes.",
    ),
    *_play(
        "controls",
        "test_herd_play::test_impossible_order_is_explained_and_not_sent",
        "Without cash or shares enough a tap says why, and nothing is sent.",
        "Max sells and buys as many as possible.",
    ),
    *_play(
        "controls",
        "test_herd_play_line::test_lost_connection_is_shown_and_restored",
        "“Try now” connects at once.",
    ),
    *_play(
        "keys",
        "test_herd_play::test_keys_trade_and_read_the_price",
        "B buys, S sells.",
        "P reads the price aloud.",
    ),
    *_play(
        "keys",
        "test_herd_play_looks::test_accessible_names_and_live_regions",
        "Tab goes over quantity, Sell and Buy; arrow keys choose the quantity.",
    ),
    *_play(
        "touch",
        "test_herd_play_looks::test_layout_fits_and_buttons_are_large_enough",
        "Buttons are large and in reach of a thumb, upright and across, also with letters twice as large.",
    ),
    *_play("touch", "test_herd_play::test_fill_vibrates", "A fill is felt, unless less motion is wished for."),
    *_play(
        "readers",
        "test_herd_play_looks::test_accessible_names_and_live_regions",
        "Headings, regions and buttons are named; Buy says “Buy 5 shares”.",
    ),
    *_play(
        "readers",
        "test_herd_play::test_line_is_drawn_and_described_in_words",
        "The price line is put in words: lowest, highest, now.",
    ),
    *_play(
        "readers",
        "test_herd_play::test_rounds_and_news_are_shown_and_announced",
        "Rounds and news are read aloud.",
    ),
    *_play(
        "theme",
        "test_herd_play_looks::test_theme_follows_the_phone",
        "The page is dark or light as the phone is.",
    ),
    *_play(
        "theme",
        "test_herd_play_line::test_a_reload_restores_everything",
        "Quantity, last trades and an order without an answer are kept over a reload.",
    ),
    *_play(
        "theme",
        "test_herd_play_line::test_the_nickname_is_remembered",
        "The nickname is kept for the next game.",
    ),
    *_play(
        "links",
        "test_herd_play_game::test_game_with_a_join_code",
        "/j/CODE leads to the page with the code.",
        "Where a code is needed, a field for the code on the big screen appears.",
    ),
    *_play(
        "reconnect",
        "test_herd_play_line::test_lost_connection_is_shown_and_restored",
        "A lost line is shown, and Buy and Sell are off meanwhile.",
    ),
    *_play(
        "reconnect",
        "test_herd_play_line::test_lost_connection_is_restored_automatically",
        "A lost line comes back by itself.",
    ),
    *_play(
        "reconnect",
        "test_herd_play_line::test_the_browser_says_that_it_is_offline",
        "A phone without a network is told so, and goes on when it is back.",
    ),
    *_play(
        "reconnect",
        "test_herd_play_line::test_without_sockets_the_state_is_polled",
        "Where no socket gets through, the state is asked for.",
    ),
    *_play(
        "reconnect",
        "test_herd_play_line::test_hidden_page_pauses_and_refreshes_when_shown",
        "A page that nobody looks at rests, and is fresh at once when it is seen again.",
    ),
    *_play(
        "reconnect",
        "test_herd_play::test_a_lost_request_is_sent_again_as_the_same_order",
        "An order that got no answer is sent again and traded once.",
    ),
    *_play(
        "reconnect",
        "test_herd_play::test_missing_fill_is_requested",
        "A fill that was not told is asked for.",
    ),
    *_play(
        "reconnect",
        "test_herd_play_game::test_phones_reconnect_after_a_killed_server",
        "A killed server comes back with the portfolio.",
    ),
    *_play(
        "states",
        "test_herd_play::test_refused_join_shows_the_reason",
        "A refused join says why, and when to try again.",
    ),
    *_play(
        "states",
        "test_herd_play::test_after_joining_the_line_is_opened_anew_as_the_participant",
        "After joining the rank is shown.",
    ),
    *_play(
        "states",
        "test_herd_play::test_browser_without_cookies_gets_a_message",
        "A browser without cookies is told so.",
    ),
    *_play(
        "states",
        "test_herd_play::test_refused_order_shows_the_reason",
        "A refused order says why, and how long to wait.",
    ),
    *_play("states", "test_herd_play::test_rejected_order_shows_the_reason", "A rejected order says why."),
    *_play(
        "states",
        "test_herd_play::test_the_price_moves_with_an_arrow_and_a_sign",
        "Price, change, wealth and profit move, with arrow and sign.",
    ),
    *_play("states", "test_herd_play::test_old_price_is_ignored", "A message that comes too late changes no price."),
    *_play(
        "states", "test_herd_play::test_a_frozen_market_takes_no_order", "A frozen market says so and takes no order."
    ),
    *_play(
        "states",
        "test_herd_play::test_rounds_and_news_are_shown_and_announced",
        "The round and its clock stand in the header, news above the price.",
    ),
    *_play("states", "test_herd_play::test_dividend_is_announced", "A dividend is named."),
    *_play(
        "states",
        "test_herd_play::test_meter_is_shown_to_the_group_that_may_see_it",
        "The meter of buyers and sellers is there for those who may see it.",
    ),
    *_play(
        "states",
        "test_herd_play_line::test_a_kicked_phone_is_told_and_may_join_again",
        "Somebody who was kicked is told, and may join again.",
    ),
    *_play(
        "states",
        "test_herd_play_line::test_order_of_a_kicked_phone_leads_to_the_join_form",
        "An order of somebody who is out leads to the form for joining.",
    ),
    *_play(
        "states",
        "test_herd_play_line::test_a_new_session_asks_to_join_again",
        "A new game asks to join again.",
    ),
    *_play(
        "states",
        "test_herd_play_line::test_result_stays_when_the_server_is_gone",
        "After the end rank, profit and wealth are shown, and stay.",
    ),
    *_play(
        "states",
        "test_herd_play_game::test_trades_of_an_undone_round_are_removed",
        "A round that was taken back is told, and its trades are no longer shown.",
    ),
    *_play(
        "states",
        "test_herd_play_looks::test_loads_quickly_on_a_slow_phone",
        "The page is there soon on a slow phone in a full hall.",
    ),
    *_play(
        "states",
        "test_herd_play_line::test_without_javascript_the_page_says_what_it_needs",
        "A browser without JavaScript is told what is needed.",
    ),
)

COMMON = (
    *_every(
        "links",
        "test_pages::test_the_navigation_leads_from_page_to_page",
        "The navigation Pages leads to Order flow, Herd game and Instruments, and marks where one is.",
        "On a narrow screen the navigation is a menu named after the page.",
        "The browser's back goes to the page before.",
    ),
    *_every(
        "links",
        "test_key_is_not_shown::test_a_presenter_signs_out_with_the_keyboard",
        "A signed-in browser has the link Sign out in the navigation; its button makes the browser the audience.",
    ),
    *_every(
        "states",
        "test_pages::test_unknown_path_says_so",
        "A path without a page says “There is no such page”, and where the others are.",
    ),
    *_every(
        "states",
        "test_pages::test_without_javascript_a_page_says_where_the_data_is",
        "A browser without JavaScript is told that the same data is CSV and JSON below /api/v1/.",
    ),
    *_every(
        "states",
        "test_pages::test_the_navigation_leads_from_page_to_page",
        "The window's title is the page's name and Orderflow.",
    ),
    *_every(
        "theme",
        "test_pages::test_theme_is_shared_by_all_pages",
        "A theme chosen on one page holds on the others.",
    ),
)
