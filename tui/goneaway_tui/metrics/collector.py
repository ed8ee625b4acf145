"""What `prometheus_client` asks when it is asked: the last reading of each server. It waits for nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prometheus_client import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from goneaway_tui.metrics.families import FAMILIES, SERVER, Name
from goneaway_tui.metrics.reading import LONGEST, Labels, Reading
from goneaway_tui.model.plain import plain
from goneaway_tui.ports import Clock

Rows = tuple[Mapping[Labels, float], list[Sample]]


class Board(Collector):
    """The last reading of each server. A reading is replaced whole, so any thread may do so at any time."""

    def __init__(self, servers: Iterable[str], clock: Clock, most_series: int) -> None:
        """`servers` by name, none like another; the series are divided among them."""
        names = tuple(servers)
        self._clock = clock
        self._readings = dict.fromkeys(names, Reading(most_series // max(1, len(names))))
        self._drawn: dict[tuple[str, Name], Rows] = {}

    def __getitem__(self, server: str) -> Reading:
        return self._readings[server]

    def __setitem__(self, server: str, reading: Reading) -> None:
        self._readings[server] = reading

    def collect(self) -> Iterable[Metric]:
        """Every metric of every server, as of now."""
        now = self._clock()
        each = {server: reading.values(now) for server, reading in self._readings.items()}
        for family in FAMILIES.values():
            metric = Metric(family.name.removesuffix("_total"), family.help, family.kind)
            for server, values in each.items():
                metric.samples += self._samples(server, family.name, values.get(family.name, {}))
            yield metric

    def _samples(self, server: str, name: Name, values: Mapping[Labels, float]) -> list[Sample]:
        """Drawn once for a reading, however often it is asked for."""
        drawn = self._drawn.get((server, name))
        if drawn is None or drawn[0] is not values:
            labels = (SERVER, *FAMILIES[name].labels)
            shown = plain(server, LONGEST)
            drawn = (
                values,
                [
                    Sample(name.value, dict(zip(labels, (shown, *each), strict=True)), value)
                    for each, value in values.items()
                ],
            )
            self._drawn[server, name] = drawn
        return drawn[1]
