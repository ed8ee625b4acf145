"""`goneaway-tui exporter`: read each server in its own thread, and answer scrapes with the last reading."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from goneaway_tui.cli.factories import LocalFiles
from goneaway_tui.cli.screen import policy_of
from goneaway_tui.cli.servers import SourceFactory, configured_servers, source_of
from goneaway_tui.cli.terminal import exiting_on_signals, write_err, write_out
from goneaway_tui.errors import ExitCode, FileError, SettingsError
from goneaway_tui.i18n import N_, _
from goneaway_tui.model.server import is_loopback
from goneaway_tui.model.snapshot import RiskThresholds
from goneaway_tui.monitor.poller import (
    WAKE_UP_SECONDS,
    FailedReading,
    Poller,
    PollSchedule,
    Reading,
)
from goneaway_tui.monitor.server_monitor import close_all
from goneaway_tui.ports import Clock, Source
from goneaway_tui.settings import Settings
from goneaway_tui.settings.config_file import is_private
from goneaway_tui.text.sanitize import plain

if TYPE_CHECKING:
    from goneaway_tui.http_auth import HttpEndpoint
    from goneaway_tui.metrics.collector import MetricsStore


PASSWORD_READABLE = N_("the password is sent unencrypted; use --listen-cert")
RULES, DASHBOARD = "rules.yml", "dashboard.json"


class MetricsPolling:
    """Reads one server repeatedly, and puts the metrics of each reading into the store."""

    def __init__(
        self,
        name: str,
        source: Source,
        store: MetricsStore,
        clock: Clock,
        policy: RiskThresholds,
        interval: float,
    ) -> None:
        self._name = name
        self._store = store
        self.poller = Poller(
            source, clock, self, PollSchedule(interval, WAKE_UP_SECONDS, max_share=1.0), policy=policy
        )
        self.is_unsupported = False
        """Whether the version of the server is not supported; then the server is not read again."""

    def on_reading(self, reading: Reading) -> None:
        metrics = self._store[self._name].after(reading.step, reading.seconds)
        self._store[self._name] = replace(metrics, count_gaps=self.poller.reuse_counter.counted)
        if reading.is_recovery:
            write_err(_("{server}: the server answers again", server=self._name))

    def on_failed_reading(self, failure: FailedReading) -> None:
        """Count the failure; report only the first of several in a row."""
        self.is_unsupported = failure.retry_seconds is None
        self._store[self._name] = self._store[self._name].after_failure()
        if failure.is_first:
            write_err(_("{place}: {what}", place=self._name, what=failure.error.line))

    def on_recording_error(self, error: FileError) -> None:
        raise error


def exporter(all_settings: Sequence[Settings], clock: Clock, open_source: SourceFactory) -> int:
    """Export the metrics of these servers until a signal ends it, and return the exit status.

    Raises SettingsError without the extra or where the port cannot be used, and FileError for a file that cannot be read.
    """
    settings = all_settings[0]
    for is_wanted, name in ((settings.print_rules, RULES), (settings.print_dashboard, DASHBOARD)):
        if is_wanted:
            write_out(files("goneaway_tui.metrics").joinpath(name).read_text("utf-8"))
            return ExitCode.DONE
    try:
        from goneaway_tui.metrics.collector import MetricsStore
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] != "prometheus_client":
            raise
        raise SettingsError(
            _("the exporter needs the Python package prometheus_client, which is not installed"),
            _("run pipx inject goneaway-tui prometheus_client, or install goneaway-tui[exporter]"),
        ) from None
    endpoint = endpoint_of(settings)
    with configured_servers(all_settings) as servers:
        store = MetricsStore([server.name for server in servers], clock, settings.max_series)
        sources = [
            source_of(
                replace(server, settings=replace(server.settings, statements=False)), clock, open_source
            )
            for server in servers
        ]
        polling = [
            MetricsPolling(
                server.name, source, store, clock, policy_of(server.settings), server.settings.interval
            )
            for server, source in zip(servers, sources, strict=True)
        ]
        return _serve(settings, endpoint, store, polling, sources, clock)


def _serve(
    settings: Settings,
    endpoint: HttpEndpoint,
    store: MetricsStore,
    polling: Sequence[MetricsPolling],
    sources: Sequence[Source],
    clock: Clock,
) -> ExitCode:
    """Answer scrapes and read each server in a thread, until a signal or until no server can be read any more."""
    from goneaway_tui.metrics.listening import metrics_server

    signals: list[int] = []

    def stop() -> None:
        for polled in polling:
            polled.poller.stop()
        close_all(sources)

    def on_signal(number: int) -> None:
        signals.append(number)
        stop()

    with (
        ThreadPoolExecutor(len(polling), thread_name_prefix="poll") as threads,
        exiting_on_signals(on_signal),
        metrics_server(endpoint, store, clock) as port,
    ):
        scheme = "http" if endpoint.cert is None else "https"
        write_err(_("metrics at {url}", url=f"{scheme}://{replace(settings.listen, port=port)}/metrics"))
        try:
            done, _waiting = wait(
                [threads.submit(polled.poller.run) for polled in polling], return_when=FIRST_EXCEPTION
            )
        finally:
            stop()
    for future in done:
        future.result()
    if all(polled.is_unsupported for polled in polling):
        return ExitCode.UNREACHABLE
    return ExitCode.INTERRUPTED if signal.SIGINT in signals else ExitCode.DONE


def endpoint_of(settings: Settings, exposed: str = N_("can read user names")) -> HttpEndpoint:
    """Where to listen, and which clients are let in. `exposed`: what any client may do, for the warning if no login is asked.

    Raises SettingsError and FileError.
    """
    from goneaway_tui.http_auth import HttpEndpoint

    cert = settings.listen_cert
    for path, flag in ((settings.listen_key, "--listen-key"), (settings.listen_ca, "--listen-ca")):
        if path is not None and cert is None:
            raise SettingsError(
                _("{flag} has no effect without a certificate", flag=flag), _("give --listen-cert too")
            )
    login = None if settings.listen_auth is None else _login(Path(settings.listen_auth))
    if not is_loopback(settings.listen.host):
        if login is None and settings.listen_ca is None:
            what = _(exposed)
            write_err(
                _(
                    "warning: any client that reaches this address {what}; restrict access with --listen-auth",
                    what=what,
                )
            )
        elif cert is None:
            write_err(_("warning: {warning}", warning=_(PASSWORD_READABLE)))
    key = settings.listen_key or cert
    return HttpEndpoint(settings.listen.host, settings.listen.port, cert, key, settings.listen_ca, login)


def _login(path: Path) -> str:
    content = LocalFiles().read(path)
    name = plain(str(path), 300)
    if content is None:
        why = _("there is no such file")
        raise FileError(_("cannot read {file}: {why}", file=name, why=why), _("write user:password into it"))
    if not is_private(content):
        raise FileError(_("{file} can be read by other users", file=name), f"chmod 600 {name}")
    line = content.data.decode("utf-8", "replace").partition("\n")[0].strip()
    if not all(line.partition(":")):
        raise FileError(
            _("{file} has no user:password", file=name), _("write user:password on its first line")
        )
    return line
