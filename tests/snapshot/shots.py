"""Pictures of the screen: one row a picture, made from the simulated source with a held clock.

`python -m tests.snapshot.shots` writes them all to screenshots/; the tests compare.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta, timezone
from functools import cache, partial
from html import unescape
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from rich.cells import cell_len
from textual.pilot import Pilot
from textual.widgets import Input

from goneaway_tui import i18n
from goneaway_tui.errors import Unreachable
from goneaway_tui.i18n import ENGLISH, EnglishCatalogue, catalogue_of, set_language
from goneaway_tui.judge import track
from goneaway_tui.model.blocking import Lock, LockKind
from goneaway_tui.model.departure import Departure
from goneaway_tui.model.server import Flavour, Profile, ServerTopology, TopologyMember, TopologyRelation
from goneaway_tui.model.session import PastStatement, Session
from goneaway_tui.model.tuning import VariableState
from goneaway_tui.monitor.server_monitor import NO_KILL_POLICY, MonitorSpec
from goneaway_tui.source.simulated import SimulatedSource
from goneaway_tui.source.topology import DUMP_ADDRESS, ONLY_DUMP
from goneaway_tui.tune.journal import Journal
from goneaway_tui.tune.kill_rules import KillPolicy, KillRule
from goneaway_tui.ui.app import GoneawayApp
from goneaway_tui.ui.screens.connect import ConnectApp
from tests.builders import NOW, a_sample, a_session, a_transaction, a_wait
from tests.fakes import FakeExecutor, FakeServerDirectory
from tests.ui.stage import HeldClock, Scripted, an_app

SCREENSHOTS = Path(__file__).parents[2] / "screenshots"
ASK_OF_LOG = ("d", "slash", f"={Path(__file__).with_name('app.log')}", "enter")
"""Asks the doctor of a log."""
FONTS = "Fira Code, DejaVu Sans Mono, Menlo, Consolas, Noto Sans Mono CJK SC, PingFang SC, Microsoft YaHei"
CHINA = timezone(timedelta(hours=8))
"""The local time zone of the pictures that show one."""


@dataclass(frozen=True)
class Shot:
    """A picture's name, its size in cells, the keys that lead to it, and the app it is of."""

    name: str
    size: tuple[int, int]
    keys: tuple[str, ...] = ()
    """`=text` is no key: the text is put into the field that has the focus. `+text` are the keys of the text, one after the other."""
    app: Callable[[], GoneawayApp | ConnectApp] = field(default=an_app)
    seconds_later: float = 0.0
    """How far the clock is moved, without a new reading, before the picture is taken."""
    language: str = ENGLISH
    """A key of `language.LANGUAGES`."""


def lost() -> GoneawayApp:
    clock = HeldClock()
    seen = SimulatedSource(clock).sample()
    return an_app(
        Scripted(
            seen,
            Unreachable(
                "lost the connection to db-01:3306: Connection refused", "reconnecting automatically"
            ),
        ),
        clock,
    )


def mariadb() -> GoneawayApp:
    return an_app(flavour=Flavour.MARIADB)


def light() -> GoneawayApp:
    app = an_app()
    app.theme = "textual-light"
    return app


def tunable(color: str | None = None, kill_policy: KillPolicy = NO_KILL_POLICY) -> GoneawayApp:
    """One whose server can be changed; its journal is forgotten with the picture."""
    clock = HeldClock()
    seen = SimulatedSource(clock).sample()
    variables = {each.name: VariableState(each) for each in seen.variables}
    executor = FakeExecutor(sessions=seen.sessions, variables=variables)
    journal = Journal(Path(mkdtemp()) / "journal.jsonl", clock)
    return an_app(
        Scripted(seen), clock, executor=executor, journal=journal, color=color, kill_policy=kill_policy
    )


