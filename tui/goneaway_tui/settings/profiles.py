"""The draft of a server from the form: check it, try it, and add it to the config file.

A trial reads exactly what would be written: the table is appended to a copy of the config file in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from goneaway_tui.errors import SettingsError
from goneaway_tui.i18n import _
from goneaway_tui.model.server import ProfileDraft
from goneaway_tui.settings import config_reader, values
from goneaway_tui.settings.config_file import decoded, is_private
from goneaway_tui.settings.config_reader import SERVERS, Config
from goneaway_tui.settings.environment import Environment, FileContent, Files
from goneaway_tui.settings.resolve import resolve
from goneaway_tui.settings.settings import Settings

DRAFT_NAME = "new"
"""The name of a draft without a name; a number follows where the name is taken."""
DEFAULT_SSL_MODE = "PREFERRED"


def servers_of(path: Path, environment: Environment) -> tuple[str, ...]:
    """The names of the servers in the config file at `path`, in its order. Raises SettingsError and FileError."""
    return tuple(_read(environment.files.read(path) or FileContent(b""), environment.name(path)).servers)


def profile_toml(draft: ProfileDraft) -> str:
    """The table `[servers.NAME]` of a draft, as it is written to the config file.

    The password is not in it: each run asks for it, unless a command or the keyring has it. Raises SettingsError for a
    command with a quote that is not closed.
    """
    import tomlkit  # takes 28 ms to load, and only saving needs it

    entries: dict[str, str | int | bool | list[str]] = {
        name: value.strip()
        for name in ("host", "port", "user", "socket", "ssl_mode", "ssl_ca", "ssh")
        if (value := getattr(draft, name)).strip()
    }
    if entries.get("ssl_mode") == DEFAULT_SSL_MODE:
        del entries["ssl_mode"]
    if draft.port.strip().isascii() and draft.port.strip().isdecimal():
        entries["port"] = int(draft.port)
    if draft.password_command.strip():
        entries["password_command"] = _words(draft.password_command)
    if draft.password_keyring.strip():
        entries["password_keyring"] = draft.password_keyring.strip()
    if draft.password and not entries.keys() & {"password_command", "password_keyring"}:
        entries["password_prompt"] = True
    if draft.color.strip():
        entries["color"] = draft.color.strip()
    if draft.read_only:
        entries["read_only"] = True
    return tomlkit.dumps({SERVERS: {draft.name: entries}})


def check_draft(draft: ProfileDraft) -> None:
    """Raise SettingsError with the first fault of a draft."""
    text = profile_toml(draft)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise SettingsError(
            _("it holds half a character, which nobody can write"), _("type it again")
        ) from None
    _config, faults = config_reader.find_faults(text, "", is_private=True)
    for fault in faults:
        raise SettingsError(fault.what, fault.hint)


def trial_settings(
    draft: ProfileDraft, argv: Sequence[str], path: Path, environment: Environment
) -> Settings:
    """The settings of a run with the server of the draft. `path` is the config file. Raises SettingsError."""
    content = environment.files.read(path) or FileContent(b"")
    servers = _read(content, environment.name(path)).servers
    candidates = (DRAFT_NAME, *(f"{DRAFT_NAME}-{number}" for number in range(2, len(servers) + 3)))
    name = next(candidate for candidate in candidates if candidate not in servers)
    draft = replace(draft, name=name)
    check_draft(draft)
    copy = replace(content, data=content.data + _tail(content.data, draft))
    password_flag = [f"--password={draft.password}"] if draft.password else []
    resolved = resolve(
        [*argv, f"@{name}", *password_flag],
        replace(environment, files=_Overlaid(environment.files, path, copy)),
    )
    if not isinstance(resolved, Settings):
        raise SettingsError(_("this was a question and no run"), _("leave the question out"))
    return replace(resolved, profile=None)


def appended_profile(draft: ProfileDraft, path: Path, environment: Environment) -> bytes:
    """The bytes to append to the config file at `path` for a draft. The content of the file does not change.

    Raises SettingsError where the name is missing or taken, or the file could not be read afterwards.
    """
    draft = replace(draft, name=draft.name.strip())
    if not draft.name:
        raise SettingsError(_("it has no name yet"), _("type one, such as prod-db1"))
    check_draft(draft)
    content, name = environment.files.read(path) or FileContent(b""), environment.name(path)
    existing = _read(content, name)
    if draft.name in existing.servers:
        raise SettingsError(
            _("{file} has a server {name} already", file=name, name=draft.name), _("choose another name")
        )
    tail = _tail(content.data, draft)
    try:
        combined = _read(replace(content, data=content.data + tail), name)
    except SettingsError as error:
        raise SettingsError(
            _("it cannot be added to {file}: {why}", file=name, why=error),
            _("write the servers there as [servers.NAME]"),
        ) from None
    if {**existing.servers, draft.name: combined.servers.get(draft.name)} != combined.servers:
        raise SettingsError(
            _("it cannot be added to {file} without changing others", file=name), _("write it there by hand")
        )
    return tail


def _read(content: FileContent, name: str) -> Config:
    return config_reader.read_config(
        decoded(content, name), name, is_private=is_private(content), is_safe=content.is_safe
    )


def _tail(content: bytes, draft: ProfileDraft) -> bytes:
    """The table of a draft to append to `content`: with an empty line before it, and the line ends of the file."""
    text = profile_toml(draft)
    if content:
        text = ("\n" if content.endswith(b"\n") else "\n\n") + text
    return (text.replace("\n", "\r\n") if b"\r\n" in content else text).encode()


def _words(command: str) -> list[str]:
    try:
        return list(values.words(command))
    except values.InvalidValue as error:
        raise SettingsError(str(error), error.hint, "password_command") from None


@dataclass(frozen=True, slots=True)
class _Overlaid:
    """The files of `files`, except that `path` has `content`."""

    files: Files
    path: Path
    content: FileContent

    def read(self, path: Path) -> FileContent | None:
        return self.content if path == self.path else self.files.read(path)

    def names(self, folder: Path) -> Sequence[str] | None:
        return self.files.names(folder)
