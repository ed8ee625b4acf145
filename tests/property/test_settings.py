"""Whatever is typed, exported or written down: settings or one line, and never a password."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote

from hypothesis import assume, given
from hypothesis import strategies as st

from goneaway_tui.errors import SettingsError
from goneaway_tui.settings import InfoAnswer, Secret, Settings, hide_secrets, resolve
from goneaway_tui.settings.command_line import QUESTIONS
from goneaway_tui.settings.option_value import FLAG_NAMES, KEY_NAMES
from goneaway_tui.settings.options import COMMANDS, OPTIONS
from tests.unit.settings.asking import CONFIG, environment
from tests.unit.settings.test_option_files import obfuscated

anything = st.text(max_size=20) | st.text("aA0:/@?#%[]=-_. \n\"'\\\udcff\x00é", max_size=20)
values = anything | st.sampled_from(["1", "0", "10m", "db1", "3306", "REQUIRED", "json", "/s", "-", ""])
flags = st.sampled_from(
    [flag for option in OPTIONS for flag in option.flags]
    + [f"--{name}" for name in FLAG_NAMES]
    + [*QUESTIONS]
)
dsns = st.builds(
    "{}://{}:{}@{}:{}/{}?{}={}".format,
    st.sampled_from(["mysql", "mariadb", "pgsql", ""]),
    values, values, values, values, values,
    st.sampled_from([*KEY_NAMES]) | anything,
    values,
)  # fmt: skip
words = st.one_of(
    flags,
    values,
    dsns,
    st.sampled_from([*COMMANDS, "--"]),
    st.builds("{}={}".format, flags, values),
    st.builds("{}{}".format, flags, values),
)
variables = st.dictionaries(
    st.sampled_from([option.env for option in OPTIONS if option.env]), values, max_size=4
)
lines = st.one_of(
    anything, st.builds("{}={}".format, st.sampled_from([*KEY_NAMES]), values), st.just("[client]")
)
files = st.none() | anything | st.lists(lines, max_size=6).map("\n".join)
passwords = st.text("bcdfgjkqvwxyzBCDFG789@:/?#%$ '\"é", min_size=6, max_size=12).map(
    lambda text: "§" + "§".join(text) + "§"
)
"""Every piece of one has a sign in it that nothing else here has."""


def told(
    argv: list[str], env: dict[str, str], file: str | None, more: Mapping[str, str | bytes] | None = None
) -> Settings | InfoAnswer | SettingsError:
    mine = {} if file is None else {"~/.my.cnf": file}
    try:
        return resolve(argv, environment(env, {**mine, **(more or {})}))
    except SettingsError as error:
        return error


@given(argv=st.lists(words, max_size=6), env=variables, file=files)
def test_any_arguments_give_settings_an_answer_or_one_line(
    argv: list[str], env: dict[str, str], file: str | None
) -> None:
    result = told(argv, env, file)

    if isinstance(result, SettingsError):
        assert result.line.isprintable()
        assert str(result)
        assert result.hint
    elif isinstance(result, InfoAnswer):
        assert result.text.encode() or result.page is not None
        assert result.text.replace("\n", "").isprintable()
    else:
        assert result.imminent_below <= result.watch_below
        assert 0.1 <= result.interval <= 3600
        assert result.connection.connect_timeout > 0
        assert 1 <= result.connection.port <= 65535


@given(text=st.text())
def test_whatever_is_in_the_option_file_gives_settings_or_one_line(text: str) -> None:
    result = told([], {}, text)

    assert isinstance(result, Settings) or (isinstance(result, SettingsError) and result.line.isprintable())


@given(text=st.text())
def test_whatever_is_in_a_dsn_gives_settings_or_one_line(text: str) -> None:
    result = told([f"mysql://{text}"], {}, None)

    assert isinstance(result, Settings) or (isinstance(result, SettingsError) and result.line.isprintable())


@given(password=passwords, rest=st.lists(words, max_size=4), where=st.integers(0, 7), printing=st.booleans())
def test_a_password_is_in_nothing_that_is_printed(
    password: str, rest: list[str], where: int, *, printing: bool
) -> None:
    assume("§" not in "".join(rest))
    argv = list(rest) + ["--print-defaults"] * printing
    env, file = {}, None
    files: dict[str, str | bytes] = {}
    match where:
        case 0:
            argv.insert(0, f"-p{password}")
        case 1:
            argv.insert(0, f"--password={password}")
        case 2:
            argv.insert(0, f"mysql://u:{quote(password, safe='')}@db1/")
        case 3:
            argv.insert(0, f"mysql://u:{password}@db1/")
        case 4:
            env = {"MYSQL_PWD": password}
        case 5:
            file = f'[client]\npassword="{password}"\n'
        case 6:
            files["~/.mylogin.cnf"] = obfuscated(f'[client]\npassword="{password}"\n'.encode())
        case _:
            argv.insert(0, "@x")
            files[str(CONFIG)] = f"[servers.x]\npassword = {json.dumps(password)}\n"

    result = told(argv, env, file, files)

    printed = result.line if isinstance(result, SettingsError) else f"{result!r}{result}"
    assert "§" not in printed
    assert quote("§") not in printed


@given(password=st.text(st.characters(exclude_categories=["Cs"])))
def test_a_password_arrives_as_it_was_given(password: str) -> None:
    for argv in ([f"--password={password}"], [f"mysql://u:{quote(password, safe='')}@db1/"]):
        result = told(argv, {}, None)

        assert isinstance(result, Settings)
        assert Secret(password) == result.connection.password


@given(
    argv=st.lists(
        st.sampled_from(["-h db1", "-P 3307", "--ssl", "--read-only", "--watch-below 1h", "-u root", "-px"]),
        unique=True,
    ).flatmap(st.permutations)
)
def test_the_order_of_different_flags_does_not_matter(argv: list[str]) -> None:
    assert told(" ".join(sorted(argv)).split(), {}, None) == told(" ".join(argv).split(), {}, None)


@given(argv=st.lists(words, max_size=5))
def test_hiding_never_raises_and_never_touches_what_is_not_ours(argv: list[str]) -> None:
    assert hide_secrets([*argv, "no process was started with this"]) in {True, False}
