"""The catalogues of other languages, kept beside the sentences in the code: `python -m tests.house.catalogues` brings them up to date.

A new sentence comes out untranslated, an old one is dropped, what is translated stays. With file names it takes over what
those translate: `python -m tests.house.catalogues zh_CN more.po`.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from goneaway_tui.language import DOMAIN, LANGUAGES, LOCALES
from tests.house.tree import PACKAGE

KEYWORDS = {"_": None, "marked": None, "ngettext": (1, 2)}
Said = str | tuple[str, str]
"""A message as it stands in the code: one sentence, or one for one and one for many."""


@cache
def said_in_code() -> tuple[Said, ...]:
    """Every message of the package, in the order of its modules."""
    found = extract_from_dir(PACKAGE, [("**.py", "python")], keywords=KEYWORDS)
    each = sorted((file, line, message) for file, line, message, *_rest in found)
    said = (message if isinstance(message, str) else (message[0], message[1]) for *_where, message in each)
    return tuple(dict.fromkeys(said))


def catalogue(folder: str) -> Path:
    return LOCALES / folder / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, abort_invalid=True)


def translations(path: Path) -> dict[Said, str]:
    """What a catalogue says for each message: of languages with one form for any number, that form."""
    told: dict[Said, str] = {}
    for message in read(path):
        text = message.string or ""
        if message.id:
            told[message.id if isinstance(message.id, str) else (message.id[0], message.id[1])] = (
                text if isinstance(text, str) else text[0]
            )
    return told


def fields(text: str) -> list[str]:
    """The `{fields}` of a message with how they are written, in any order."""
    parts = Formatter().parse(text)
    return sorted({f"{name}!{how}:{form}" for _text, name, form, how in parts if name is not None})


def written(folder: str, known: dict[Said, str]) -> Catalog:
    """The catalogue of what is in the code, with what is known of it translated."""
    made = Catalog(
        locale=folder, charset="utf-8", header_comment=f"# {folder}: see CONTRIBUTING in the README."
    )
    made.mime_headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Transfer-Encoding", "8bit"),
        ("Language", folder),
        ("Plural-Forms", made.plural_forms),
    ]
    for message in said_in_code():
        text = known.get(message, "")
        made.add(message, (text,) if isinstance(message, tuple) else text)
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


def main(arguments: list[str]) -> None:
    for folder in filter(None, LANGUAGES.values()):
        known = translations(catalogue(folder))
        for more in arguments[1:] if arguments[:1] == [folder] else []:
            known |= {message: text for message, text in translations(Path(more)).items() if text}
        made = written(folder, known)
        with catalogue(folder).open("wb") as file:
            write_po(file, made, width=0, omit_header=False, no_location=True)
        missing = [message for message in said_in_code() if not known.get(message)]
        print(f"{folder}: {len(said_in_code())} messages, {len(missing)} not translated", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
