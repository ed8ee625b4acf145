"""A screen full of strangers' text: every line keeps its width, and nothing of it reaches the terminal as it is."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import replace

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from goneaway_tui.errors import Unreachable
from goneaway_tui.model.sample import Sample
from goneaway_tui.model.server import Limitation
from goneaway_tui.model.session import ProcesslistId, Session
from goneaway_tui.ui.app import GoneawayApp
from tests.builders import a_sample, a_server, a_session, a_transaction
from tests.snapshot.shots import settle
from tests.ui.stage import HeldClock, Scripted, an_app

TEXTS = {
    "escapes": "a\x1b[2J\x1b[31mred\x1b]0;title\x07",
    "clipboard": "\x1b]52;c;cm0gLXJmIC8=\x07",
    "eight bit controls": "a\x9b31m\x90q\x9c\x85b\x7f",
    "markup": "[red]x[/] [@click=app.quit]go[/] [/nothing] \\[b] [link=http://x]y[/link]",
    "open markup": "[bold",
    "close markup": "[/]",
    "style": "[$text-error]x [on red]y",
    "bidi": "a\u202ecba\u202c\u2066\u200f\u061c",
    "newlines": "one\r\ntwo\ttab\u2028three\x0b\x0c\x1c\x00end",
    "family": "👨‍👩‍👧‍👦🏳️‍🌈e\u0301👍🏽❤️1️⃣🇩🇪",
    "wide": "全角文字ＡＢＣ한국어ﾊﾝｶｸ" * 3,
    "half wide": "x" + "全" * 40,
    "jamo": "\u1112\u1161\u11ab" * 8,
    "combining": "e" + "\u0301\u0489" * 40,
    "zalgo": "".join(c + "\u0300\u0301\u0302\u0303" for c in "every letter of it"),
    "hidden": "\ufeff\u200b\u00ad\U000e0041\ue000\U000e0100\u3164\u2800\u00a0",
    "indic": "क्षि த்மி ನ್ನಿ ကြှ",
    "thai": "ก็้้้้้",
    "lone surrogate": "a\ud800b",
    "undecoded": "caf\\xe9",
    "formula": "=cmd|'/c calc'!A1",
    "empty": "",
    "blank": "   ",
    "long": "x" * 5000,
    "unassigned": "\U000effff\u0378\ufffe",
}
SIZES = [(120, 36), (80, 24), (200, 50)]


def many_sessions() -> tuple[Session, ...]:
    """Each text in every place a stranger can write to."""
    return tuple(
        a_session(
            id=ProcesslistId(100 + index), user=text, host=text, db=text, program=text, client=text, state=text,
            statement=f"{text}\n-- {text}", attributes=((text, text), ("program_name", text)),
            idle_for=60.0 * index, transaction=a_transaction() if index % 3 else None,
        )
        for index, text in enumerate(TEXTS.values())
    )  # fmt: skip


def a_hostile_sample(
    sessions: Iterable[Session] | None = None, said: str = " ".join(TEXTS.values())
) -> Sample:
    return a_sample(
        many_sessions() if sessions is None else sessions,
        server=a_server(version=said[:60], banner=said),
        limitations=(Limitation(said, said, said), Limitation(said[:40], said[:40], said[:40])),
    )


class Hostile(Scripted):
    """A source whose very name was chosen by somebody else."""

    name = " ".join(TEXTS.values())


def lines(app: GoneawayApp) -> list[str]:
    return ["".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()]


def assert_fit(app: GoneawayApp, size: tuple[int, int], where: str) -> None:
    """Every line is as wide as the terminal and holds nothing that steers it."""
    width, height = size
    shown = lines(app)

    assert height == len(shown), where
    for number, line in enumerate(shown):
        steering = {
            f"U+{ord(c):04X}" for c in line if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        }
        assert (where, number, width) == (where, number, cell_len(line)), repr(line)
        assert (where, number, set()) == (where, number, steering), repr(line)


async def press(app: GoneawayApp, pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await settle(app, pilot)


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_board_with_hostile_names_keeps_its_lines(size: tuple[int, int]) -> None:
    app = an_app(Hostile(a_hostile_sample()))
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        assert_fit(app, size, "board")
        await press(app, pilot, "end")
        assert_fit(app, size, "board, at the end")
        for _ in range(4):
            await press(app, pilot, "pageup")
            assert_fit(app, size, "board, on the way up")


@pytest.mark.parametrize("label", TEXTS)
async def test_session_with_hostile_text_fits_the_board_and_its_own_screen(label: str) -> None:
    size = (120, 36)
    session = next(each for each, name in zip(many_sessions(), TEXTS, strict=True) if name == label)
    app = an_app(Scripted(a_hostile_sample([session], TEXTS[label])))
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        assert_fit(app, size, "board")
        await press(app, pilot, "enter")
        assert_fit(app, size, "session")
        await press(app, pilot, "end")
        assert_fit(app, size, "session, at the end")


async def test_help_with_hostile_limitations_keeps_its_lines() -> None:
    size = (120, 36)
    hidden = tuple(Limitation(text, text, text) for text in TEXTS.values())
    app = an_app(Scripted(replace(a_hostile_sample(), limitations=hidden)))
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        await press(app, pilot, "question_mark")
        assert_fit(app, size, "help")
        for _ in range(8):
            await press(app, pilot, "pagedown")
            assert_fit(app, size, "help, further down")
        await press(app, pilot, "end")
        assert_fit(app, size, "help, at the end")


@pytest.mark.parametrize("by", range(1, 5))
async def test_groups_with_hostile_names_keep_their_lines_and_narrow_to_their_own(by: int) -> None:
    size = (120, 36)
    app = an_app(Scripted(a_hostile_sample()))
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        await press(app, pilot, "g")
        assert_fit(app, size, "chooser")
        await press(app, pilot, *["down"] * by, "enter")
        assert_fit(app, size, f"groups {by}")
        for _ in range(5):
            await press(app, pilot, "down", "down")
            assert_fit(app, size, f"groups {by}, further down")
        await press(app, pilot, "enter")
        assert_fit(app, size, f"narrowed to a group {by}")


@pytest.mark.parametrize("label", ["escapes", "clipboard", "eight bit controls", "bidi", "family", "hidden"])
async def test_narrowing_to_a_group_with_a_hostile_name_sends_no_control_to_the_terminal(label: str) -> None:
    size = (120, 36)
    app = an_app(Scripted(a_hostile_sample([a_session(db=TEXTS[label])])))
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        await press(app, pilot, "g", *["down"] * 4, "enter")
        await press(app, pilot, "enter")
        assert_fit(app, size, "narrowed to a group")


@pytest.mark.parametrize(
    "typed",
    [
        "[red]x[/]",
        "[/]",
        "[@click=app.quit]a[/]",
        "user:[bold",
        "idle>[x]",
        *(typed for typed in ("\x1b[2J", "\u202eabc", "👨\u200d👩")),
    ],
)
async def test_what_is_typed_into_the_filter_is_not_markup(typed: str) -> None:
    size = (120, 36)
    app = an_app(Scripted(a_hostile_sample()))
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        await press(app, pilot, "slash")
        app.screen.query_one("#filter").value = typed  # type: ignore[attr-defined]
        await settle(app, pilot)
        assert_fit(app, size, "filter, being typed")
        await press(app, pilot, "enter")
        assert_fit(app, size, "filter")
        await press(app, pilot, "escape", "e")
        assert_fit(app, size, "export")


async def test_an_error_of_a_hostile_server_keeps_its_line() -> None:
    size = (120, 36)
    clock = HeldClock()
    source = Scripted(*(Unreachable(f"lost {text}", text) for text in TEXTS.values()), clock=clock)
    app = an_app(source, clock)
    async with app.run_test(size=size) as pilot:
        await settle(app, pilot)
        for number, label in enumerate(TEXTS, 1):
            assert number == len(source.asked_at)
            assert_fit(app, size, f"error, {label}")
            clock.now += 60  # longer than between two tries
            app.tick()
            await settle(app, pilot)


async def test_drawing_with_hostile_names_holds_no_control_character() -> None:
    app = an_app(Scripted(a_hostile_sample()))
    async with app.run_test(size=(200, 50)) as pilot:
        await settle(app, pilot)
        picture = app.export_screenshot()

    assert set() == {c for c in picture if unicodedata.category(c) in {"Cc", "Cf", "Cs"}} - {"\n"}