def with_rules() -> GoneawayApp:
    """A config file with rules: one that matches some sessions, one that matches too many, one for statements."""
    rules = (
        KillRule("idle-web", "program:gunicorn idle>30s -trx:yes", max_kills=100),
        KillRule("everybody-idle", "idle>1s", max_kills=5),
        KillRule("long-report", 'running>10m statement~"^select"', query=True),
    )
    return tunable(kill_policy=KillPolicy(rules, never_kill=("root", "backup@10.0.0.7")))


@cache
def departures_of_ten_minutes(_language: type) -> tuple[tuple[Departure, ...], ...]:
    """By the second, up to NOW. Their evidence is in the language of the run."""
    clock = HeldClock(NOW - 600)
    source = SimulatedSource(clock, started=NOW - 600)
    departures, previous = [], None
    for second in range(601):
        clock.now = NOW - 600 + second
        taken = track(source.sample(), previous)
        previous = taken.snapshot
        departures.append(taken.departed)
    return tuple(departures)


def busy_day() -> GoneawayApp:
    """One that has been looked at for ten minutes."""
    clock = HeldClock(NOW - 600)
    app = GoneawayApp([MonitorSpec(SimulatedSource(clock, 60))], clock, ticking=False, zone=CHINA)
    clock.now = NOW
    for departed in departures_of_ten_minutes(type(i18n._words)):
        app.ledger.add(departed)
    return app


def on_the_wall() -> GoneawayApp:
    """After ten minutes, large and calm."""
    app = busy_day()
    app._wall = True
    return app


def several_servers_on_the_wall() -> GoneawayApp:
    app = several_servers()
    app._wall = True
    return app


def picker() -> ConnectApp:
    return ConnectApp(
        FakeServerDirectory(
            Profile("prod-db1", "dba@db1.example.com:3306", "red", read_only=True),
            Profile("prod-db2", "dba@db2.example.com:3306 via dba@jump.example.com", "red"),
            Profile("staging", "dba@10.0.0.7:3307", "orange"),
            Profile("dev", "root@/run/dev/mysqld.sock", "green"),
        ),
        trouble="prod-db1: Access denied for user 'dba'@'10.0.0.4' (1045); check the password",
        previous="prod-db1",
    )


def form() -> ConnectApp:
    return ConnectApp(FakeServerDirectory())


def marked() -> GoneawayApp:
    """A server with a colour of its own."""
    return tunable(color="red")


def several_servers() -> GoneawayApp:
    """Three servers and one that is away."""
    clock = HeldClock()
    away = Unreachable("cannot connect to db4:3306: Connection refused (111)", "is it there?")
    flavours = (Flavour.MYSQL, Flavour.MARIADB, Flavour.MYSQL)
    sources = [SimulatedSource(clock, 40, seed, flavour=of) for seed, of in enumerate(flavours, 9)]
    subjects = [MonitorSpec(each, name=f"prod-db{number}") for number, each in enumerate(sources, 1)]
    return GoneawayApp(
        [*subjects, MonitorSpec(Scripted(away), name="prod-db4", color="red")], clock, ticking=False
    )


def named() -> GoneawayApp:
    """A server that names its source, two replicas and somebody who reads its binary log."""
    relatives = (
        TopologyMember(TopologyRelation.SOURCE, "10.0.0.4", 3306, "replication_connection_configuration"),
        TopologyMember(TopologyRelation.REPLICA, "db2.example.com", 3306, "SHOW REPLICAS"),
        TopologyMember(TopologyRelation.REPLICA, "10.0.0.7", 3306, "SHOW REPLICAS", DUMP_ADDRESS),
        TopologyMember(TopologyRelation.READER, "10.0.0.31", None, "Binlog Dump", ONLY_DUMP),
    )
    clock = HeldClock()
    subject = MonitorSpec(SimulatedSource(clock), read_topology=lambda: ServerTopology(relatives))
    return GoneawayApp([subject], clock, ticking=False)


