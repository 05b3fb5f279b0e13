from __future__ import annotations

import re

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from sightline.common.telemetry import Metrics


def test_two_sets_of_metrics_in_one_process_do_not_meet():
    first, second = Metrics(), Metrics()
    first.jobs_submitted.labels("detect_faces").inc()
    labels = {"kind": "detect_faces"}
    assert first.registry.get_sample_value("sightline_jobs_submitted_total", labels) == 1
    assert second.registry.get_sample_value("sightline_jobs_submitted_total", labels) is None


def test_every_metric_has_our_prefix_a_unit_or_is_a_count_and_says_what_it_is():
    families = list(Metrics().registry.collect())
    assert len(families) > 25
    for family in families:
        assert re.fullmatch(r"sightline_[a-z0-9_]+", family.name)
        assert len(family.documentation) > 10
        if family.type == "histogram":
            assert family.name.endswith("_seconds")


def test_the_metrics_of_the_process_come_with_what_it_is():
    registry = CollectorRegistry()
    Metrics(registry).observe_process("gateway", "1.2.3")
    text = generate_latest(registry).decode()
    assert "process_resident_memory_bytes" in text
    assert 'sightline_build_info{service="gateway",version="1.2.3"} 1.0' in text


def test_a_run_of_a_model_is_noted_unless_it_fails():
    metrics = Metrics()
    with metrics.model_run("scrfd", "detect"):
        pass
    with pytest.raises(ValueError, match="damaged"), metrics.model_run("scrfd", "detect"):
        raise ValueError("damaged")
    labels = {"model": "scrfd", "operation": "detect"}
    assert metrics.registry.get_sample_value("sightline_model_seconds_count", labels) == 1
