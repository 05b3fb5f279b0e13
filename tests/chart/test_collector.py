"""The example collector: a configuration that it would read, found where the chart sends its traces."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import kubernetes_validate
import pytest
import yaml
from rendering import NAMESPACE, ROOT, SETS, objects, pods, variables

from sightline.common.settings import TelemetrySettings
from sightline.common.telemetry.traces import make_tracer_provider

# As the first line of the file creates it.
COLLECTOR_NAMESPACE = "observability"
FILE = ROOT / "k8s/otel-collector/collector.yaml"
# What each part may say; true where anything may follow. Source: the config.go of each part at v0.132.
KNOWN: dict[str, dict[str, Any]] = {
    "extensions": {"health_check": {"endpoint", "path", "tls", "response_body"}},
    "receivers": {
        "otlp": {"protocols.grpc.endpoint", "protocols.grpc.max_recv_msg_size_mib", "protocols.http.endpoint"},
    },
    "processors": {
        "memory_limiter": {
            "check_interval", "limit_mib", "spike_limit_mib", "limit_percentage", "spike_limit_percentage",
        },
        "batch": {"timeout", "send_batch_size", "send_batch_max_size", "metadata_keys"},
    },
    "connectors": {
        "spanmetrics": {
            "namespace", "histogram.explicit.buckets", "histogram.unit", "dimensions", "exclude_dimensions",
            "metrics_flush_interval", "metrics_expiration", "aggregation_cardinality_limit",
        }
    },
    "exporters": {
        "otlp": {
            "endpoint", "tls.insecure", "tls.ca_file", "compression", "timeout", "sending_queue.queue_size",
            "sending_queue.num_consumers", "retry_on_failure.max_elapsed_time", "retry_on_failure.initial_interval",
        },
        "prometheus": {"endpoint", "namespace", "const_labels", "metric_expiration", "send_timestamps"},
    },
}  # fmt: skip


def parts() -> dict[str, dict[str, Any]]:
    return {one["kind"]: one for one in yaml.safe_load_all(FILE.read_text())}


@pytest.fixture
def config() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(parts()["ConfigMap"]["data"]["config.yaml"])
    return found


def paths(value: Any, before: str = "") -> set[str]:
    if not isinstance(value, dict):
        return {before}
    return {path for key, one in value.items() for path in paths(one, f"{before}.{key}" if before else key)}


def test_every_part_of_the_configuration_is_one_that_the_collector_has(config: dict[str, Any]) -> None:
    assert set(config) == {*KNOWN, "service"}
    for group, known in KNOWN.items():
        for name, settings in config[group].items():
            assert paths(settings) <= known[name.partition("/")[0]], name


def test_pipelines_use_what_is_there_and_everything_is_used(config: dict[str, Any]) -> None:
    used: dict[str, set[str]] = {"receivers": set(), "processors": set(), "exporters": set()}
    for pipeline in config["service"]["pipelines"].values():
        assert pipeline["processors"][0] == "memory_limiter"
        assert pipeline["processors"][-1] == "batch"
        for group, names in used.items():
            names.update(pipeline[group])
    connectors = set(config["connectors"])
    assert used["receivers"] == set(config["receivers"]) | connectors
    assert used["exporters"] == set(config["exporters"]) | connectors
    assert used["processors"] == set(config["processors"])
    assert set(config["service"]["extensions"]) == set(config["extensions"])


def test_ports_of_the_configuration_are_those_of_the_container_and_the_service(config: dict[str, Any]) -> None:
    (container,) = parts()["Deployment"]["spec"]["template"]["spec"]["containers"]
    ports = {one["name"]: one["containerPort"] for one in container["ports"]}
    listening = {
        "otlp": config["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"],
        "metrics": config["exporters"]["prometheus"]["endpoint"],
        "health": config["extensions"]["health_check"]["endpoint"],
    }
    assert {name: int(endpoint.rpartition(":")[2]) for name, endpoint in listening.items()} == ports
    service = {one["targetPort"]: one["port"] for one in parts()["Service"]["spec"]["ports"]}
    assert service == {name: ports[name] for name in ("otlp", "metrics")}


@pytest.mark.parametrize("version", ["1.30", "1.35"])
def test_its_objects_are_ones_that_kubernetes_knows_and_hold_to_the_restricted_profile(version: str) -> None:
    for one in parts().values():
        kubernetes_validate.validate(one, version, strict=True)
    spec = parts()["Deployment"]["spec"]["template"]["spec"]
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in spec["containers"]:
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert not container["securityContext"]["allowPrivilegeEscalation"]


def test_the_services_send_to_where_it_listens() -> None:
    service = parts()["Service"]
    port = {one["name"]: one["port"] for one in service["spec"]["ports"]}["otlp"]
    expected = f"http://{service['metadata']['name']}.{COLLECTOR_NAMESPACE}:{port}"
    assert f"namespace {COLLECTOR_NAMESPACE}" in FILE.read_text().partition("\n")[0]
    senders = [pod for pod in pods(objects("production")) if pod.component in ("gateway", "face", "object", "extract")]
    assert len(senders) == 4
    for pod in senders:
        endpoint = variables(pod.main)[f"{pod.component.upper()}_TELEMETRY__OTLP_ENDPOINT"]
        assert endpoint == expected
        # One that the exporter can be made of, without TLS as the address says.
        make_tracer_provider(TelemetrySettings(otlp_endpoint=endpoint), pod.component, "0").shutdown()


def test_the_policies_let_traces_out_and_only_where_there_are_any() -> None:
    for name in SETS:
        found = objects(name)
        sends = any("OTLP_ENDPOINT" in word for pod in pods(found) for word in variables(pod.main))
        for policy in (one for one in found if one["kind"] == "NetworkPolicy"):
            component = policy["spec"]["podSelector"]["matchLabels"].get("app.kubernetes.io/component")
            ports = {port["port"] for rule in policy["spec"].get("egress", ()) for port in rule.get("ports", ())}
            sender = component in ("gateway", "face", "object", "extract")
            assert (4317 in ports) == (sends and sender), f"{name}: {component}"


@pytest.mark.parametrize(
    ("endpoint", "port"), [("https://traces.example.org", 443), ("http://traces", 80), ("http://a.b:14317", 14317)]
)
def test_the_policy_opens_the_port_of_the_endpoint(endpoint: str, port: int) -> None:
    assert urlsplit(endpoint).port in (port, None)
    (policy,) = [
        one
        for one in objects("minimal", ("--set", f"tracing.endpoint={endpoint}"))
        if one["kind"] == "NetworkPolicy" and one["metadata"]["name"].endswith("-face")
    ]
    assert policy["metadata"]["namespace"] == NAMESPACE
    assert [{"port": port}] in [rule["ports"] for rule in policy["spec"]["egress"]]
