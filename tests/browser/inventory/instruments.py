"""The simulated instruments: what can be done at /instruments/."""

from __future__ import annotations

from functools import partial

from tests.browser.inventory.row import rows

_ix = partial(rows, "/instruments/")

INSTRUMENTS = (
    # keys
    *_ix(
        "keys",
        "test_instruments::test_search_finds_by_id_name_and_model",
        "/ puts the focus into the field “Search id, name, model”.",
        "Escape in the search empties it.",
    ),
    *_ix(
        "keys",
        "test_instruments::test_keys_and_buttons_of_the_page",
        "Escape in an empty search leaves it.",
        "Enter in the search goes to the instruments, as ↓ does: to the one last at, else the first.",
        "S opens the dialog Scenarios.",
        "N changes between dark and light.",
        "= is faster, as + is.",
        "Keys do nothing while a text is typed, in a dialog, or with Ctrl, Alt or Cmd.",
        "Page Down and Page Up go on and back by a screenful of instruments.",
    ),
    *_ix(
        "keys",
        "test_instruments::test_keys_move_between_the_cards_and_open_one",
        "↓ in the search goes to the first instrument.",
        "← and → go from instrument to instrument, ↑ and ↓ from row to row.",
        "Home and End go to the first and to the last instrument.",
        "Enter opens the focused instrument.",
        "Escape closes a dialog, and the focus is where it was.",
        "Tab reaches the instruments as one stop.",
    ),
    *_ix(
        "keys",
        "test_instruments::test_pause_and_speed",
        "P pauses the simulation, and lets it go on.",
        "+ is one step faster, - one step slower: 0.1 to 100×.",
    ),
    *_ix(
        "keys",
        "test_instruments_dialogs::test_quiz_to_the_end_by_keys",
        "Q opens the quiz.",
        "In the quiz 1 or R guesses real, 2 or F fake.",
        "In the quiz Enter goes on to the next question.",
    ),
    *_ix(
        "keys",
        "test_instruments_dialogs::test_quiz_by_mouse_and_without_an_answer",
        "In the quiz N goes on to the next question, as Enter does.",
    ),
    *_ix(
        "keys",
        "test_instruments::test_help_lists_the_keys",
        "? opens the dialog “Keyboard and definitions”, which lists every key.",
    ),
    *_ix(
        "keys",
        "test_instruments_detail::test_the_price_chart_is_zoomed_and_read_by_keys",
        "On the chart of an instrument ← and → move the crosshair along the prices; with Shift by ten.",
        "On the chart Page Up and Page Down move the crosshair by twenty prices.",
        "On the chart Home and End move the crosshair to the first and to the last price.",
    ),
    # controls
    *_ix(
        "controls",
        "test_instruments::test_search_finds_by_id_name_and_model",
        "The search finds by id, name and model, several words at once, and says “1 of 14”.",
    ),
    *_ix(
        "controls",
        "test_instruments::test_sort_orders",
        "The list Sort orders by Id; Name; Price, Change or Volatility, highest first.",
    ),
    *_ix(
        "controls",
        "test_instruments::test_keys_and_buttons_of_the_page",
        "The button “Show all” empties a search that has found nothing.",
        "The header's button “Real or fake?” opens the quiz.",
        "The header's button “Dark or light” changes the theme.",
        "The header's button “Keyboard and definitions” opens the help.",
        "The slider Speed sets the speed, and says it beside: “5×”.",
    ),
    *_ix(
        "controls",
        "test_instruments::test_pause_and_speed",
        "The button Pause pauses the simulation; it then says Start.",
    ),
    *_ix(
        "controls",
        "test_instruments_dialogs::test_restart_asks_and_takes_a_seed",
        "The button “Restart …” opens the dialog “Restart the simulation”.",
    ),
    *_ix(
        "controls",
        "test_instruments_dialogs::test_bundled_and_custom_scenarios",
        "The button “Scenario …” opens the dialog Scenarios.",
    ),
    *_ix(
        "controls",
        "test_instruments_dialogs::test_running_scenario_is_shown",
        "The button of the scenarios names the one that plays, and how far it is: “Flash crash · 0:03 of 5:50”.",
    ),
    *_ix(
        "controls",
        "test_instruments_detail::test_dialog_opens_with_history_and_updates",
        "A click on an instrument opens its dialog.",
    ),
    # dialog of one instrument
    *_ix(
        "dialogs",
        "test_instruments_detail::test_dialog_opens_with_history_and_updates",
        "Instrument: price and change since the start move live, and the chart grows.",
        "Instrument: the crosshair follows the mouse and the line below reads time, price and change.",
        "Instrument: the crosshair goes away with the mouse.",
        "Instrument: the model card names meaning and source of the model.",
        "Instrument: the state of its own line is said: Live.",
    ),
    *_ix(
        "dialogs",
        "test_instruments_detail::test_the_price_chart_is_zoomed_and_read_by_keys",
        "Instrument: a drag over the chart zooms in; the zoom survives new prices.",
        "Instrument: a double click shows all prices again.",
    ),
    *_ix(
        "dialogs",
        "test_instruments_detail::test_too_few_returns_are_reported_before_the_facts",
        "Instrument: before there are 200 returns the stylised facts say how many there are.",
        "Instrument: seven stylised facts are listed with value, band, theory and “✓ fits” or “✗ does not fit”.",
    ),
    *_ix(
        "dialogs",
        "test_instruments_detail::test_an_order_book_has_a_quote",
        "Instrument: one with an order book shows bid, ask and spread.",
        "Instrument: with an order book the facts are “not checked”, and there is no law of arrivals to choose.",
    ),
    *_ix(
        "dialogs",
        "test_instruments_detail::test_invalid_and_valid_edit_of_a_parameter",
        "Model: Apply is disabled until something differs.",
        "Model: another price model brings its own parameters.",
        "Model: what the server refuses is told at each field, and the first one has the focus.",
        "Model: Enter in a field applies.",
        "Model: a decimal comma is understood.",
        "Model: a seed of 19 digits stays exact.",
        "Model: warnings, as of Feller's condition, are shown and do not stop anything.",
        "Model: the page shows the new model at the instrument.",
        "Model: “Take all changes back” asks “Really? It begins anew” and restores the settings' model.",
    ),
    *_ix(
        "dialogs",
        "test_instruments_detail::test_typed_text_survives_an_update_of_the_card",
        "Model: what is typed stays while the card is read anew.",
        "Model: Discard brings the instrument's values back.",
    ),
    *_ix(
        "dialogs",
        "test_instruments_detail::test_the_form_of_a_model",
        "Model: each parameter has its unit, its meaning, its range and its default.",
        "Model: Order book takes the law of arrivals away and brings the book's parameters.",
        "Model: another law, “Arrivals of trades”, brings its own parameters.",
        "Model: Name, Interval, Initial price, Seed, Group and Correlation can be edited.",
        "Model: a new name is applied, said as “ID: Changed.”, and stands in the title and at the instrument.",
        "Model: “Take all changes back” is harmless again when the focus leaves it.",
    ),
    # dialog of the restart
    *_ix(
        "dialogs",
        "test_instruments_dialogs::test_restart_asks_and_takes_a_seed",
        "Restart: the button Restart begins anew with the seed that was typed, and closes the dialog.",
        "Restart: an invalid seed is refused in the dialog.",
    ),
    *_ix(
        "dialogs",
        "test_instruments_dialogs::test_restart_by_enter_dice_and_cancel",
        "Restart: the field Seed has the present seed.",
        "Restart: “Another seed” puts a random number there.",
        "Restart: Cancel closes without a restart.",
        "Restart: Enter in the field restarts, and “Restarted with seed …” is said.",
    ),
    # dialog of the scenarios
    *_ix(
        "dialogs",
        "test_instruments_dialogs::test_bundled_and_custom_scenarios",
        "Scenarios: Play plays a bundled one.",
        "Scenarios: “■ Stop” ends what plays.",
        "Scenarios: “Play this” plays what was typed, TOML or JSON.",
        "Scenarios: everything wrong in it is listed by event and field, with what may have been meant.",
        "Scenarios: “From a file …” reads a file.",
    ),
    *_ix(
        "dialogs",
        "test_instruments_dialogs::test_custom_scenario_from_example_drop_or_nothing",
        "Scenarios: “An example” writes one into the field.",
        "Scenarios: a file dropped on the field is read.",
        "Scenarios: a file above 1 MiB is refused.",
        "Scenarios: “Play this” without a text says that there is nothing to play.",
    ),
    *_ix(
        "dialogs",
        "test_instruments_dialogs::test_running_scenario_is_shown",
        "Scenarios: bundled ones are listed with title, description and length.",
        "Scenarios: what plays is said at the top: “Plays: …”, else “No scenario plays.”.",
    ),
    # quiz and help
    *_ix(
        "dialogs",
        "test_instruments_dialogs::test_quiz_to_the_end_by_keys",
        "Quiz: ten questions; after each guess it says right or wrong, a hint, and the source.",
        "Quiz: the score says how many were right.",
        "Quiz: “Play again” begins another one.",
    ),
    *_ix(
        "dialogs",
        "test_instruments_dialogs::test_quiz_by_mouse_and_without_an_answer",
        "Quiz: the buttons Real and Fake guess, Next goes on.",
        "Quiz: closed and opened again it is at the same question.",
        "Quiz: “Question 1 of 10” and “0 right” count along.",
        "Quiz: when the server gives no quiz it says why, and “Try again” asks once more.",
    ),
    *_ix(
        "dialogs",
        "test_instruments::test_help_lists_the_keys",
        "Help: the marks on the cards are explained.",
    ),
    # readers
    *_ix(
        "readers",
        "test_instruments::test_texts_for_screen_readers",
        "The search is named “Search by id, name or model” in the search region “Find instruments”.",
        "How many are found is told in a polite live region.",
        "The group Simulation has the state of the line in a status.",
        "The slider of the speed says “5 times real time”.",
        "Pause says by aria-pressed whether the simulation is paused.",
        "The list of instruments says how its keys work.",
        "The chart of an instrument is named and says that arrow keys move the crosshair.",
        "The model card and the prices are named regions.",
        "The status line has the name “State of the simulation”.",
        "Close buttons of dialogs are named Close.",
    ),
    *_ix(
        "readers",
        "test_instruments::test_many_instruments_are_few_cards",
        "Each instrument says its place and how many there are, also where only few are in the document.",
    ),
    *_ix(
        "readers",
        "test_instruments_detail::test_invalid_and_valid_edit_of_a_parameter",
        "A field with an error says so by aria-invalid.",
    ),
    # theme
    *_ix(
        "theme",
        "test_pages::test_theme_is_shared_by_all_pages",
        "The theme follows the system until it is chosen; the choice holds on all pages and over a reload.",
    ),
    # reconnecting
    *_ix(
        "reconnect",
        "test_instruments_detail::test_killed_server_is_reported_and_the_table_and_the_line_restart",
        "A lost server is told in a banner: “No connection. These are the last prices …”.",
        "The page takes up a restarted server by itself, with its instruments.",
    ),
    *_ix(
        "reconnect",
        "test_instruments_detail::test_lost_server_is_reported_in_the_dialog",
        "The page says Reconnecting … while the device is offline, and “The server is back.” after it.",
        "The dialog of an instrument says Reconnecting …, and Live when it is back.",
    ),
    # links
    *_ix(
        "links",
        "test_instruments_detail::test_dialog_opens_with_history_and_updates",
        "“Order flow →” leads to the chart of the instrument, /chart/?symbol=ID.",
    ),
    *_ix(
        "links",
        "test_instruments::test_keys_and_buttons_of_the_page",
        "The help leads to the routes and sockets at /docs.",
    ),
    *_ix(
        "links",
        "test_instruments::test_a_viewer_sees_and_changes_nothing",
        "/instruments/?key=… lets the browser change things.",
    ),
    # states
    *_ix(
        "states",
        "test_instruments::test_cards_live",
        "Each instrument shows id, name, model, price, change with its sign, and a sparkline; all live.",
        "How many there are is said: “14 instruments”.",
        "An instrument with an order book is marked.",
    ),
    *_ix(
        "states",
        "test_instruments::test_summary_line",
        "The foot says instruments, steps, trades, skipped, lag, model time, speed and seed; halted where there are.",
    ),
    *_ix(
        "states",
        "test_instruments::test_search_finds_by_id_name_and_model",
        "A search without a match says “No id, name or model has “…” in it.”.",
    ),
    *_ix(
        "states",
        "test_instruments_dialogs::test_bundled_and_custom_scenarios",
        "A halted instrument is marked Halted, and the foot counts it.",
    ),
    *_ix(
        "states",
        "test_instruments::test_pause_and_speed",
        "The toolbar says Live or Paused.",
    ),
    *_ix(
        "states",
        "test_instruments::test_no_instruments",
        "A server without instruments says how to start one with some.",
    ),
    *_ix(
        "states",
        "test_instruments::test_many_instruments_are_few_cards",
        "600 instruments are shown with few elements; keys and search reach them all.",
    ),
    *_ix(
        "states",
        "test_instruments::test_a_viewer_sees_and_changes_nothing",
        "Without the key a change says how to open the page with it, and the button shows what is.",
    ),
    *_ix(
        "states",
        "test_instruments::test_a_viewer_sees_and_changes_nothing",
        "Without the key the foot says “view only”.",
    ),
    *_ix(
        "states",
        "test_instruments_detail::test_the_form_of_a_model",
        "The volatility of an instrument is shown as “σ … % a minute”.",
    ),
    # touch
    *_ix(
        "touch",
        "test_instruments::test_phone",
        "On a phone nothing scrolls sideways, and the dialog of an instrument is as wide as the screen.",
        "Taps open an instrument, close it, open the quiz and guess; the guesses are in reach and 44 px high.",
    ),
)
