"""An executor whose every call is an act by itself, over a connection of its own."""

from __future__ import annotations

from goneaway_tui.model.session import ProcesslistId, Session
from goneaway_tui.model.tuning import KeptValue, Persistence
from goneaway_tui.source.executor import LiveExecutor


class OneByOne(LiveExecutor):
    """What a gate does with one, without a journal and without looking first."""

    def find(self, session_id: ProcesslistId) -> Session | None:
        with self.conversation(borrow=True) as conversation:
            return conversation.find(session_id)

    def set_global(self, name: str, value: float, keep: Persistence) -> KeptValue:
        with self.conversation() as conversation:
            return conversation.set_global(name, value, keep)

    def reset_persist(self, name: str) -> KeptValue:
        with self.conversation() as conversation:
            return conversation.reset_persist(name)

    def kill(self, session_id: ProcesslistId) -> KeptValue:
        with self.conversation() as conversation:
            return conversation.kill(session_id)

    def kill_query(self, session_id: ProcesslistId) -> KeptValue:
        with self.conversation() as conversation:
            return conversation.kill_query(session_id)
