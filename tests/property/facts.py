"""Whatever a server can say, as Hypothesis strategies."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from goneaway_tui.model.sample import Sample
from goneaway_tui.model.server import Flavour, Server, Variable
from goneaway_tui.model.session import ProcesslistId, Role, Session, Transaction
from goneaway_tui.model.snapshot import RiskThresholds
from tests.builders import NOW

BOUNDED = {
    "wait_timeout": 1,
    "connect_timeout": 2,
    "idle_transaction_timeout": 0,
    "idle_write_transaction_timeout": 0,
    "idle_readonly_transaction_timeout": 0,
}
"""The globals a limit can come from, and the least each can be."""

texts = st.sampled_from(["", "shop", "Shop", "etl", "SELECT 1", "web-3:51234", "::1", "ß", "商店"]) | st.text(
    max_size=6
)
maybe_texts = st.sampled_from([None, "", "shop", "SELECT 1"]) | texts
counts = st.none() | st.integers(0, 2**64 - 1)
few_seconds = st.integers(0, 100)
seconds = few_seconds | st.integers(0, 31_536_000)
ages = st.floats(0, 200) | st.floats(0, 4e7)
transactions = st.builds(
    Transaction, st.none() | ages.map(lambda age: NOW - age), counts, counts, st.booleans()
)
policies = st.builds(RiskThresholds, st.floats(0, 1e6), st.floats(0, 1e6))

PEOPLE = (
    Session(
        ProcesslistId(1), "shop", "web-3:51234", "shop", "Sleep", None, "SELECT 1", "gunicorn", "libmysql 9.7"
    ),
    Session(ProcesslistId(1), "Shop", "WEB-4:51234", None, "Sleep", "", "select 1", "gunicorn", None),
    Session(
        ProcesslistId(1),
        "etl",
        "::1",
        "dw",
        "Query",
        "Sending data",
        "INSERT INTO fact VALUES (1)",
        None,
        None,
    ),
    Session(ProcesslistId(1), "unauthenticated user", "10.0.0.7", None, "Connect", None, None, None, None),
    Session(ProcesslistId(1), "", "", "", "", "", "", "", ""),
    Session(ProcesslistId(1), "ß\u0130", "商店:1", "-", "Killed", ":", '"', "=", ">"),
)
sessions = st.builds(
    replace,
    st.sampled_from(PEOPLE),
    id=st.integers(0, 99).map(ProcesslistId) | st.integers(0, 2**64 - 1).map(ProcesslistId),
    command=st.sampled_from(["Sleep", "Sleep", "Query", "Daemon", "Binlog Dump"]),
    role=st.sampled_from([Role.CLIENT, Role.CLIENT, *Role]),
    own=st.sampled_from([False, False, True]),
    idle_since=st.none() | ages.map(lambda age: NOW - age),
    idle_within=st.sampled_from([0.0, 1.0, 60.0]),
    own_limit=st.none() | seconds,
    transaction=st.none() | transactions,
)
strangers = st.builds(
    replace,
    sessions,
    user=texts,
    host=texts,
    db=maybe_texts,
    command=texts,
    state=maybe_texts,
    statement=maybe_texts,
    program=maybe_texts,
    client=maybe_texts,
)
"""Sessions whose every text is anything."""
idle_clients = st.builds(
    replace,
    sessions,
    command=st.just("Sleep"),
    role=st.just(Role.CLIENT),
    own=st.just(False),
    idle_since=ages.map(lambda age: NOW - age),
)


@st.composite
def variables(draw: st.DrawFn) -> tuple[Variable, ...]:
    """Some of the globals, some of them without a value."""
    return tuple(
        Variable(name, draw(st.none() | st.integers(least, 100) | seconds.map(lambda each: each + 2)))
        for name, least in BOUNDED.items()
        if draw(st.booleans())
    )


servers = st.builds(
    Server,
    st.sampled_from(Flavour),
    st.just("1"),
    st.sampled_from(["9.7.4", "11.8.3-MariaDB"]),
    st.none(),
    st.none(),
    uptime=st.floats(0, 1e8),
)


@st.composite
def samples(draw: st.DrawFn, of: st.SearchStrategy[Session] = sessions) -> Sample:
    crowd = draw(st.lists(of, max_size=4, unique_by=lambda session: session.id))
    return Sample(NOW, draw(servers), tuple(crowd), draw(variables()))
