"""The catalogues of other languages, kept beside the sentences in the code: `python -m tests.house.catalogues` brings them up to date.

A new sentence comes out untranslated, an old one is dropped, what is translated stays. With file names it takes over what
those translate: `python -m tests.house.catalogues zh_CN more.po`.
"""

from __future__ import annotations

import ast
import runpy
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from goneaway_tui.i18n import CONTEXT_END, DOMAIN, LANGUAGES, LOCALES, NC_
from tests.house.tree import ROOT, modules

SAID_BY: dict[str, tuple[int, ...]] = {
    "_": (0,),
    "say": (0,),
    "N_": (0,),
    "NC_": (0, 1),
    "ngettext": (0, 1),
    "Binding": (2,),
    "Column": (1,),
    "LabelledEntry": (0,),
}
"""Whose arguments, at which places, are messages: `say` is `_` where that means anything; the last three say theirs when they are drawn."""
Said = str | tuple[str, str]
"""A message as a catalogue is asked for it: one sentence, with its context before it if it has one, or one for one and one for many."""


@cache
def said_in_code() -> tuple[Said, ...]:
    """Every message of the package, in the order of its modules. Read by its syntax: Babel's own reader of Python passes
    over what is said within what is said.
    """
    return tuple(dict.fromkeys(message for tree in modules().values() for message in _said_in(tree)))


def _said_in(tree: ast.Module) -> list[Said]:
    found: list[tuple[int, int, Said]] = []
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAID_BY):
            continue
        places = SAID_BY[node.func.id]
        texts = [
            each.value
            for each in (node.args[place] for place in places if place < len(node.args))
            if isinstance(each, ast.Constant) and isinstance(each.value, str) and each.value
        ]
        if len(texts) == len(places):
            message: Said = texts[0] if len(texts) == 1 else (texts[0], texts[1])
            if node.func.id == "NC_":
                message = NC_(*texts)
            found.append((node.lineno, node.col_offset, message))
    return [message for _line, _column, message in sorted(found, key=lambda each: each[:2])]


def catalogue(folder: str) -> Path:
    return LOCALES / folder / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, abort_invalid=True)


def said_by(message: Message) -> Said:
    """The message of an entry of a catalogue."""
    if not isinstance(message.id, str):
        return message.id[0], message.id[1]
    return NC_(message.context, message.id) if message.context else message.id


def translations(path: Path) -> dict[Said, str]:
    """What a catalogue says for each message: of languages with one form for any number, that form."""
    told: dict[Said, str] = {}
    for message in read(path):
        text = message.string or ""
        if message.id:
            told[said_by(message)] = text if isinstance(text, str) else text[0]
    return told


def fields(text: str) -> list[str]:
    """The `{fields}` of a message with how they are written, in any order."""
    parts = Formatter().parse(text)
    return sorted({f"{name}!{how}:{form}" for _text, name, form, how in parts if name is not None})


def written(folder: str, known: dict[Said, str]) -> Catalog:
    """The catalogue of what is in the code, with what is known of it translated."""
    made = Catalog(locale=folder, charset="utf-8", header_comment=f"# {folder}: see CONTRIBUTING.md.")
    made.mime_headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Transfer-Encoding", "8bit"),
        ("Language", folder),
        ("Plural-Forms", made.plural_forms),
    ]
    for message in said_in_code():
        text = known.get(message, "")
        if isinstance(message, tuple):
            made.add(message, (text,))
        else:
            context, _end, sentence = message.rpartition(CONTEXT_END)
            made.add(sentence, text, context=context or None)
    return made


def evaluated_at_import(tree: ast.Module) -> Iterator[int]:
    """Lines on which something is said while its module is loaded, when no language is known yet."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting.extend([*node.decorator_list, node.args])
            continue
        if isinstance(node, ast.Lambda):
            waiting.append(node.args)
            continue
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"_", "ngettext"}
        ):
            yield node.lineno
        waiting.extend(ast.iter_child_nodes(node))


def compile_catalogues() -> None:
    """What the build does: `tui/catalogues.py`, which is of no package."""
    runpy.run_path(str(ROOT / "tui" / "catalogues.py"), run_name="__main__")


def main(arguments: list[str]) -> None:
    for folder in filter(None, LANGUAGES.values()):
        known = translations(catalogue(folder))
        for more in arguments[1:] if arguments[:1] == [folder] else []:
            known |= {message: text for message, text in translations(Path(more)).items() if text}
        made = written(folder, known)
        with catalogue(folder).open("wb") as file:
            write_po(file, made, width=0, omit_header=False, no_location=True)
        compile_catalogues()
        missing = [message for message in said_in_code() if not known.get(message)]
        print(f"{folder}: {len(said_in_code())} messages, {len(missing)} not translated", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
