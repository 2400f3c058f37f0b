"""E-mails that are no alerts: sent in a thread of their own, and nowhere where no server is set."""

from __future__ import annotations

from collections.abc import Mapping

from orderflow.runtime.clock import SystemClock
from orderflow.runtime.workers import Workers
from orderflow.settings.delivery import DeliverySettings
from orderflow.tickers.delivery.kinds import Kind, make_kinds
from orderflow.tickers.delivery.letters import mail_by
from orderflow.tickers.delivery.outcome import NotSent, Outcome
from orderflow.tickers.delivery.parcel import Parcel


def test_an_e_mail_is_sent_beside_the_caller(workers: Workers) -> None:
    sent: list[tuple[str, str, str]] = []
    done = workers.event()

    def send(values: Mapping[str, str], parcel: Parcel) -> Outcome:
        sent.append((values["to"], parcel.title, parcel.text))
        done.set()
        return Outcome(True)

    mail = mail_by(Kind("email", "E-mail", (), send), workers, SystemClock())
    assert mail is not None
    mail("ann@example.org", "Your password", "a code")
    assert done.wait(30)
    assert sent == [("ann@example.org", "Your password", "a code")]


def test_one_that_cannot_be_sent_is_counted_and_fails_nobody(workers: Workers) -> None:
    tried = workers.event()

    def send(values: Mapping[str, str], parcel: Parcel) -> Outcome:
        tried.set()
        raise NotSent("no connection")

    mail = mail_by(Kind("email", "E-mail", (), send), workers, SystemClock())
    assert mail is not None
    mail("ann@example.org", "", "")
    assert tried.wait(30)
    workers.stop(30)
    assert workers.errors() == {"an e-mail of an account: NotSent": 1}


def test_without_a_server_there_is_none(workers: Workers) -> None:
    assert mail_by(make_kinds(DeliverySettings())["email"], workers, SystemClock()) is None
