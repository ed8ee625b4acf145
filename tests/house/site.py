"""What `mkdocs.yml` needs to build the pages as a site: files from outside of `docs`, and the links to them."""

from __future__ import annotations

import re
from pathlib import Path
from posixpath import dirname, normpath, relpath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
OUTSIDE = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "tests/bench/README.md")
"""Pages of the site that are not in `docs`."""
LINK = re.compile(r"(?<=\]\()(?!\w+:)([^)#\s]+)")
"""Where a link of Markdown leads, without its anchor; addresses of other sites are not matched."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages and pictures from outside of `docs`, under their path in the repository."""
    pictures = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "screenshots").glob("*.svg"))
    for path in (*OUTSIDE, *pictures):
        files.append(File.generated(config, path, abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links lead from a page's place in the site to the target's place in the site."""
    here = page.file.src_uri
    place = here if here in OUTSIDE else f"docs/{here}"

    def in_site(link: re.Match[str]) -> str:
        target = normpath(f"{dirname(place)}/{link[0]}").lstrip("/")
        return relpath(target.removeprefix("docs/"), dirname(here) or ".")

    return LINK.sub(in_site, markdown)
