"""What each format writes, byte for byte. UPDATE_GOLDEN=1 writes the files anew, to be read before they are kept."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from goneaway_tui.export import FORMATS, Format
from goneaway_tui.model.snapshot import Basis, Risk
from tests.unit.export.rich import rich_snapshot

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("chosen", FORMATS.values(), ids=FORMATS)
def test_a_format_writes_the_same_bytes_as_before(chosen: Format) -> None:
    out = io.StringIO()
    chosen.write(rich_snapshot(), out)
    actual = out.getvalue().encode()
    golden = GOLDEN / f"rich{chosen.suffix}"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        golden.write_bytes(actual)

    assert golden.read_bytes() == actual


def test_there_is_a_golden_file_for_each_format_and_no_other() -> None:
    assert {f"rich{chosen.suffix}" for chosen in FORMATS.values()} == {path.name for path in GOLDEN.iterdir()}


def test_the_golden_snapshot_has_every_risk_and_every_basis() -> None:
    verdicts = rich_snapshot().verdicts

    assert set(Risk) == {v.risk for v in verdicts}
    assert set(Basis) == {v.limit.basis for v in verdicts if v.limit is not None}
