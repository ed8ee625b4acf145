"""A failure is said in the language of the run, and what to do is found by English words all the same."""

from __future__ import annotations

import pytest

from goneaway_tui.i18n import english
from goneaway_tui.model.server import Flavour
from goneaway_tui.source.capabilities import LIMITATIONS
from goneaway_tui.source.connection import CLOSED_UNGREETED
from goneaway_tui.source.explanations import explain_error
from goneaway_tui.source.sockets import NO_TUNNEL, Address
from tests.tongues import Bracketed, spoken, unsaid


@pytest.mark.parametrize(
    ("reason", "hint"),
    [
        ("timed out", "a firewall may drop the packets; check host and port, or raise --connect-timeout"),
        (NO_TUNNEL, "start goneaway-tui again: ssh can then ask for a password or a host key"),
        ("the name has no address", "check the host name (-h)"),
        (CLOSED_UNGREETED, "check that the server listens there, as seen from the machine of --ssh"),
    ],
)
def test_internal_reason_is_shown_with_its_remedy(reason: str, hint: str) -> None:
    with spoken(Bracketed()):
        error = explain_error(Address(via="/run/way"), 2003, reason)

    assert "; " == unsaid(error.line)
    assert f"⟦{reason}⟧" in str(error)
    assert hint == english(error.hint)


def test_server_messages_are_not_translated() -> None:
    with spoken(Bracketed()):
        error = explain_error(Address(), 1040, "Too many connections")

    assert "Too many connections (1040)" in unsaid(str(error))
    assert not unsaid(error.hint)


@pytest.mark.parametrize("flavour", Flavour)
def test_limitations_are_english_until_they_are_shown(flavour: Flavour) -> None:
    with spoken(Bracketed()):
        assert not any("⟦" in f"{what}{why}{grant}" for *_probes, what, why, grant in LIMITATIONS[flavour])
