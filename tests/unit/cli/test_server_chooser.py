"""When a server has to be chosen, and what becomes of the choice."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from goneaway_tui.cli import server_chooser as cli_door
from goneaway_tui.cli.factories import append
from goneaway_tui.cli.server_chooser import LiveServerDirectory, has_no_server
from goneaway_tui.errors import FileError, SettingsError, Unreachable
from goneaway_tui.model.server import Profile, ProfileDraft
from goneaway_tui.settings import Settings
from goneaway_tui.ui.screens import connect
from tests.unit.settings.asking import CONFIG, client, environment, settings

PROFILES = """\
[servers.prod]
host = "db1"
user = "dba"
color = "red"
read_only = true
ssh = "jump"
[servers.dev]
socket = "/run/dev.sock"
[servers.broken]
host = "db1"
protocol = "socket"
"""


@pytest.mark.parametrize(
    ("line", "env", "file", "unsaid"),
    [
        ("", {}, None, True),
        ("--read-only --theme nord --interval 2", {}, None, True),
        ("", {"GONEAWAY_INTERVAL": "2"}, client("ssl-mode=REQUIRED"), True),
        ("", {}, client("socket=/run/mysqld/mysqld.sock"), True),
        ("", {}, client("socket=/home/dba/my.sock"), False),
        ("", {}, client("host=db1"), False),
        ("", {}, client("user=root"), False),
        ("", {}, client("password=x"), False),
        ("", {}, client("port=3307"), False),
        ("", {"MYSQL_HOST": "db1"}, None, False),
        ("", {"MYSQL_PWD": "x"}, None, False),
        ("", {"GONEAWAY_SSH": "jump"}, None, False),
        ("-u root", {}, None, False),
        ("-h localhost", {}, None, False),
        ("-p", {}, None, False),
        ("-S /run/mysqld/mysqld.sock", {}, None, False),
        ("--protocol tcp", {}, None, False),
        ("--ssh jump", {}, None, False),
        ("mysql://db1/", {}, None, False),
        ("@dev", {}, None, False),
        ("@empty", {}, None, False),
    ],
)
def test_server_is_chosen_interactively_only_where_no_setting_names_it(
    line: str,
    env: dict[str, str],
    file: str | None,
    unsaid: bool,  # noqa: FBT001
) -> None:
    config = PROFILES.partition("[servers.broken]")[0] + "[servers.empty]\n"

    assert unsaid == has_no_server(settings(line, env, file, config=config))


def a_directory(config: str = PROFILES, *argv: str) -> LiveServerDirectory:
    files = {str(CONFIG): config}
    return LiveServerDirectory(settings(shlex.join(argv), config=config), argv, environment(files=files))


def test_servers_of_the_config_file_are_listed_with_their_errors() -> None:
    prod, dev, broken = a_directory().profiles()

    assert prod == Profile("prod", "dba@db1:3306 via jump", "red", read_only=True)
    assert dev == Profile("dev", "dba@/run/dev.sock")
    assert broken.account_and_address.startswith("cannot be used: the host")
    assert a_directory().nearby().account_and_address.startswith("dba@/")


def test_a_choice_becomes_the_settings_of_a_run() -> None:
    directory = a_directory(PROFILES, "--interval", "7")

    assert (directory.settings("prod").profile, directory.settings("prod").interval) == ("prod", 7)
    assert directory.settings("").connection.host is None
    assert directory.settings(ProfileDraft(host="db9", password="tiger")).connection.host == "db9"
    with pytest.raises(SettingsError, match="another machine"):
        directory.settings("broken")


@pytest.mark.parametrize(
    ("draft", "aloud"),
    [
        (ProfileDraft(host="db1", password="x"), False),
        (ProfileDraft(host="db1", ssh="jump"), True),
        (ProfileDraft(host="db1", password_command="pass db1"), True),
        (ProfileDraft(host="db1", password="x", password_command="pass db1"), False),
        (ProfileDraft(host="db1", password_keyring="goneaway"), False),
    ],
)
def test_ssh_and_commands_may_ask_at_the_terminal(draft: ProfileDraft, aloud: bool) -> None:  # noqa: FBT001
    assert aloud == a_directory().wants_terminal(draft)


def test_unreachable_server_is_reported() -> None:
    with pytest.raises(Unreachable, match="refused"):
        a_directory().attempt(ProfileDraft(host="127.0.0.1", port="1"))


def test_saving_adds_to_the_file_and_leaves_its_permissions(tmp_path: Path) -> None:
    path, target = tmp_path / "config.toml", tmp_path / "dotfiles.toml"
    target.write_bytes(b"interval = 2 # mine\r\n")
    target.chmod(0o640)
    path.symlink_to(target)

    append(path, b"more")

    assert path.is_symlink()
    assert target.read_bytes() == b"interval = 2 # mine\r\nmore"
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"

    append(path, b"more")

    assert path.read_bytes() == b"more"
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_unwritable_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot write"):
        append(tmp_path, b"more")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_full_disk_is_reported() -> None:
    with pytest.raises(FileError, match="No space left"):
        append(Path("/dev/full"), b"more")


# --- The way from the choice to the board


class Screens:
    """Screens that answer with what a test says, one after the other."""

    def __init__(self, *answers: ProfileDraft | str | None) -> None:
        self.answers = list(answers)
        self.shown: list[tuple[str, ProfileDraft | str | None]] = []

    def __call__(
        self,
        directory: LiveServerDirectory,
        *,
        trouble: str,
        previous: ProfileDraft | str | None,
        theme: str | None,
    ) -> Screens:
        self.shown.append((trouble, previous))
        return self

    crash = None
    interrupted = False

    def set_charset(self, encoding: str | None) -> None:
        """It draws nothing."""

    def run(self) -> ProfileDraft | str | None:
        return self.answers.pop(0)


Board = Callable[[Settings], int]


def boards(*troubles: Exception | None) -> tuple[list[Settings], Board]:
    """A board that fails as often as told, and the settings it was shown with."""
    seen: list[Settings] = []
    left = list(troubles)

    def board(settings: Settings) -> int:
        seen.append(settings)
        trouble = left.pop(0)
        if trouble is not None:
            raise trouble
        return 0

    return seen, board


@pytest.fixture
def choose(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    def chosen(config: str, screens: Screens, board: Board) -> int:
        monkeypatch.setattr(connect, "ConnectApp", screens)
        found = environment(files={str(CONFIG): config} if config else {})
        return cli_door.choose_server(settings(config=config or None), [], found, board)

    return chosen


GONE = Unreachable("no server answers", "start it")


def test_with_nothing_configured_it_is_the_server_nearby(choose: Callable[..., int]) -> None:
    screens, (seen, board) = Screens(), boards(None)

    assert 0 == choose("", screens, board)
    assert [] == screens.shown
    assert [None] == [each.profile for each in seen]


def test_form_reports_that_no_local_server_answers_and_closing_it_fails(
    choose: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    screens, (_, board) = Screens(None), boards(GONE)

    assert 3 == choose("", screens, board)
    assert [("no server answers; start it", None)] == screens.shown
    assert "goneaway-tui: no server answers; start it\n" == capsys.readouterr().err


def test_a_choice_that_fails_can_be_made_again(choose: Callable[..., int]) -> None:
    draft = ProfileDraft(host="db9")
    screens, (seen, board) = Screens("prod", draft, "dev"), boards(GONE, GONE, None)

    assert 0 == choose(PROFILES, screens, board)
    assert ["prod", None, "dev"] == [each.profile for each in seen]
    assert [None, "prod", draft] == [last for _, last in screens.shown]


def test_leaving_the_list_at_once_is_no_failure(choose: Callable[..., int]) -> None:
    screens, (seen, board) = Screens(None), boards()

    assert 0 == choose(PROFILES, screens, board)
    assert [] == seen
