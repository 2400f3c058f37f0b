"""The phone's page of the herd game, and what all of Dash's pages have in common."""

from __future__ import annotations

from functools import partial

from tests.browser.inventory.row import EVERY, rows

_play = partial(rows, "/herd/play")
_every = partial(rows, EVERY)

PLAY = (
    *_play(
        "controls",
        "test_herd_play::test_one_joins_with_a_tap_and_trades",
        "Join joins with the nickname, and with the code in the address.",
        "1, 5, 10, 25 or Max says how many shares a tap trades.",
        "Buy buys and says “Bought 10 shares at 100.50”; cash, shares and last trade follow.",
    ),
    *_play("controls", "test_herd_play::test_nothing_need_be_typed", "Join without a nickname joins too."),
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
        "test_herd_play::test_what_cannot_be_is_said_and_not_sent",
        "Without cash or shares enough a tap says why, and nothing is sent.",
        "Max sells and buys as many as possible.",
    ),
    *_play(
        "controls",
        "test_herd_play_line::test_a_lost_line_is_shown_and_comes_back",
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
        "test_herd_play_looks::test_a_screen_reader_finds_its_way",
        "Tab goes over quantity, Sell and Buy; arrow keys choose the quantity.",
    ),
    *_play(
        "touch",
        "test_herd_play_looks::test_everything_fits_and_thumbs_reach",
        "Buttons are large and in reach of a thumb, upright and across, also with letters twice as large.",
    ),
    *_play("touch", "test_herd_play::test_a_fill_is_felt", "A fill is felt, unless less motion is wished for."),
    *_play(
        "readers",
        "test_herd_play_looks::test_a_screen_reader_finds_its_way",
        "Headings, regions and buttons are named; Buy says “Buy 5 shares”.",
    ),
    *_play(
        "readers",
        "test_herd_play::test_the_line_is_drawn_and_put_in_words",
        "The price line is put in words: lowest, highest, now.",
    ),
    *_play(
        "readers",
        "test_herd_play::test_rounds_and_news_are_shown_and_said",
        "Rounds and news are read aloud.",
    ),
    *_play(
        "theme",
        "test_herd_play_looks::test_it_follows_the_colours_of_the_phone",
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
        "test_herd_play_game::test_a_room_behind_a_code",
        "/j/CODE leads to the page with the code.",
        "Where a code is needed, a field for the code on the big screen appears.",
    ),
    *_play(
        "reconnect",
        "test_herd_play_line::test_a_lost_line_is_shown_and_comes_back",
        "A lost line is shown, and Buy and Sell are off meanwhile.",
    ),
    *_play(
        "reconnect",
        "test_herd_play_line::test_a_lost_line_comes_back_by_itself",
        "A lost line comes back by itself.",
    ),
    *_play(
        "reconnect",
        "test_herd_play_line::test_the_browser_says_that_it_is_offline",
        "A phone without a network is told so, and goes on when it is back.",
    ),
    *_play(
        "reconnect",
        "test_herd_play_line::test_without_sockets_the_state_is_asked_for",
        "Where no socket gets through, the state is asked for.",
    ),
    *_play(
        "reconnect",
        "test_herd_play_line::test_a_hidden_page_does_nothing_and_a_seen_one_is_fresh_at_once",
        "A page that nobody looks at rests, and is fresh at once when it is seen again.",
    ),
    *_play(
        "reconnect",
        "test_herd_play::test_a_lost_request_is_sent_again_as_the_same_order",
        "An order that got no answer is sent again and traded once.",
    ),
    *_play(
        "reconnect",
        "test_herd_play::test_a_fill_that_was_not_told_is_asked_for",
        "A fill that was not told is asked for.",
    ),
    *_play(
        "reconnect",
        "test_herd_play_game::test_a_killed_server_comes_back_and_nobody_does_anything",
        "A killed server comes back with the portfolio.",
    ),
    *_play(
        "states",
        "test_herd_play::test_a_refusal_is_said_in_words",
        "A refused join says why, and when to try again.",
    ),
    *_play(
        "states",
        "test_herd_play::test_after_joining_the_line_is_opened_anew_as_the_participant",
        "After joining the rank is shown.",
    ),
    *_play(
        "states",
        "test_herd_play::test_a_browser_without_cookies_is_told_what_is_missing",
        "A browser without cookies is told so.",
    ),
    *_play(
        "states", "test_herd_play::test_a_refused_order_says_why", "A refused order says why, and how long to wait."
    ),
    *_play("states", "test_herd_play::test_a_rejected_order_says_why", "A rejected order says why."),
    *_play(
        "states",
        "test_herd_play::test_the_price_moves_with_an_arrow_and_a_sign",
        "Price, change, wealth and profit move, with arrow and sign.",
    ),
    *_play(
        "states", "test_herd_play::test_an_old_price_is_left_out", "A message that comes too late changes no price."
    ),
    *_play(
        "states", "test_herd_play::test_a_frozen_market_takes_no_order", "A frozen market says so and takes no order."
    ),
    *_play(
        "states",
        "test_herd_play::test_rounds_and_news_are_shown_and_said",
        "The round and its clock stand in the header, news above the price.",
    ),
    *_play("states", "test_herd_play::test_a_dividend_is_named", "A dividend is named."),
    *_play(
        "states",
        "test_herd_play::test_the_meter_is_there_for_those_who_may_see_it",
        "The meter of buyers and sellers is there for those who may see it.",
    ),
    *_play(
        "states",
        "test_herd_play_line::test_a_kicked_phone_is_told_and_may_join_again",
        "Somebody who was kicked is told, and may join again.",
    ),
    *_play(
        "states",
        "test_herd_play_line::test_an_order_of_somebody_who_is_out_leads_to_the_door",
        "An order of somebody who is out leads to the form for joining.",
    ),
    *_play(
        "states",
        "test_herd_play_line::test_a_new_session_asks_to_join_again",
        "A new game asks to join again.",
    ),
    *_play(
        "states",
        "test_herd_play_line::test_the_result_stays_when_the_server_has_gone",
        "After the end rank, profit and wealth are shown, and stay.",
    ),
    *_play(
        "states",
        "test_herd_play_game::test_trades_of_a_round_that_was_taken_back_are_no_longer_shown",
        "A round that was taken back is told, and its trades are no longer shown.",
    ),
    *_play(
        "states",
        "test_herd_play_looks::test_it_is_there_soon_on_a_slow_phone_in_a_full_hall",
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
        "states",
        "test_pages::test_a_path_without_a_page_says_so",
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
        "test_pages::test_a_theme_chosen_on_one_page_holds_on_the_others",
        "A theme chosen on one page holds on the others.",
    ),
)