def alike(color: str | None = None) -> GoneawayApp:
    """Three servers that can be changed, of which one allows less than the others, one read-only, and one away."""
    clock = HeldClock()
    journal = Journal(Path(mkdtemp()) / "journal.jsonl", clock)
    flavours = (Flavour.MYSQL, Flavour.MARIADB, Flavour.MYSQL, Flavour.MYSQL)
    subjects = []
    for number, flavour in enumerate(flavours, 1):
        seen = SimulatedSource(clock, 40, 8 + number, flavour=flavour).sample()
        variables = {each.name: VariableState(each) for each in seen.variables}
        executor = FakeExecutor(sessions=seen.sessions, variables=variables)
        executor.can = replace(executor.can, server_id=f"server-{number}")
        subjects.append(
            MonitorSpec(
                Scripted(seen),
                name=f"prod-db{number}",
                executor=executor if number < 4 else None,
                journal=journal,
                why_read_only="its profile is read-only",
                color=color,
            )
        )
    return GoneawayApp(subjects, clock, ticking=False)


def blocked(waiters: int = 40) -> GoneawayApp:
    """An import that was left open blocks a chain and many others; a report blocks a migration."""

    def waits(number: int, program: str, statement: str, for_seconds: float, **fields: Any) -> Session:
        return a_session(
            id=number,
            command="Query",
            program=program,
            statement=statement,
            host=f"10.0.0.{number % 9 + 1}:{50_000 + number}",
            busy_since=NOW - for_seconds,
            transaction=a_transaction(started=NOW - for_seconds, rows_modified=0),
            **fields,
        )

    change = "UPDATE orders SET state = 'paid' WHERE id = 4711"
    many = [waits(number, "gunicorn", change, 47 - number % 40) for number in range(4810, 4810 + waiters)]
    sessions = [
        a_session(
            id=4802,
            user="batch",
            host="10.0.0.7:41022",
            program="nightly-import",
            statement="SELECT COUNT(*) FROM orders",
            idle_for=252,
            transaction=a_transaction(started=NOW - 260, rows_modified=1_204, rows_locked=1_310),
        ),
        waits(4803, "gunicorn", change, 50, user="shop"),
        waits(4804, "gunicorn", "DELETE FROM cart WHERE id = 7", 31),
        waits(4805, "cron", "UPDATE cart SET n = 0", 12),
        *many,
        a_session(id=4790, user="report", program="metabase", idle_for=1_900, statement="SELECT * FROM stock",
                  transaction=a_transaction(started=NOW - 1_950, rows_modified=0, rows_locked=0)),
        waits(4791, "flyway", "ALTER TABLE stock ADD COLUMN place INT", 640, user="migrate"),
        waits(4792, "gunicorn", "SELECT * FROM stock WHERE id = 12", 300),
        *(a_session(id=number, idle_for=number % 90) for number in range(4700, 4712)),
    ]  # fmt: skip
    cart = Lock(LockKind.ROW, "shop.cart", "PRIMARY", "X,REC_NOT_GAP")
    stock = [Lock(LockKind.METADATA, "shop.stock", None, mode) for mode in ("EXCLUSIVE", "SHARED_READ")]
    lock_waits = (
        a_wait(4803, 4802, waited=50),
        a_wait(4804, 4803, waited=31, lock=cart, queue="row 2"),
        a_wait(4805, 4804, waited=12, lock=cart, queue="row 3"),
        *(a_wait(each.id, 4802, waited=47 - each.id % 40) for each in many),
        a_wait(4791, 4790, waited=640, lock=stock[0], queue="stock"),
        a_wait(4792, 4791, waited=300, lock=stock[1], queue="stock"),
    )
    clock = HeldClock()
    seen = a_sample(
        sessions,
        lock_waits=lock_waits,
        variables={"innodb_lock_wait_timeout": 300, "lock_wait_timeout": 86_400},
    )
    executor = FakeExecutor(sessions=sessions)
    journal = Journal(Path(mkdtemp()) / "journal.jsonl", clock)
    statements = (
        PastStatement("BEGIN", NOW - 260),
        PastStatement("INSERT INTO orders SELECT * FROM staging.orders", NOW - 259),
        PastStatement("UPDATE orders SET state = 'new' WHERE state IS NULL", NOW - 254),
        PastStatement("SELECT COUNT(*) FROM orders", NOW - 252.5),
    )
    spec = MonitorSpec(
        Scripted(seen), executor=executor, journal=journal, read_statements=lambda _session: statements
    )
    return GoneawayApp([spec], clock, ticking=False)


