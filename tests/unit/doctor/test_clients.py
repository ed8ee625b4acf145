"""Every client says the same of one error, in its own form: `clients.tsv` has the forms, each read with every message."""

from __future__ import annotations

from pathlib import Path

import pytest

from goneaway_tui.doctor.case import Case
from goneaway_tui.doctor.diagnosis import diagnose
from goneaway_tui.logs.client_log import find_error_events
from goneaway_tui.model.cause import Cause, Certainty

FORMS = [
    line.split("\t")
    for line in (Path(__file__).parent / "clients.tsv").read_text(encoding="utf-8").splitlines()[1:]
]
MESSAGES = {
    2006: ("MySQL server has gone away", None),
    2013: ("Lost connection to MySQL server during query", None),
    4031: (
        (
            "The client was disconnected by the server because of inactivity. See wait_timeout and interactive_timeout "
            "for configuring this behavior."
        ),
        Cause.IDLE_TIMEOUT,
    ),
    1040: ("Too many connections", Cause.TOO_MANY_CONNECTIONS),
    1153: ("Got a packet bigger than 'max_allowed_packet' bytes", Cause.PACKET_TOO_LARGE),
    1053: ("Server shutdown in progress", Cause.SERVER_RESTART),
}
"""Errors, and the cause that each names."""


@pytest.mark.parametrize("number", MESSAGES)
@pytest.mark.parametrize(("client", "form"), [row[1:] for row in FORMS], ids=[row[0] for row in FORMS])
def test_an_error_is_found_once_with_its_client_and_cause(client: str, form: str, number: int) -> None:
    message, cause = MESSAGES[number]
    (event,) = find_error_events([form.format(number=number, message=message).encode()], now=1_795_478_400.0)
    first = diagnose(Case(event))[0]

    assert (number, client) == (event.code, event.client.name or "-")
    assert (Certainty.CONFIRMED if cause else None) == (
        first.certainty if first.certainty is Certainty.CONFIRMED else None
    )
    assert cause in {None, first.cause}


def test_there_are_sixty_forms() -> None:
    assert len(FORMS) >= 60
    assert len({row[1] for row in FORMS}) >= 60
