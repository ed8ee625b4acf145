"""`goneaway-tui exporter`: each server is read in a thread of its own, and who asks is told what was read last."""

from __future__ import annotations

import signal
import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from goneaway_tui.cli.filesystem import LocalFiles
from goneaway_tui.cli.screen import policy_of
from goneaway_tui.cli.servers import SourceFactory, close_all, configured_servers, source_of
from goneaway_tui.cli.terminal import exiting_on_signals, tell, write_out
from goneaway_tui.errors import ExitCode, FileError, SettingsError, SourceError, UnsupportedVersion
from goneaway_tui.i18n import _, marked
from goneaway_tui.judge import track
from goneaway_tui.judge.learned_limits import NOTHING_LEARNED
from goneaway_tui.model.server import is_loopback
from goneaway_tui.model.snapshot import Policy, Snapshot
from goneaway_tui.ports import Clock, Source
from goneaway_tui.settings import Settings
from goneaway_tui.settings.config_file import is_private
from goneaway_tui.text.sanitize import plain

if TYPE_CHECKING:
    from goneaway_tui.http_auth import HttpEndpoint
    from goneaway_tui.metrics.collector import MetricsStore


LONGEST_PAUSE = 30.0
"""Seconds between tries to reach a server that stays away."""
READ_BY_ALL = marked("whoever reaches this address reads user names; --listen-auth names who may")
READ_ON_ITS_WAY = marked("the password can be read on its way; --listen-cert hides it")
RULES, DASHBOARD = "rules.yml", "dashboard.json"


class Polling:
    """Reads one server again and again, and keeps what it said on the board."""

    def __init__(
        self, name: str, source: Source, board: MetricsStore, clock: Clock, policy: Policy, interval: float
    ) -> None:
        self._name = name
        self._source = source
        self._board = board
        self._clock = clock
        self._policy = policy
        self._interval = interval
        self._last: Snapshot | None = None
        self._lessons = NOTHING_LEARNED
        self._failures = 0
        self._stopped = threading.Event()
        self.is_too_old = False
        """Its server's version cannot be read: it is not asked again."""

    def stop(self) -> None:
        """From any thread, and leave the source to the caller."""
        self._stopped.set()

    def run(self) -> None:
        """Until stopped, or its server turns out to be too old."""
        due = self._clock()
        while not self._stopped.is_set():
            self.look()
            now = self._clock()
            due = now + self._pause() if self._failures else max(due + self._interval, now)
            self._stopped.wait(due - now)

    def look(self) -> None:
        """Once."""
        began = self._clock()
        try:
            taken = track(self._source.sample(), self._last, self._policy, self._lessons)
        except SourceError as error:
            if not self._stopped.is_set():
                self._miss(error)
            if isinstance(error, UnsupportedVersion):
                self.is_too_old = True
                self.stop()
            return
        self._board[self._name] = self._board[self._name].after(taken, self._clock() - began)
        self._last, self._lessons = taken.snapshot, taken.learned_limits
        if self._failures:
            self._failures = 0
            tell(_("{server}: it answers again", server=self._name))

    def _miss(self, error: SourceError) -> None:
        """The first of several in a row is told."""
        self._board[self._name] = self._board[self._name].after_failure()
        self._failures += 1
        if self._failures == 1:
            tell(_("{place}: {what}", place=self._name, what=error.line))

    def _pause(self) -> float:
        return min(LONGEST_PAUSE, max(self._interval, 2.0 ** min(self._failures - 1, 10)))


def exporter(each: Sequence[Settings], clock: Clock, open_source: SourceFactory) -> int:
    """Raises SettingsError without the extra or where nobody can listen, FileError for what cannot be read."""
    first = each[0]
    for asked, name in ((first.print_rules, RULES), (first.print_dashboard, DASHBOARD)):
        if asked:
            write_out(files("goneaway_tui.metrics").joinpath(name).read_text("utf-8"))
            return ExitCode.DONE
    try:
        from goneaway_tui.metrics.collector import MetricsStore
        from goneaway_tui.metrics.listening import metrics_server
    except ModuleNotFoundError as absent:
        if (absent.name or "").partition(".")[0] != "prometheus_client":
            raise
        raise SettingsError(
            _("the exporter needs the Python package prometheus_client, which is not here"),
            _("pipx inject goneaway-tui prometheus_client, or install goneaway-tui[exporter]"),
        ) from None
    doorway = endpoint_of(first)
    told: list[int] = []
    with ExitStack() as held:
        members = held.enter_context(configured_servers(each))
        board = MetricsStore([member.name for member in members], clock, first.max_series)
        sources = [
            source_of(
                replace(member, settings=replace(member.settings, statements=False)), clock, open_source
            )
            for member in members
        ]
        polling = [
            Polling(member.name, source, board, clock, policy_of(member.settings), member.settings.interval)
            for member, source in zip(members, sources, strict=True)
        ]

        def stop() -> None:
            for one in polling:
                one.stop()
            close_all(sources)

        def go(number: int) -> None:
            told.append(number)
            stop()

        threads = held.enter_context(ThreadPoolExecutor(len(polling), thread_name_prefix="poll"))
        with exiting_on_signals(go):
            port = held.enter_context(metrics_server(doorway, board, clock))
            scheme = "http" if doorway.cert is None else "https"
            tell(_("metrics at {url}", url=f"{scheme}://{replace(first.listen, port=port)}/metrics"))
            try:
                done, _waiting = wait(
                    [threads.submit(one.run) for one in polling], return_when=FIRST_EXCEPTION
                )
            finally:
                stop()
        for ended in done:
            ended.result()
        if all(one.is_too_old for one in polling):
            return ExitCode.UNREACHABLE
    return ExitCode.INTERRUPTED if signal.SIGINT in told else ExitCode.DONE


def endpoint_of(settings: Settings, exposed: str = marked("reads user names")) -> HttpEndpoint:
    """Where to be asked, and by whom; `exposed` is what is warned of where everybody may ask. Raises SettingsError and FileError."""
    from goneaway_tui.http_auth import HttpEndpoint

    cert = settings.listen_cert
    for path, flag in ((settings.listen_key, "--listen-key"), (settings.listen_ca, "--listen-ca")):
        if path is not None and cert is None:
            raise SettingsError(
                _("{flag} does nothing without a certificate", flag=flag), _("give --listen-cert too")
            )
    login = None if settings.listen_auth is None else _login(Path(settings.listen_auth))
    if not is_loopback(settings.listen.host):
        if login is None and settings.listen_ca is None:
            what = _(exposed)
            tell(_("warning: whoever reaches this address {what}; --listen-auth names who may", what=what))
        elif cert is None:
            tell(_("warning: {warning}", warning=_(READ_ON_ITS_WAY)))
    key = settings.listen_key or cert
    return HttpEndpoint(settings.listen.host, settings.listen.port, cert, key, settings.listen_ca, login)


def _login(path: Path) -> str:
    content = LocalFiles().read(path)
    name = plain(str(path), 300)
    if content is None:
        why = _("there is no such file")
        raise FileError(_("cannot read {file}: {why}", file=name, why=why), _("write user:password into it"))
    if not is_private(content):
        raise FileError(_("{file} can be read by others", file=name), f"chmod 600 {name}")
    line = content.data.decode("utf-8", "replace").partition("\n")[0].strip()
    if not all(line.partition(":")):
        raise FileError(_("{file} holds no login", file=name), _("its first line has to be user:password"))
    return line