WAITS_BEGUN = 20.0
"""Seconds after its start at which sessions of the simulated server wait for a lock."""
MARK_ALL = ("m", *["space"] * 4)

SHOTS = (
    Shot("picker", (80, 24), app=picker),
    Shot("form", (80, 24), ("+db1.example.com", "tab", "tab", "tab", "tab", "+dba", "ctrl+t"), app=form),
    Shot("marked", (120, 36), ("w", "+1y"), app=marked),
    Shot("board", (120, 36), seconds_later=WAITS_BEGUN),
    Shot("board-80x24", (80, 24), seconds_later=WAITS_BEGUN),
    Shot("board-200x50", (200, 50), seconds_later=WAITS_BEGUN),
    Shot("board-mariadb", (120, 36), app=mariadb, seconds_later=WAITS_BEGUN),
    Shot("filter", (120, 36), ("slash", "+user:shop", "enter")),
    Shot("group", (120, 36), ("g", "down", "down", "down", "enter")),
    Shot("sort", (120, 36), ("s",)),
    Shot("session", (120, 36), ("down", "down", "enter")),
    Shot("copy", (120, 36), ("down", "y")),
    Shot("light", (120, 36), app=light),
    Shot("empty", (80, 24), ("slash", "+user:nobody", "enter")),
    Shot("variables", (80, 24), ("v",), app=tunable),
    Shot("export", (120, 36), ("e",)),
    Shot("help", (120, 50), ("question_mark",)),
    Shot("tune", (120, 36), ("w", "+1y"), app=tunable),
    Shot("tune-80x24", (80, 24), ("w", "+32140800"), app=tunable),
    Shot("tuned", (120, 36), ("w", "+32140800", "enter"), app=tunable),
    Shot("kill", (120, 36), ("space", "down", "down", "space", "k"), app=tunable),
    Shot("rules", (120, 36), ("R",), app=with_rules),
    Shot("rules-zh", (80, 24), ("R", "down"), app=with_rules, language="zh"),
    Shot("no-rules", (80, 24), ("R",)),
    Shot("blocking", (120, 36), ("b",), app=blocked),
    Shot("blocking-80x24", (80, 24), ("b",), app=blocked),
    Shot("blocking-zh", (80, 24), ("b",), app=blocked, language="zh"),
    Shot("holder", (120, 36), ("b", "enter"), app=blocked),
    Shot("kill-blocker", (80, 24), ("b", "k"), app=blocked),
    Shot(
        "kill-many", (80, 24), ("g", *["down"] * 3, "enter", "down", "down", "k"), app=partial(blocked, 120)
    ),
    Shot("tunables", (120, 36), ("t",), app=tunable),
    Shot("journal", (120, 36), ("w", "+1y", "enter", "escape", "v", "right"), app=tunable),
    Shot("ledger", (120, 36), ("l",), app=busy_day),
    Shot("ledger-80x24", (80, 24), ("l", "g", "down", "enter"), app=busy_day),
    Shot("departure", (120, 36), ("l", "down", "enter"), app=busy_day),
    Shot("doctor", (120, 36), ("d",), app=busy_day),
    Shot("doctor-80x24", (80, 24), ("d", "down"), app=busy_day),
    Shot("answer", (120, 36), (*ASK_OF_LOG, "down"), app=busy_day),
    Shot("answer-zh", (80, 24), (*ASK_OF_LOG, "enter", "down", "down", "enter"), app=busy_day, language="zh"),
    Shot("fleet", (120, 36), ("down", "down"), app=several_servers),
    Shot("wall", (120, 36), app=on_the_wall),
    Shot("wall-80x24", (80, 24), app=on_the_wall),
    Shot("wall-fleet", (200, 60), app=several_servers_on_the_wall),
    Shot("relatives", (140, 24), ("r", "down", "space"), app=named),
    Shot("alike", (120, 36), (*MARK_ALL, "w", "+1y", "enter"), app=alike),
    Shot("board-zh", (120, 36), language="zh", seconds_later=WAITS_BEGUN),
    Shot("tune-zh", (120, 36), ("w", "+1y"), app=tunable, language="zh"),
    Shot("departure-zh", (120, 36), ("l", "enter"), app=busy_day, language="zh"),
    Shot("lost", (120, 36), app=lost, seconds_later=12.0),
)


