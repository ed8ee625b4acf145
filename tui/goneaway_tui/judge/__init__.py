"""Judgement: which session will be closed, when, how sure we are, and why the last one was. Pure functions, model to model."""

from __future__ import annotations

from goneaway_tui.judge.tracker import Step, VariableChange, judge, track
from goneaway_tui.model.sample import is_same_run

__all__ = ["Step", "VariableChange", "is_same_run", "judge", "track"]
