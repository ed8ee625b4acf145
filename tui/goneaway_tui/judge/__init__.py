"""Judgement: which session will be closed, when, how sure we are, and why the last one was. Pure functions, model to model."""

from __future__ import annotations

from goneaway_tui.judge.departures import departures
from goneaway_tui.judge.runs import is_same_run
from goneaway_tui.judge.step import Change, Step, judge, step

__all__ = ["Change", "Step", "departures", "is_same_run", "judge", "step"]
