"""Frames as one animated SVG: style sheets move it, so it plays wherever a picture is shown, without a script.

Each frame is drawn over those before it and holds only what changed; it appears at its instant and stays until the film
begins anew. Whoever wants no motion sees one frame that stands still.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from itertools import accumulate, groupby

from rich.cells import cell_len

from tests.snapshot.frames import Frame, Ink, Row, Run, changes

CELL_WIDTH, CELL_HEIGHT, FONT_SIZE = 12, 24, 20
MARGIN, TITLE, CAPTION = 12, 40, 62
BASELINE = 19
"""Of the letters, from the top of their row."""
BLOCKS = " ▁▂▃▄▅▆▇█"
"""By how many eighths of their cell they fill; drawn as what they are, since fonts let them stand out of it."""
MUCH = 0.4
"""Where more than this share of the cells changes, all of them are drawn anew on a clean ground."""
FRAME, LINE, FAINT, BRIGHT = "#292929", "#45484a", "#94999c", "#e6e6e6"

STYLE = """\
text{{font:{size}px Fira Code,DejaVu Sans Mono,Menlo,Consolas,monospace;white-space:pre}}
rect,path{{shape-rendering:crispEdges}}
.s{{font:21px system-ui,Segoe UI,Helvetica,Arial,sans-serif}}
.k{{font-weight:700;text-anchor:middle}}
.f{{animation:{seconds}s step-end infinite}}
.l{{visibility:hidden}}
@media(prefers-reduced-motion:reduce){{.f{{animation:none!important}}}}
"""


def svg(frames: Sequence[Frame], title: str, still: int) -> str:
    """The film. `still` is the number of the frame for whoever wants no motion."""
    columns, lines = len(frames[0].rows[0]), len(frames[0].rows)
    width, height = columns * CELL_WIDTH + 2 * MARGIN, lines * CELL_HEIGHT + TITLE + CAPTION
    seconds = sum(frame.seconds for frame in frames)
    instants = accumulate((frame.seconds for frame in frames), initial=0.0)
    inks: dict[Ink, str] = {}
    drawn, keyframes, before = [], [], Frame(0, (), "", "")
    for number, (frame, at) in enumerate(zip(frames, instants, strict=False)):
        marks = "".join((*_screen(before.rows, frame.rows, inks), *_caption(before, frame, width, height)))
        before = frame
        if not marks:
            continue
        if not number:
            drawn.append(f"<g>{marks}</g>")
            continue
        later = " l" if number > still else ""
        drawn.append(f'<g class="f{later}" style="animation-name:a{number}">{marks}</g>')
        share = f"{at / seconds:.4%}"
        keyframes.append(f"@keyframes a{number}{{0%{{visibility:hidden}}{share},to{{visibility:visible}}}}")
    style = STYLE.format(size=FONT_SIZE, seconds=f"{seconds:g}")
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" xml:space="preserve">',
            f"<title>{escape(title)}</title>",
            f"<style>{style}{_classes(inks)}",
            *keyframes,
            "</style>",
            *_window(width, height, title),
            *drawn,
            "</svg>",
            "",
        )
    )


def _window(width: int, height: int, title: str) -> Iterator[str]:
    """What surrounds the screen."""
    half = (width - 1, height - 1)
    yield f'<rect x=".5" y=".5" width="{half[0]}" height="{half[1]}" rx="8" fill="{FRAME}" stroke="{LINE}"/>'
    for place, color in enumerate(("#ff5f57", "#febc2e", "#28c840")):
        yield f'<circle cx="{24 + 22 * place}" cy="{TITLE // 2}" r="7" fill="{color}"/>'
    yield f'<text class="s" x="{width // 2}" y="27" text-anchor="middle" fill="{FAINT}">{escape(title)}</text>'


def _screen(before: Sequence[Row], after: Sequence[Row], inks: dict[Ink, str]) -> Iterator[str]:
    """What draws `after` over `before`."""
    runs = list(changes(before, after))
    ground = ""
    if sum(run.width for run in runs) > MUCH * len(after) * len(after[0]):
        runs = list(changes((), after))
        ground = _ground(runs)
        yield _box(0, 0, len(after[0]), len(after), ground)
    for (row, back), beside in groupby(runs, key=lambda run: (run.row, run.ink.back)):
        if back != ground:
            yield from _boxes(row, list(beside), back)
    for run in runs:
        yield from _letters(run, inks)


def _ground(runs: Sequence[Run]) -> str:
    """The colour behind most of them."""
    shares: Counter[str] = Counter()
    for run in runs:
        shares[run.ink.back] += run.width
    return shares.most_common(1)[0][0]


def _boxes(row: int, runs: Sequence[Run], back: str) -> Iterator[str]:
    """The ground behind runs of one row, one box for those that touch."""
    start = end = runs[0].column
    for run in runs:
        if run.column != end:
            yield _box(start, row, end - start, 1, back)
            start = run.column
        end = run.column + run.width
    yield _box(start, row, end - start, 1, back)


def _box(column: int, row: int, columns: int, rows: int, color: str) -> str:
    x, y = MARGIN + column * CELL_WIDTH, TITLE + row * CELL_HEIGHT
    size = f'width="{columns * CELL_WIDTH}" height="{rows * CELL_HEIGHT}"'
    return f'<rect x="{x}" y="{y}" {size} fill="{color}"/>'


def _letters(run: Run, inks: dict[Ink, str]) -> Iterator[str]:
    look = inks.setdefault(run.ink._replace(back=""), f"i{len(inks)}")
    x, y = MARGIN + run.column * CELL_WIDTH, TITLE + run.row * CELL_HEIGHT
    for is_drawn, letters in groupby(run.text, key=lambda letter: letter in BLOCKS.strip()):
        text = "".join(letters)
        width = cell_len(text) * CELL_WIDTH
        if is_drawn:
            yield f'<path class="{look}" d="{_towers(text, x, y + CELL_HEIGHT)}"/>'
        elif run.ink.underline:
            yield _text(text, look, x, y)
        elif text.strip():
            skipped = len(text) - len(text.lstrip())
            yield _text(text.strip(), look, x + skipped * CELL_WIDTH, y)
        x += width


def _text(text: str, look: str, x: int, y: int) -> str:
    """Stretched to its cells, whatever the font."""
    length = f' textLength="{cell_len(text) * CELL_WIDTH}"' if cell_len(text) > 1 else ""
    return f'<text class="{look}" x="{x}" y="{y + BASELINE}"{length}>{escape(text, quote=False)}</text>'


def _towers(blocks: str, x: int, foot: int) -> str:
    eighth = CELL_HEIGHT // 8
    heights = [eighth * BLOCKS.index(block) for block in blocks]
    return "".join(
        f"M{x + place * CELL_WIDTH} {foot}v-{height}h{CELL_WIDTH}v{height}z"
        for place, height in enumerate(heights)
    )


def _classes(inks: dict[Ink, str]) -> str:
    return "".join(
        f".{name}{{fill:{ink.fore}"
        f"{';font-weight:700' * ink.bold}{';font-style:italic' * ink.italic}"
        f"{';text-decoration:underline' * ink.underline}}}\n"
        for ink, name in inks.items()
    )


def _caption(before: Frame, frame: Frame, width: int, height: int) -> Iterator[str]:
    """The key that was pressed, as a key, and what happens."""
    if (before.key, before.words) == (frame.key, frame.words):
        return
    top, x = height - CAPTION, MARGIN + 4
    yield f'<rect x="{MARGIN}" y="{top}" width="{width - 2 * MARGIN}" height="{CAPTION - 6}" fill="{FRAME}"/>'
    if frame.key:
        cap = max(36, 14 * len(frame.key) + 20)
        yield (
            f'<rect x="{x}" y="{top + 13}" width="{cap}" height="34" rx="6" fill="{LINE}" stroke="{FAINT}"/>'
            f'<text class="s k" x="{x + cap // 2}" y="{top + 37}" fill="{BRIGHT}">{escape(frame.key)}</text>'
        )
        x += cap + 14
    yield f'<text class="s" x="{x}" y="{top + 37}" fill="{BRIGHT}">{escape(frame.words)}</text>'
