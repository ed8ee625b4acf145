"""Laws are about what is true, not about how fast this machine is just now."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("laws", deadline=None)
settings.load_profile("laws")
