"""What can be done at /account/."""

from __future__ import annotations

from functools import partial

from tests.browser.inventory.row import rows

_account = partial(rows, "/account/")

ACCOUNT = (
    *_account(
        "controls",
        "test_accounts::test_somebody_registers_adds_a_passkey_and_an_app_and_logs_in_with_them",
        "Somebody registers and is logged in; what is wrong is said at its field, and Enter sends a form.",
        "A passkey is added, logs in alone, and is asked for after a password.",
        "An authenticator app begins with a QR code; recovery codes are shown once.",
        "Sessions are listed and ended, also all others at once.",
        "Logging out shows the forms again.",
        "A form, and the button of a passkey, is sent once until its answer has come.",
    ),
    *_account(
        "links",
        "test_accounts::test_the_code_of_an_e_mail_is_taken_out_of_the_address",
        "The link of an e-mail opens the form for a new password with its code, which does not stay in the address.",
    ),
    *_account(
        "reconnect",
        "test_accounts::test_a_lost_server_is_said_and_a_form_can_be_sent_again",
        "A server that cannot be reached is said; when it is back, what was lost is sent again.",
    ),
    *_account(
        "touch",
        "test_accounts::test_a_light_phone_has_no_width_to_scroll_and_buttons_that_can_be_read",
        "On a phone the page is as wide as the screen.",
    ),
)
