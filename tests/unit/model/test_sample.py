"""One reading, unjudged."""

from __future__ import annotations

from goneaway_tui.model.server import Flavour, Variable
from tests.builders import a_sample


def test_a_variable_is_found_by_its_name() -> None:
    assert 30 == a_sample(variables={"wait_timeout": 30}).variable("wait_timeout")


def test_a_variable_that_is_zero_is_not_a_variable_that_is_not_there() -> None:
    sample = a_sample(variables={"idle_transaction_timeout": 0})

    assert 0 == sample.variable("idle_transaction_timeout")
    assert sample.variable("idle_write_transaction_timeout") is None


def test_a_variable_of_no_number_is_none() -> None:
    assert (
        a_sample(variables={"wait_timeout": Variable("wait_timeout", None)}).variable("wait_timeout") is None
    )


def test_a_counter_is_found_by_its_name() -> None:
    sample = a_sample(counters={"aborted_clients": 0})

    assert 0 == sample.counter("aborted_clients")
    assert sample.counter("uptime") is None


def test_each_flavour_has_a_title() -> None:
    assert ["MySQL", "MariaDB"] == [flavour.title for flavour in Flavour]
