"""The alert rules that are shipped, by Prometheus' own tool: each speaks when it should, and is silent before."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.house.tree import PACKAGE
from tests.unit.settings.asking import program

RULES = PACKAGE / "metrics" / "rules.yml"
FULL = {
    'goneaway_connections{server="db1"}': "90x20",
    'goneaway_max_connections{server="db1"}': "100x20",
}


def test_the_rules_are_rules() -> None:
    checked = subprocess.run(
        [program("promtool"), "check", "rules", RULES], capture_output=True, text=True, check=False
    )

    assert 0 == checked.returncode, checked.stderr


@pytest.mark.parametrize(
    ("alert", "series", "speaks"),
    [
        (
            "OpenTransactionAboutToBeClosed",
            {'goneaway_endangered_transactions{server="db1",user="etl",program="job"}': "0 0 1 1 0 _ _"},
            {"1m": 0, "2m": 1, "3m": 1, "4m": 0},
        ),
        (
            "SessionsBlocked",
            {
                'goneaway_sessions_blocked{server="db1"}': "0 3 5 0",
                'goneaway_longest_lock_wait_seconds{server="db1"}': "0 12 72 0",
            },
            {"0m": 0, "1m": 0, "2m": 1, "3m": 0},
        ),
        (
            "ConnectionsSaturatingWhileIdle",
            {**FULL, 'goneaway_idle_sessions{server="db1"}': "80x20"},
            {"4m": 0, "6m": 1},
        ),
        (
            "ConnectionsSaturatingWhileIdle",
            {**FULL, 'goneaway_idle_sessions{server="db1"}': "20x20"},
            {"4m": 0, "9m": 0},
        ),
        (
            "LimitChanged",
            {'goneaway_variable_changes_total{server="db1",variable="wait_timeout"}': "0 0 0 1x40"},
            {"2m": 0, "4m": 1, "30m": 0},
        ),
        ("ServerRestarted", {'goneaway_server_restarts_total{server="db1"}': "0 0 0 1x40"}, {"2m": 0, "4m": 1}),
        ("ServerRestarted", {'goneaway_server_uptime_seconds{server="db1"}': "600 660 720 9+60x9"}, {"2m": 0, "4m": 1}),
        (
            "ClosingsFarAboveNormal",
            {'goneaway_departures_total{server="db1",cause="idle_timeout",certainty="confirmed"}': "0+1x60 120+60x30"},
            {"50m": 0, "80m": 1},
        ),
        (
            "ClosingsFarAboveNormal",
            {'goneaway_departures_total{server="db1",cause="client_quit",certainty="confirmed"}': "0+1x60 120+60x30"},
            {"50m": 0, "80m": 0},
        ),
    ],
)  # fmt: skip
def test_alert_fires_when_it_should(
    tmp_path: Path, alert: str, series: Mapping[str, str], speaks: Mapping[str, int]
) -> None:
    firing = f'count(ALERTS{{alertname="Goneaway{alert}",alertstate="firing"}})'
    story = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "promql_expr_test": [
                    {
                        "expr": firing,
                        "eval_time": at,
                        "exp_samples": [{"labels": "{}", "value": number}] if number else [],
                    }
                    for at, number in speaks.items()
                ],
            }
        ],
    }
    told = tmp_path / "story.yml"
    told.write_text(json.dumps(story))
    tested = subprocess.run(
        [program("promtool"), "test", "rules", told], capture_output=True, text=True, check=False
    )

    assert 0 == tested.returncode, tested.stdout + tested.stderr
