"""A connection that may change the server: each statement once, and never a guess at whether it took effect."""

from __future__ import annotations

import pymysql

from goneaway_tui.errors import OutcomeUnknown
from goneaway_tui.language import _, marked
from goneaway_tui.model.plain import from_wire, plain
from goneaway_tui.source.connection import ANSWER_BYTES, PROTOCOL_ERRORS, Connection, Refusal
from goneaway_tui.source.explanations import number_and_message
from goneaway_tui.source.sql.shapes import Statement

UNSURE = frozenset({0, 1053, 1317, 1927, 1969, 2006, 2013, 2014, 2027, 3024, 4031})
"""Error numbers after which a statement may have taken effect or not: the line broke, or somebody cut it short."""
LOOK = marked("look before you try again")


class Writer(Connection):
    """Opened for one act, closed after it."""

    def act(self, sql: str, parameters: tuple[object, ...]) -> tuple[str, int]:
        """Run a statement that changes something; how it ran, and of how many things the server warns.

        Raises Refusal where the server said no and did nothing, else OutcomeUnknown.
        """
        self._wire.budget = ANSWER_BYTES
        with self._wire.cursor() as cursor:
            statement = cursor.mogrify(sql, parameters)
            try:
                cursor.execute(statement)
                while cursor.nextset():
                    pass
            except pymysql.Error as error:
                number, message = number_and_message(error)
            except PROTOCOL_ERRORS as error:
                number, message = 2013, f"{type(error).__name__}: {error}"
            else:
                return statement, int(cursor.warning_count)
        if number not in UNSURE:
            raise Refusal(number, message)
        raise OutcomeUnknown(
            _(
                "{why}, in the middle of {statement}: the outcome is unknown",
                why=self._broken(number, message).args[0],
                statement=statement,
            ),
            _(LOOK),
        )

    def warnings(self, sql: Statement) -> tuple[str, ...]:
        """What the last statement was warned of, as the mysql client says it. Ask only after an answer that counts some."""
        return tuple(
            f"{plain(from_wire(level))} {number}: {plain(from_wire(message))}"
            for level, number, message in self.rows(sql)
        )
