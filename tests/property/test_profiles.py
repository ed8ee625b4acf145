"""Whatever is typed into the form: it comes back as it was typed, and what was in the config file comes back too."""

from __future__ import annotations

import tomllib
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from goneaway_tui.errors import SettingsError
from goneaway_tui.model.profile import ProfileDraft
from goneaway_tui.settings import appended_profile
from goneaway_tui.settings.toml_text import toml_table
from tests.unit.settings.asking import CONFIG, around

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.text(
    "\"'\\\n\r\t\b\f\x00\x1f\x7f\x85\u2028#=[]{}., é", max_size=30
)
values = st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts | st.lists(texts, max_size=4)
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


@given(path=st.lists(texts, min_size=1, max_size=3), said=st.dictionaries(texts, values, max_size=5))
def test_what_is_written_is_read_back(path: list[str], said: dict[str, bool | int | str | list[str]]) -> None:
    document = tomllib.loads(toml_table(path, said))
    for part in path:
        document = document[part]

    assert said == document


def told(draft: ProfileDraft, before: str) -> bytes | SettingsError:
    try:
        return appended_profile(draft, CONFIG, around(files={str(CONFIG): before}))
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
