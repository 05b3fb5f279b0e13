"""Alerts and dashboards: every metric is one that the code exports, every alert leads to an entry of the runbook."""

from __future__ import annotations

import importlib.util
import json
import re
from typing import Any

import pytest
from rendering import CHART, ROOT, objects

from sightline.common.telemetry import Metrics
from sightline.gateway.settings import HousekeepingSettings

METRIC = re.compile(r"\b(sightline_[a-z_]+)\b")
# Of the Python client, of kube-state-metrics.
OTHERS = re.compile(r"\b(?!sightline_)([a-z]+_[a-z_]+)(?=\{)")
KNOWN_OTHERS = {
    "process_resident_memory_bytes",
    "process_cpu_seconds_total",
    "kube_deployment_status_replicas",
    "kube_horizontalpodautoscaler_status_desired_replicas",
}
DASHBOARDS = sorted(file.name for file in (CHART / "dashboards").glob("*.json"))


@pytest.fixture(scope="module")
def exported() -> dict[str, set[str]]:
    """Every series that a process exports, with its labels."""
    metrics = Metrics()
    metrics.observe_process("tests", "0")
    found: dict[str, set[str]] = {"sightline_build_info": {"service", "version"}}
    for collector in list(metrics.registry._collector_to_names):
        labels = set(getattr(collector, "_labelnames", ()))
        for name in metrics.registry._collector_to_names[collector]:
            found[name] = labels | ({"le"} if name.endswith("_bucket") else set())
    return found


def rules() -> list[dict[str, Any]]:
    (found,) = [one for one in objects("production") if one["kind"] == "PrometheusRule"]
    return [rule for group in found["spec"]["groups"] for rule in group["rules"]]


def expressions() -> list[tuple[str, str]]:
    told = [(rule["alert"], rule["expr"]) for rule in rules()]
    for name in DASHBOARDS:
        board = json.loads((CHART / "dashboards" / name).read_text())
        told += [(name, target["expr"]) for panel in board["panels"] for target in panel["targets"]]
    return told


def test_there_is_a_dashboard_for_each_thing_that_operators_look_at() -> None:
    wanted = {"overview", "queues", "face", "object", "extract", "stores", "autoscaling", "tenants"}
    assert {name.removesuffix(".json") for name in DASHBOARDS} == wanted


def test_every_metric_is_one_that_the_code_exports(exported: dict[str, set[str]]) -> None:
    for where, expression in expressions():
        for metric in METRIC.findall(expression):
            assert metric in exported, f"{where}: {metric}"
        assert set(OTHERS.findall(expression)) <= KNOWN_OTHERS, where


def test_every_metric_that_is_shown_is_counted_somewhere() -> None:
    defined = (ROOT / "services/common/src/sightline/common/telemetry/metrics.py").read_text()
    attributes = re.findall(r"self\.(\w+) = self\._(?:counter|gauge|histogram)\(", defined)
    sources = [file for file in (ROOT / "services").glob("*/src/**/*.py") if file.name != "metrics.py"]
    code = "\n".join(file.read_text() for file in sources)
    assert [name for name in attributes if not re.search(rf"\.{name}\b", code)] == []


def test_every_label_is_one_that_the_metric_has(exported: dict[str, set[str]]) -> None:
    given_by_kubernetes = {"namespace", "pod"}
    for where, expression in expressions():
        for metric, selector in re.findall(r"(sightline_[a-z_]+)\{([^}]*)\}", expression):
            for label in re.findall(r"([a-z_]+)\s*(?:=~|!=|!~|=)", selector):
                assert label in exported[metric] | given_by_kubernetes, f"{where}: {metric}{{{label}}}"


def test_every_alert_leads_to_its_entry_of_the_runbook() -> None:
    entries = set(re.findall(r"^## ([a-z-]+)$", (ROOT / "docs/runbook.md").read_text(), re.MULTILINE))
    named = {rule["annotations"]["runbook"].removeprefix("docs/runbook.md#") for rule in rules()}
    assert named == entries
    for rule in rules():
        entry = rule["annotations"]["runbook"].partition("#")[2]
        assert rule["annotations"]["runbook_url"] == f"https://wiki.example.org/sightline/runbook#{entry}"


def test_a_monitor_asks_every_kind_of_pod() -> None:
    found = objects("production")
    monitors = {one["metadata"]["name"] for one in found if one["kind"] == "PodMonitor"}
    deployments = {one["metadata"]["name"] for one in found if one["kind"] == "Deployment"}
    assert monitors == deployments


def test_monitors_and_rules_say_nothing_that_the_operator_would_drop() -> None:
    from cloudcoil.models.prometheus_operator.v1 import PodMonitor, PrometheusRule

    for one in objects("production"):
        model = {"PodMonitor": PodMonitor, "PrometheusRule": PrometheusRule}.get(one["kind"])
        if model is not None:
            read = model.model_validate(one).model_dump(mode="json", by_alias=True, exclude_none=True)
            assert read["spec"].keys() == one["spec"].keys()
            assert json.dumps(read["spec"]).count(":") >= json.dumps(one["spec"]).count(":")


def test_the_page_on_observability_lists_the_metrics_and_dashboards_as_they_are() -> None:
    page = (ROOT / "docs/observability.md").read_text()
    spec = importlib.util.spec_from_file_location("metrics_table", ROOT / "charts/metrics_table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert page == module.with_table(page), "run charts/metrics_table.py docs/observability.md"
    for name in DASHBOARDS:
        assert re.search(rf"^\| [a-z, ]*\b{name.removesuffix('.json')}\b", page, re.MULTILINE), name
    named = int(re.findall(r"TENANTS_NAMED_MAX` \((\d+)\)", page)[0])
    assert named == HousekeepingSettings().tenants_named_max
    assert f"TENANTS_SECONDS` ({HousekeepingSettings().tenants_seconds:.0f})" in page
