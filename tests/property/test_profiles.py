"""Whatever is typed into the form: it comes back as it was typed, and what was in the config file comes back too."""

from __future__ import annotations

import shlex
import tomllib
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from goneaway_tui.errors import SettingsError
from goneaway_tui.model.server import ProfileDraft
from goneaway_tui.settings.profiles import appended_profile, profile_toml
from tests.unit.settings.asking import CONFIG, environment

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.text(
    "\"'\\\n\r\t\b\f\x00\x1f\x7f\x85\u2028#=[]{}., é", max_size=30
)
TEXT_FIELDS = ("host", "user", "socket", "ssl_ca", "ssh", "password_keyring", "color")
names = st.from_regex(r"[a-z][a-z0-9_.-]{0,20}", fullmatch=True)
typed = st.text("abc019.-_:/@ '\"\\#=\n\x00\x1b\u202eé\udcff[]", max_size=12)
drafts = st.builds(
    ProfileDraft,
    name=names | typed,
    host=typed,
    port=typed | st.just("3307"),
    user=typed,
    password=typed,
    socket=typed,
    ssl_mode=st.sampled_from(["", "PREFERRED", "REQUIRED", "nonsense"]),
    ssl_ca=typed,
    ssh=typed,
    password_command=typed,
    password_keyring=typed | st.just(""),
    color=st.sampled_from(["", "red", "#abc", "rde"]),
    read_only=st.booleans(),
)
lines = st.sampled_from(
    [
        *(
            "interval = 2",
            "# a comment",
            "",
            "[servers.dev]",
            'host = "dev"',
            '[servers."x.y"]',
            "[keys]",
            'kill = "K"',
        ),
        *("watch_below = '''\n20m'''", "servers = {a = {host = 'x'}}", "[groups]", "  ", "\t# é"),
    ]
)
files = st.lists(lines, max_size=6).map("\n".join)


@given(
    name=texts,
    port=st.integers(0, 2**63 - 1),
    fields=st.fixed_dictionaries(dict.fromkeys(TEXT_FIELDS, texts)),
)
def test_a_table_that_was_written_is_read_back(name: str, port: int, fields: dict[str, str]) -> None:
    table = tomllib.loads(profile_toml(ProfileDraft(name=name, port=str(port), read_only=True, **fields)))
    entries = {field: text.strip() for field, text in fields.items() if text.strip()}

    assert {"servers": {name: {**entries, "port": port, "read_only": True}}} == table


@given(
    words=st.lists(texts.map(lambda text: text.replace("\0", "")), min_size=1, max_size=4).filter(
        lambda words: words[0]
    )
)
def test_a_password_command_that_was_written_is_read_back(words: list[str]) -> None:
    table = tomllib.loads(profile_toml(ProfileDraft(name="a", password_command=shlex.join(words))))

    assert words == table["servers"]["a"]["password_command"]


def told(draft: ProfileDraft, before: str) -> bytes | SettingsError:
    try:
        return appended_profile(draft, CONFIG, environment(files={str(CONFIG): before}))
    except SettingsError as error:
        return error


@given(draft=drafts, before=files)
def test_a_server_is_added_or_refused_in_a_line_and_the_rest_stays(draft: ProfileDraft, before: str) -> None:
    tail = told(draft, before)
    if isinstance(tail, SettingsError):
        assert tail.line.isprintable()
        return
    old, new = tomllib.loads(before), tomllib.loads((before.encode() + tail).decode())
    mine = new["servers"].pop(draft.name.strip())

    assert draft.host.strip() == mine.get("host", "")
    assert draft.user.strip() == mine.get("user", "")
    assert "password" not in mine
    assert {"servers": {}, **old} == new


@given(draft=drafts)
def test_a_password_is_never_written(draft: ProfileDraft) -> None:
    secret = "§tiger§"
    tail = told(replace(draft, name="a", password=secret), "")

    assert secret not in (tail.line if isinstance(tail, SettingsError) else tail.decode())
