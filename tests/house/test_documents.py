"""What the README tells of the code is what the code says."""

from __future__ import annotations

import pytest

from tests.house.documents import BLOCKS, README, block


@pytest.mark.parametrize("name", BLOCKS)
def test_a_made_part_is_what_would_be_made_now(name: str) -> None:
    found = block(name).search(README.read_text(encoding="utf-8"))

    assert found is not None
    assert BLOCKS[name]() == found[0], "python -m tests.house.documents"
