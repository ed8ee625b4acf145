"""The completions, in the shells themselves: keys typed, and what stands on the line afterwards."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.house.documents import SHARE
from tests.house.tree import ROOT
from tests.unit.settings.asking import program
from tests.waiting import PATIENCE

CONFIG: Final = """\
[servers.prod-db1]
host = "db1"
group = "prod"
[servers.prod-db2]
host = "db2"
group = "prod"
[servers.dev]
host = "localhost"
"""
ALL: Final = "\x1b*"
"""Meta-*: put every answer on the line."""
TELL: Final = "\x14"
"""ctrl-t: tell what is on the line."""
ARGUMENTS: Final[Mapping[str, list[str]]] = {"bash": ["--norc", "--noprofile", "-i"], "zsh": ["-d", "-i"]}
ZSH: Final = (
    "autoload -Uz compinit; compinit -u -d dump; {sourced}"
    " zstyle ':completion:all:*' completer _all_matches _complete; zstyle ':completion:all:*' insert true;"
    " zle -C all complete-word _generic; bindkey '\\e*' all; bindkey '\\t' complete-word;"
    " tell() {{ print -r -- $BUFFER >told }}; zle -N tell; bindkey '^t' tell; unsetopt beep\n"
)
SETUPS: Final[Mapping[str, str]] = {
    "bash": 'source <(goneaway-tui completion bash); bind -x \'"\\C-t": printf "%s\\n" "$READLINE_LINE" >told\'\n',
    "zsh": ZSH.format(sourced="source <(goneaway-tui completion zsh);"),
    "zsh, installed": f"fpath=({SHARE}/zsh/site-functions $fpath); " + ZSH.format(sourced=""),
}
"""What each is told first, by the shell and how the completion comes to it."""

Complete = Callable[[str], str]
"""What the line becomes."""


def surroundings(home: Path) -> dict[str, str]:
    config = home / ".config/goneaway-tui/config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(CONFIG, encoding="utf-8")
    config.chmod(0o600)
    (home / "other.toml").write_text('[servers.elsewhere]\nhost = "db9"\n', encoding="utf-8")
    (home / "app one.log").touch()
    kept = {each: os.environ[each] for each in ("LD_LIBRARY_PATH",) if each in os.environ}
    return {
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
        "PYTHONPATH": str(ROOT / "tui"),
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "TERM": "dumb",
        "PS1": "> ",
        **kept,
    }


@contextmanager
def typist(way: str, home: Path) -> Iterator[Complete]:
    """Types into a shell at a terminal. It tells its line through a pipe, so nobody has to guess when it is done."""
    name = way.partition(",")[0]
    told = home / "told"
    os.mkfifo(told)
    pipe = os.open(told, os.O_RDWR | os.O_NONBLOCK)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["bash" if name == "bash" else program(name), *ARGUMENTS[name]],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=home,
        env=surroundings(home),
        start_new_session=True,
    )
    os.close(theirs)

    def complete(keys: str) -> str:
        os.write(ours, f"\x15{keys}{TELL}".encode())
        said = b""
        while not said.endswith(b"\n"):
            ready, _, _ = select.select([pipe, ours], [], [], PATIENCE)
            assert ready, f"{name} did not answer {keys!r}"
            if ours in ready:
                os.read(ours, 65536)
            if pipe in ready:
                said += os.read(pipe, 65536)
        return said.decode().rstrip("\n")

    try:
        os.write(ours, SETUPS[way].encode())
        yield complete
    finally:
        process.kill()
        process.wait()
        os.close(ours)
        os.close(pipe)


@pytest.fixture(scope="module", params=list(SETUPS))
def complete(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Complete]:
    with typist(request.param, tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.mark.parametrize(
    ("typed", "becomes"),
    [
        ("goneaway-tui sna\t", "goneaway-tui snapshot"),
        ("goneaway-tui snapshot --form\t", "goneaway-tui snapshot --format"),
        ("goneaway-tui snapshot --format=mark\t", "goneaway-tui snapshot --format=markdown"),
        ("goneaway-tui snapshot --format mark\t", "goneaway-tui snapshot --format markdown"),
        ("goneaway-tui --ssl-mode=VERIFY_I\t", "goneaway-tui --ssl-mode=VERIFY_IDENTITY"),
        ("goneaway-tui @d\t", "goneaway-tui @dev"),
        ("goneaway-tui watch @prod-db1 @prod-db2 @d\t", "goneaway-tui watch @prod-db1 @prod-db2 @dev"),
        ("goneaway-tui exporter @prod-db1 @d\t", "goneaway-tui exporter @prod-db1 @dev"),
        ("goneaway-tui exporter --print-r\t", "goneaway-tui exporter --print-rules"),
        ("goneaway-tui exporter --listen-cert ap\t", "goneaway-tui exporter --listen-cert app\\ one.log"),
        ("goneaway-tui --config=other.toml @\t", "goneaway-tui --config=other.toml @elsewhere"),
        ("goneaway-tui --config other.toml @\t", "goneaway-tui --config other.toml @elsewhere"),
        ("goneaway-tui --group pr\t", "goneaway-tui --group prod"),
        ("goneaway-tui --group=pr\t", "goneaway-tui --group=prod"),
        ("goneaway-tui config che\t", "goneaway-tui config check"),
        ("goneaway-tui -D snapshot expl\t", "goneaway-tui -D snapshot explain"),
        ("goneaway-tui explain ap\t", "goneaway-tui explain app\\ one.log"),
        ("goneaway-tui --read-only sna\t", "goneaway-tui --read-only snapshot"),
        ("true; goneaway-tui sna\t", "true; goneaway-tui snapshot"),
    ],
)
def test_a_word_is_finished(complete: Complete, typed: str, becomes: str) -> None:
    assert becomes == complete(typed).rstrip(" =")


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("goneaway-tui completion ", {"bash", "zsh", "fish"}),
        ("goneaway-tui explain --format=", {"text", "json", "markdown"}),
        ("goneaway-tui @", {"@prod-db1", "@prod-db2", "@dev"}),
        ("goneaway-tui watch --ex", {"--exec"}),
        ("goneaway-tui snapshot --ex", {"--ex"}),
        ("goneaway-tui exporter --max", {"--max-series"}),
        ("goneaway-tui watch --max", {"--max"}),
        ("goneaway-tui docs ex", {"explain", "exporter"}),
        ("goneaway-tui manual s", {"snapshot", "serve", "schema"}),
        ("goneaway-tui docs board ", set()),
        ("goneaway-tui schema snapshot ", set()),
        ("goneaway-tui watch --keep ", set()),
    ],
)
def test_every_answer_is_offered_and_no_other(complete: Complete, typed: str, words: set[str]) -> None:
    before, _, _ = typed.rpartition(" ")
    said = complete(typed + ALL).removeprefix(before)

    assert words == {word.removeprefix("--format=").rstrip("=") for word in said.split()}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("goneaway-tui sna", {"snapshot"}),
        ("goneaway-tui completion ", {"bash", "zsh", "fish"}),
        ("goneaway-tui explain --format=", {"--format=text", "--format=json", "--format=markdown"}),
        ("goneaway-tui explain --format ", {"text", "json", "markdown"}),
        ("goneaway-tui @", {"@prod-db1", "@prod-db2", "@dev"}),
        ("goneaway-tui --config other.toml @", {"@elsewhere"}),
        ("goneaway-tui --group pr", {"prod"}),
        ("goneaway-tui watch --ex", {"--exec"}),
        ("goneaway-tui snapshot --ex", set()),
        ("goneaway-tui exporter --print-", {"--print-rules", "--print-dashboard", "--print-defaults"}),
        ("goneaway-tui watch --print-", {"--print-defaults"}),
        ("goneaway-tui docs ex", {"explain", "exporter"}),
        ("goneaway-tui manual s", {"snapshot", "serve", "schema"}),
        ("goneaway-tui docs board ", set()),
        ("goneaway-tui schema snapshot ", set()),
        ("goneaway-tui -D snapshot expl", {"explain"}),
        ("goneaway-tui explain ap", {"app one.log"}),
    ],
)
def test_fish_offers_what_goes_with_the_line(tmp_path: Path, typed: str, words: set[str]) -> None:
    script = f"goneaway-tui completion fish | source; complete -C {typed!r}"
    told = subprocess.run(
        [program("fish"), "--no-config", "-c", script],
        cwd=tmp_path,
        env=surroundings(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )

    assert words == {line.partition("\t")[0] for line in told.stdout.splitlines()}
    assert not told.stderr