async def picture(shot: Shot) -> str:
    """The screen as SVG, without the fonts the framework would fetch from elsewhere."""
    if shot.language == ENGLISH:
        return await drawn(shot)
    set_language(catalogue_of(shot.language))
    try:
        return await drawn(shot)
    finally:
        set_language(EnglishCatalogue())


async def drawn(shot: Shot) -> str:
    app = shot.app()
    async with app.run_test(size=shot.size) as pilot:
        await settle(app, pilot)
        if (
            isinstance(app, GoneawayApp) and app.has_several
        ):  # all are due within a second, and drawn at a tick
            app.clock.now += 1  # type: ignore[attr-defined]
            for _ in range(2):
                app.tick()
                await settle(app, pilot)
        for key in shot.keys:
            if key.startswith("=") and isinstance(app.focused, Input):
                app.focused.value = key[1:]
                await settle(app, pilot)
            else:
                await press(app, pilot, key)
        if shot.seconds_later and isinstance(app, GoneawayApp):
            app.clock.now += shot.seconds_later  # type: ignore[attr-defined]
            app.tick()
        await settle(app, pilot)
        for entry in app.screen.query(Input):  # a slow machine would catch the cursor between two blinks
            entry.cursor_blink = False
            entry._cursor_visible = entry.has_focus
        await pilot.pause()
        svg = app.export_screenshot(title="goneaway-tui")
    fontless = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    return stretched(fontless.replace("Fira Code", FONTS))


def stretched(svg: str) -> str:
    """The picture with each text as long as its cells: Rich stretches it to its number of letters, and a Chinese one has two."""

    def in_cells(found: re.Match[str]) -> str:
        letters = unescape(found["letters"])
        length = float(found["length"]) / len(letters) * cell_len(letters)
        return f"{found['before']}{length:g}{found['after']}{found['letters']}<"

    return re.sub(
        r'(?P<before><text [^>]*textLength=")(?P<length>[\d.]+)(?P<after>"[^>]*>)(?P<letters>[^<]*[^\x00-\u1100<][^<]*)<',
        in_cells,
        svg,
    )


async def press(app: GoneawayApp | ConnectApp, pilot: Pilot[Any], *keys: str) -> None:
    """Press keys, and let each do what it does; the keys of a `+text` do it together."""
    for key in keys:
        await pilot.press(*key[1:] if key.startswith("+") else [key])
        await settle(app, pilot)


async def settle(app: GoneawayApp | ConnectApp, pilot: Pilot[Any]) -> None:
    """Wait until no poll is out, nothing is being changed, and everything posted is drawn."""
    calm = 0
    while calm < 4:
        calm += 1
        if isinstance(app, GoneawayApp):
            for each in app.monitors:
                calm = 0 if each.poller.is_busy or app.tuning_of(each).is_acting else calm
                await asyncio.to_thread(each.poller.wait, 5)
                await asyncio.to_thread(app.tuning_of(each).wait, 5)
        for thread in threading.enumerate():
            if thread.name in {"patterns", "attempt", "topology", "joining", "statements", "doctor"}:
                await asyncio.to_thread(thread.join, 5)
                calm = 0
        await pilot.pause()


def main() -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    for shot in SHOTS:
        (SCREENSHOTS / f"{shot.name}.svg").write_text(asyncio.run(picture(shot)), encoding="utf-8")
        print(f"wrote screenshots/{shot.name}.svg")


if __name__ == "__main__":
    main()
