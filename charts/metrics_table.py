"""Keep the table of metrics in a page, made from what the code defines: python charts/metrics_table.py PAGE."""

from __future__ import annotations

import sys
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from sightline.common.telemetry import Metrics

BEGIN, END = "<!-- metrics: made by charts/metrics_table.py -->", "<!-- end of metrics -->"
_KINDS = {Counter: "counter", Gauge: "gauge", Histogram: "histogram"}


def main(page: Path) -> None:
    """Write the table into the page between its two marks."""
    page.write_text(with_table(page.read_text()))


def with_table(page: str) -> str:
    """Give a page with the table of the metrics as they are."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table()}\n{END}{after}"


def table() -> str:
    """Give the table, in the order in which the code defines them."""
    metrics = Metrics()
    metrics.observe_process("name", "0")
    rows = ["| metric | kind | labels | what it tells |", "|---|---|---|---|"]
    for one in metrics.registry._collector_to_names:
        if isinstance(one, MetricWrapperBase):
            kind = _KINDS[type(one)]
            name = f"{one._name}_total" if kind == "counter" else one._name
            labels = ", ".join(f"`{label}`" for label in one._labelnames)
            rows.append(f"| `{name}` | {kind} | {labels} | {one._documentation} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
