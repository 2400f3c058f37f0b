"""The footprint chart: what can be done at /chart/."""

from __future__ import annotations

from functools import partial

from tests.browser.inventory.row import rows

_chart = partial(rows, "/chart/")

CHART = (
    # keys
    *_chart(
        "keys",
        "test_chart_page::test_keys_change_what_bars_show",
        "1 to 5 show Bid × ask, Delta, Volume, Profile and Candles.",
    ),
    *_chart(
        "keys",
        "test_chart_page::test_address_holds_the_view_and_back_takes_steps_back",
        "] shows the next longer time frame.",
    ),
    *_chart(
        "keys",
        "test_chart_page::test_keys_of_the_view",
        "[ shows the next shorter time frame.",
        "← and → move in time, with Shift by a screenful.",
        "+, = and ↑ zoom in, - and ↓ zoom out.",
        "A fits prices to the screen.",
        "End goes live.",
    ),
    *_chart(
        "keys",
        "test_chart_reach::test_home_shows_the_first_bar_and_end_the_newest",
        "Home shows the first bar of the log, End the newest.",
    ),
    *_chart(
        "keys",
        "test_chart_reach::test_a_date_is_gone_to_and_one_outside_says_what_there_is",
        "G opens the dialog “Go to a date”; Enter goes there.",
    ),
    *_chart(
        "keys",
        "test_chart_reach::test_another_frame_stays_at_the_same_time",
        "Another frame shows the same time while the newest bar is not followed.",
    ),
    *_chart(
        "keys",
        "test_chart_server::test_evicted_bars_are_loaded_when_panning_back",
        "L goes live.",
    ),
    *_chart(
        "keys",
        "test_chart_page::test_keys_of_the_studies",
        "V switches the VWAP on and off.",
        "P changes the volume profile: visible range, session, off.",
        "I switches the marks of imbalances on and off.",
        "Z switches stacked zones on and off.",
        "B, D and C switch the panes bar figures, delta and cumulative delta on and off.",
    ),
    *_chart(
        "keys",
        "test_chart_page::test_keys_do_nothing_while_typing",
        "/ puts the focus into the field Symbol.",
        "Keys do nothing while a text is typed, or with Ctrl, Alt or Cmd.",
    ),
    *_chart(
        "keys",
        "test_chart_hands::test_drawings_persist_over_a_reload_and_in_another_frame",
        "T takes the tool for a line, R that for a rectangle; after a drawing it is put away.",
    ),
    *_chart(
        "keys",
        "test_chart_hands::test_erase_clear_and_undo",
        "E takes the tool that erases a drawing by a click.",
        "Escape puts the tool away.",
        "Backspace takes back the last drawing.",
    ),
    *_chart(
        "keys",
        "test_chart_page::test_buttons_of_the_header",
        "Delete takes back the last drawing, as Backspace does.",
    ),
    *_chart(
        "keys",
        "test_chart_page::test_settings_change_the_definitions_in_force",
        "S opens the drawer “Studies and settings”.",
    ),
    *_chart(
        "keys",
        "test_chart_page::test_theme_follows_the_system_until_it_is_chosen",
        "N changes between dark and light.",
    ),
    *_chart(
        "keys",
        "test_chart_page::test_png_and_csv_are_exported",
        "X saves the chart as a PNG.",
    ),
    *_chart(
        "keys",
        "test_chart_page::test_help_lists_the_keys_and_escape_closes_it",
        "? opens “Keyboard and mouse”, which lists every key; Escape closes it.",
        "Keys do nothing on the chart while the help is open.",
    ),
    *_chart(
        "keys",
        "test_chart_hands::test_the_overview_by_keys_and_by_its_edges",
        "← and → on the overview move the window.",
    ),
    # controls
    *_chart(
        "controls",
        "test_chart_page::test_fields_of_the_header",
        "The list Symbol finds a symbol by typing and shows its chart.",
        "The list “Time frame” has the time frames and the activity bars.",
        "The list “Ticks in one footprint row” sets the rows; Auto says what it is at present.",
        "The buttons Bid × ask, Delta, Volume, Profile and Candles change what the bars show.",
    ),
    *_chart(
        "controls",
        "test_chart_page::test_buttons_of_the_header",
        "“Draw a line”, “Draw a rectangle” and “Erase a drawing” take a tool, and put it away when pressed again.",
        "The button “Studies and settings” opens the drawer.",
        "The button “Dark or light” changes the theme.",
        "The button “Keyboard shortcuts” opens the help.",
    ),
    *_chart(
        "controls",
        "test_chart_hands::test_erase_clear_and_undo",
        "“Clear all drawings” takes all drawings of the symbol away.",
    ),
    *_chart(
        "controls",
        "test_chart_page::test_png_and_csv_are_exported",
        "The menu Export has Bars (CSV), Footprint (CSV) and Ticks (CSV) of what is shown.",
    ),
    *_chart(
        "controls",
        "test_chart_page::test_buttons_of_the_header",
        "The menu Export has Picture (PNG), which saves the chart.",
    ),
    *_chart(
        "controls",
        "test_chart_hands::test_go_live_is_offered_after_panning_back",
        "“Go live ⇥” is there when the reader has gone back, and follows the newest bar again.",
    ),
    *_chart(
        "controls",
        "test_chart_hands::test_price_axis_scales_by_dragging_and_double_click_fits_again",
        "“Auto price” is there when prices no longer fit by themselves.",
        "A drag on the price axis scales prices.",
        "A double click on the chart fits prices again.",
    ),
    *_chart(
        "controls",
        "test_chart_hands::test_wheel_and_axes",
        "“Auto price” fits prices again.",
        "A drag on the time axis scales time.",
        "A double click on the time axis goes live.",
        "The wheel with Alt, and the wheel over the price axis, zoom prices.",
        "The wheel with Shift moves in time.",
    ),
    *_chart(
        "controls",
        "test_chart_hands::test_wheel_zooms_time_and_keeps_following",
        "The wheel zooms time, and the newest bar stays where it is while the chart is live.",
    ),
    *_chart(
        "controls",
        "test_chart_hands::test_zoom_and_a_drawn_line_survive_updates",
        "A drag moves the chart; view and drawings stay while ticks come in.",
    ),
    *_chart(
        "controls",
        "test_chart_hands::test_dragging_continues_over_updates",
        "A chart that is held while bars come stays under the hand.",
    ),
    *_chart(
        "controls",
        "test_chart_hands::test_a_drawn_line_can_be_moved",
        "A drawing can be moved with the mouse.",
    ),
    *_chart(
        "controls",
        "test_chart_hands::test_overview_moves_the_window",
        "A drag of the window in the overview moves the chart.",
    ),
    *_chart(
        "controls",
        "test_chart_hands::test_the_overview_by_keys_and_by_its_edges",
        "A drag of the window's edge in the overview zooms.",
        "A click beside the window in the overview moves it there.",
    ),
    *_chart(
        "controls",
        "test_chart_page::test_hovering_shows_the_cell",
        "The pointer reads a cell: price, bid, ask, delta, volume, and the bar's figures.",
    ),
    *_chart(
        "controls",
        "test_chart_server::test_empty_server_gets_a_hint_and_replays_the_sample",
        "“Replay the sample” replays the sample and shows its symbol.",
    ),
    *_chart(
        "controls",
        "test_chart_page::test_the_chart_of_an_unknown_symbol_offers_a_command_and_links",
        "The command for a CSV of one's own names symbol and server.",
    ),
    *_chart(
        "controls",
        "test_chart_page::test_the_chart_of_an_unknown_symbol_offers_a_command_and_links",
        "Copy copies the command and says “Copied.”.",
    ),
    # settings
    *_chart(
        "dialogs",
        "test_chart_page::test_settings_change_the_definitions_in_force",
        "Settings: the definitions in force stand at the top in words, and follow the fields.",
        "Settings: Imbalance ratio marks the bars anew, and is kept over a reload.",
    ),
    *_chart(
        "dialogs",
        "test_chart_page::test_every_setting_is_kept",
        "Settings: Point of control, Value area, Diagonal imbalance, Stacked zones, Unfinished auctions are switches.",
        "Settings: VWAP and VWAP bands are switches.",
        "Settings: Volume profile is Visible range, Session or Off.",
        "Settings: the panes Bar figures, Delta and Cumulative delta can be shown each.",
        "Settings: Cumulative delta is drawn as Candles or Line.",
        "Settings: “Least volume of an imbalance” can be set.",
        "Settings: “Counts against an empty other side” is a switch.",
        "Settings: “Ticks that make a stacked zone” can be set.",
        "Settings: “Value area, % of volume” changes the definitions in the legend; “Value area grows by” can be set.",
        "Settings: Colours are Blue – orange or Green – red.",
        "Settings: Times are in UTC or Local time.",
        "Settings: “Numbers beside the pointer” switches the card at the pointer.",
        "Settings: the chart can be used while the drawer is open.",
    ),
    *_chart(
        "dialogs",
        "test_chart_page::test_invalid_setting_is_reported_at_its_field",
        "Settings: a field whose value makes no sense says why, and its definition stays.",
    ),
    *_chart(
        "dialogs",
        "test_chart_page::test_activity_bars_of_any_measure",
        "Settings: bars cut by Trades, Volume, Range or Delta of any number are shown by Show.",
    ),
    *_chart(
        "dialogs",
        "test_chart_page::test_buttons_of_the_header",
        "Help: mouse and touch are explained below the keys.",
    ),
    # what the browser keeps, theme
    *_chart(
        "theme",
        "test_chart_page::test_theme_follows_the_system_until_it_is_chosen",
        "The page follows the system until the reader chooses; the choice is kept over a reload.",
    ),
    *_chart(
        "theme",
        "test_chart_page::test_every_setting_is_kept",
        "All settings are kept in the browser, over a reload.",
    ),
    *_chart(
        "theme",
        "test_chart_hands::test_drawings_persist_over_a_reload_and_in_another_frame",
        "Drawings are kept in the browser by symbol, and stand at their time and price in every frame.",
    ),
    *_chart(
        "theme",
        "test_chart_hands::test_a_drawing_of_another_tab_is_shown",
        "A drawing made in another tab is shown here at once.",
    ),
    # links
    *_chart(
        "links",
        "test_chart_links::test_a_copied_address_shows_the_same_in_a_new_browser",
        "The address has the options, definitions and drawings in force, and shows the same in another browser.",
        "The address of a zoomed live chart shows as many of the newest bars.",
    ),
    *_chart(
        "links",
        "test_chart_links::test_a_range_older_than_memory_is_shown_and_its_address_stays",
        "A range in the address that is older than the bars in memory is read from the log.",
    ),
    *_chart(
        "links",
        "test_chart_links::test_an_old_link_without_rows_leaves_the_readers_own_options",
        "An address without rows leaves the reader's own options in force; any other has those that it names.",
    ),
    *_chart(
        "links",
        "test_chart_links::test_definitions_of_a_link_that_make_no_sense_are_said",
        "Definitions in the address that make no sense are said, and left at their defaults.",
    ),
    *_chart(
        "links",
        "test_chart_links::test_back_and_forward_between_the_first_bars_and_another_frame",
        "Back and forward show older bars again.",
    ),
    *_chart(
        "links",
        "test_chart_page::test_address_of_a_range_shows_that_range",
        "symbol, frame, rows, panes, from, to and price in the address show that view.",
    ),
    *_chart(
        "links",
        "test_chart_page::test_address_holds_the_view_and_back_takes_steps_back",
        "The address follows symbol, frame and mode, and the browser's back and forward take steps.",
    ),
    *_chart(
        "links",
        "test_chart_hands::test_go_live_is_offered_after_panning_back",
        "The address has the range shown while the chart is not live.",
    ),
    *_chart(
        "links",
        "test_chart_page::test_the_chart_of_an_unknown_symbol_offers_a_command_and_links",
        "The empty chart leads to a simulated instrument, to the herd game, and to all routes and formats.",
    ),
    # readers
    *_chart(
        "readers",
        "test_chart_links::test_unknown_names_are_said_and_nothing_is_drawn",
        "An unknown frame or symbol in the address is said, with those that there are; nothing is drawn in its place.",
    ),
    *_chart(
        "readers",
        "test_chart_page::test_buttons_of_the_header",
        "The drawing tools say by aria-pressed which is in hand.",
        "The buttons with icons have names.",
    ),
    *_chart(
        "readers",
        "test_chart_page::test_texts_for_screen_readers",
        "The chart and its overview are named and say which keys they take.",
        "Announcements are a polite live region.",
        "Symbol, Time frame, “What the bars show” and “Ticks in one footprint row” are named.",
        "The statistics and the drawing tools are named groups.",
    ),
    # reconnecting
    *_chart(
        "reconnect",
        "test_chart_server::test_unreachable_server_is_reported_and_a_restarted_one_followed",
        "A lost server is told in a banner with the role alert; the last picture stays.",
        "A restarted server is taken up by itself, said as “The server is back.”, and drawings stay.",
    ),
    *_chart(
        "reconnect",
        "test_chart_server::test_reset_symbol_leaves_an_empty_chart_that_fills_again",
        "A symbol that is reset leaves an empty chart, which fills again.",
    ),
    # states
    *_chart(
        "states",
        "test_chart_reach::test_home_shows_the_first_bar_and_end_the_newest",
        "Beside the overview stands which of all bars it shows.",
    ),
    *_chart(
        "states",
        "test_chart_reach::test_panning_over_the_whole_log_shows_every_bar_once_and_in_order",
        "Bars before and after those held are read from the log as the chart is moved there.",
    ),
    *_chart(
        "states",
        "test_chart_reach::test_bars_that_are_being_counted_are_said_and_asked_for_again",
        "While the bars of an activity frame are counted, the page says so.",
    ),
    *_chart(
        "states",
        "test_chart_reach::test_bars_that_cannot_be_read_are_said",
        "Older bars that cannot be read are announced, and the chart stays where it is.",
    ),
    *_chart(
        "states",
        "test_chart_reach::test_ticks_come_in_beside_older_bars_without_a_gap",
        "Ticks that come in while older bars are shown make no gap; price and counts go on.",
    ),
    *_chart(
        "dialogs",
        "test_chart_reach::test_a_date_is_gone_to_and_one_outside_says_what_there_is",
        "Go to a date: a date outside the data says from when to when there are trades.",
        "Go to a date: a text that is no date is said to be none.",
    ),
    *_chart(
        "touch",
        "test_chart_reach::test_a_phone_goes_to_a_date",
        "The button “Go to a date” beside the overview opens the dialog.",
    ),
    *_chart(
        "states",
        "test_chart_page::test_page_draws_footprint_cells_of_both_sides",
        "Cells of bought and sold volume are drawn, with an overview of all bars.",
    ),
    *_chart(
        "states",
        "test_chart_page::test_first_view_is_what_can_be_read_of_the_last_thirty_minutes",
        "The first view shows the last thirty minutes, or the newest bars whose numbers can be read, and says so.",
    ),
    *_chart(
        "states",
        "test_chart_rows::test_rows_set_by_hand_are_kept_for_their_instrument",
        "Rows set by hand are kept for their instrument, in every frame and after a reload.",
    ),
    *_chart(
        "states",
        "test_chart_rows::test_address_has_the_rows_and_a_link_shows_them",
        "The address names the rows that are shown, and a link shows them.",
    ),
    *_chart(
        "states",
        "test_chart_rows::test_session_profile_is_that_of_the_whole_session",
        "The profile of the session holds all its trades.",
    ),
    *_chart(
        "states",
        "test_chart_page::test_title_legend_and_statistics_say_what_is_shown",
        "The window's title has price, direction and symbol.",
        "The legend says symbol, frame, mode, row size and the definitions in force.",
        "The foot says ticks, candles, range, rate, last, late, duplicates, rejected, audit and how sides were found.",
    ),
    *_chart(
        "states",
        "test_chart_page::test_trades_that_share_an_id_are_counted_at_the_foot",
        "Different trades with one id are counted at the foot, when there are any.",
    ),
    *_chart(
        "states",
        "test_chart_hands::test_follow_goes_with_the_newest_bar",
        "A live chart goes along with the newest bar.",
    ),
    *_chart(
        "states",
        "test_chart_page::test_activity_bars_are_drawn",
        "Bars cut by volume are drawn.",
    ),
    *_chart(
        "states",
        "test_chart_server::test_evicted_bars_are_loaded_when_panning_back",
        "Older bars are read when the reader moves back beyond those held.",
    ),
    *_chart(
        "states",
        "test_chart_server::test_empty_server_gets_a_hint_and_replays_the_sample",
        "Without ticks the page says “No ticks yet”, and what to do.",
    ),
    *_chart(
        "states",
        "test_chart_page::test_the_chart_of_an_unknown_symbol_offers_a_command_and_links",
        "A symbol without ticks says “No ticks of NAME yet”.",
    ),
    # files
    *_chart(
        "dialogs",
        "test_chart_files::test_a_file_is_dropped_asked_about_changed_loaded_and_shown",
        "A file that is dropped on the page is sent, and a dialog says how it is understood and what is in it.",
        "The question of a file that is not read has the field that answers it; by the keyboard too.",
        "Another role for a column makes the report anew.",
        "O lets a file be chosen.",
        "“Load N ticks” loads them once, and the page goes to their symbol and time.",
    ),
    *_chart(
        "dialogs",
        "test_chart_files::test_a_file_that_is_chosen_and_cancelled_is_gone",
        "“Open a file of ticks” lets one or several files be chosen, on a phone too.",
        "“Cancel” ends what is done with a file, and removes it from the server.",
    ),
    # touch
    *_chart(
        "touch",
        "test_chart_phone::test_one_finger_moves_and_two_zoom",
        "One finger moves the chart, two zoom it.",
    ),
    *_chart(
        "touch",
        "test_chart_phone::test_a_tap_reads_the_bar",
        "A tap reads the bar.",
    ),
    *_chart(
        "touch",
        "test_chart_phone::test_long_press_shows_the_cell_and_two_fingers_scale_prices",
        "A finger that is held reads the cells that it moves over.",
        "Two fingers one above the other zoom prices.",
    ),
    *_chart(
        "touch",
        "test_chart_phone::test_controls_unfold_and_work",
        "“All controls” unfolds the controls of a phone; a tool folds them in again.",
    ),
    *_chart(
        "touch",
        "test_chart_phone::test_nothing_scrolls_sideways",
        "On a phone nothing scrolls.",
    ),
    *_chart(
        "touch",
        "test_chart_phone::test_axes_are_readable",
        "On a phone the axes have few labels of 12 px.",
    ),
)
