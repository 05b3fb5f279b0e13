"""Alerts fire when they should and only then, by cases in promtool's own form; and every expression can be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
import yaml
from alerting import Alert, firing, seconds
from promql import Series, Store
from rendering import CHART, ROOT, SETS, objects

from sightline.common.errors import Reason
from sightline.common.errors.reasons import TABLE

CASES = yaml.safe_load((ROOT / "tests/chart/alerts.test.yaml").read_text())
TURN_SECONDS = seconds(CASES["evaluation_interval"])
# Grafana fills these in before Prometheus sees them.
GRAFANA = {"$__rate_interval": "1m", "$namespace": "vision", "$datasource": "d"}
ADAPTER = ROOT / "k8s/prometheus-adapter/values.yaml"


def rules(name: str = "production") -> dict[str, dict[str, Any]]:
    (found,) = [one for one in objects(name) if one["kind"] == "PrometheusRule"]
    return {rule["alert"]: rule for group in found["spec"]["groups"] for rule in group["rules"]}


def questions() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Every case and every moment that it is asked about."""
    for case in CASES["tests"]:
        for test in case["alert_rule_test"]:
            yield case, test


@pytest.mark.parametrize(
    ("case", "test"), [*questions()], ids=[f"{case['name']} {test['eval_time']}" for case, test in questions()]
)
def test_an_alert_fires_when_it_should_and_only_then(case: dict[str, Any], test: dict[str, Any]) -> None:
    interval = seconds(case["interval"])
    series = [Series.read(one["series"], one["values"], interval) for one in case["input_series"]]
    rule = rules()[test["alertname"]]
    expected = {
        Alert(tuple(sorted(one["exp_labels"].items())), tuple(sorted(one["exp_annotations"].items())))
        for one in test["exp_alerts"]
    }
    assert firing(rule, Store(series), seconds(test["eval_time"]), every_seconds=TURN_SECONDS) == expected


def test_each_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    fires, is_silent = set(), set()
    for _, test in questions():
        (fires if test["exp_alerts"] else is_silent).add(test["alertname"])
    assert fires == is_silent == set(rules())


def expressions() -> Iterator[tuple[str, str]]:
    for name in SETS:
        for one in objects(name):
            if one["kind"] == "PrometheusRule":
                yield from ((f"{name}: {rule['alert']}", rule["expr"]) for rule in rules(name).values())
    for file in sorted((CHART / "dashboards").glob("*.json")):
        for panel in json.loads(file.read_text())["panels"]:
            for target in panel["targets"]:
                expression = target["expr"]
                for word, value in GRAFANA.items():
                    expression = expression.replace(word, value)
                yield f"{file.name}: {panel['title']}", expression
    (rule,) = yaml.safe_load(ADAPTER.read_text())["rules"]["external"]
    yield "prometheus-adapter", rule["seriesQuery"]
    # What the adapter fills in for the HorizontalPodAutoscaler of the face service.
    query = rule["metricsQuery"].replace("<<.Series>>", "sightline_queue_depth")
    yield "prometheus-adapter", query.replace("<<.LabelMatchers>>", 'namespace="vision",queue="face"')


def test_every_expression_is_one_that_prometheus_reads() -> None:
    faults = []
    for where, expression in expressions():
        try:
            promql_parser.parse(expression)
        except ValueError as error:
            faults.append(f"{where}: {error}")
    assert faults == []


def test_no_scaled_object_has_an_expression_of_its_own() -> None:
    # They ask the gateway by KEDA's protocol. One with a query would belong among the expressions above.
    for name in SETS:
        for one in objects(name):
            if one["kind"] == "ScaledObject":
                assert not any("query" in trigger["metadata"] for trigger in one["spec"]["triggers"])


def test_the_adapter_gives_the_largest_of_what_two_gateways_show() -> None:
    expression = dict(expressions())["prometheus-adapter"]
    shown = [
        Series.read(f'sightline_queue_depth{{namespace="vision",pod="{pod}",queue="face"}}', values, 15)
        for pod, values in (("old", "7x4"), ("new", "9x4"))
    ]
    assert Store(shown).evaluate(expression, 60) == {frozenset({("queue", "face")}): 9.0}


def test_every_reason_in_an_alert_is_one_that_there_is() -> None:
    """And each that is ours, since what may succeed later and did not is no fault of the picture."""
    theirs = {Reason.URI_UNREACHABLE, Reason.QUOTA_EXCEEDED, Reason.QUEUE_FULL, Reason.OVERLOADED, Reason.DRAINING}
    ours = {reason for reason, meaning in TABLE.items() if meaning.retryable} - theirs | {Reason.ATTEMPTS_EXHAUSTED}
    shown = [
        Series.read(f'sightline_tasks_failed_total{{namespace="vision",queue="q",reason="{reason}"}}', "0+1x120", 15)
        for reason in Reason
    ]
    found = Store(shown).evaluate(rules()["SightlineTasksFail"]["expr"], 1800)
    assert {dict(labels)["reason"] for labels in found} == ours


def test_without_an_address_of_the_runbook_alerts_name_its_file_alone() -> None:
    for name, rule in rules("hpa").items():
        assert "runbook_url" not in rule["annotations"], name
        assert rule["annotations"]["runbook"].startswith("docs/runbook.md#")
