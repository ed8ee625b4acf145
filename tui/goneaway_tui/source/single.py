"""One session read as if it were alone: the readers' own way, so that its clock compares with the clock on the screen."""

from __future__ import annotations

from collections.abc import Sequence

from goneaway_tui.source import sql
from goneaway_tui.source.connection import Connection, Row
from goneaway_tui.source.sql.shapes import Statement
from goneaway_tui.source.survey import Survey


class SingleSurvey(Survey):
    """Chooses the statements that read one session, where there are such."""

    __slots__ = ()

    def statement(self, what: str) -> Statement | None:
        if what.startswith("packed_"):  # one row needs no packing, and a pack holds everybody's
            return None
        one = f"one_{what}"
        return sql.choose(self.flavour, one if one in sql.STATEMENTS[self.flavour] else what, self.able)


class SingleConnection(Connection):
    """Says which session is meant, where a statement asks for it and a reader of all does not."""

    only = 0

    def rows(self, sql: Statement, parameters: Sequence[object] = ()) -> list[Row]:
        unsaid = sql.count("%s") - len(parameters)
        return super().rows(sql, (*parameters, *[self.only] * unsaid))
