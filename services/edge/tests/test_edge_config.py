"""The configuration as data: what must agree with what, without starting anything."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.api import annotations_pb2
from google.protobuf import descriptor_pb2
from google.rpc import error_details_pb2, status_pb2

from sightline.common.errors import TABLE
from sightline.common.settings import MediaLimits, RpcSettings
from sightline.edge import EdgeOptions, Limits, TlsFiles, contract_file, replies, transcoder, write_config


def write(folder: Path, **options: Any) -> Path:
    ports = {"listen_port": 8080, "admin_port": 9901, "gateway_port": 8081}
    contract = {"descriptor": contract_file("sightline.binpb"), "openapi": contract_file("openapi.json")}
    return write_config(folder, EdgeOptions(**{**ports, **contract, **options}))


def written(folder: Path, **options: Any) -> Any:
    return yaml.safe_load(write(folder, **options).read_text())


def manager(config: Any) -> Any:
    return config["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]


def test_everything_listens_on_loopback(tmp_path: Path) -> None:
    config = written(tmp_path)
    addresses = [listener["address"]["socket_address"] for listener in config["static_resources"]["listeners"]]
    assert addresses == [{"address": "127.0.0.1", "port_value": 8080}]
    assert config["admin"]["address"]["socket_address"] == {"address": "127.0.0.1", "port_value": 9901}


def test_every_service_with_a_rest_form_is_transcoded(tmp_path: Path) -> None:
    config = manager(written(tmp_path))
    (rules,) = [f["typed_config"] for f in config["http_filters"] if f["name"] == transcoder.NAME]
    described = descriptor_pb2.FileDescriptorSet.FromString(Path(rules["proto_descriptor"]).read_bytes())
    with_rest = {
        f"{file.package}.{service.name}"
        for file in described.file
        for service in file.service
        if any(method.options.HasExtension(annotations_pb2.http) for method in service.method)
    }
    assert set(rules["services"]) == with_rest


def test_a_body_that_is_let_through_fits_into_a_message_of_the_gateway() -> None:
    decoded = Limits().json_body_bytes * 3 // 4
    assert MediaLimits().max_image_bytes < decoded < RpcSettings().max_message_bytes


@pytest.mark.parametrize("reply", replies.REPLIES, ids=lambda reply: str(reply.when))
def test_envoys_own_errors_are_of_our_table_in_json_and_in_grpc(reply: replies.Reply) -> None:
    status = replies.status_json(reply)
    assert status["code"] == TABLE[reply.reason].grpc_code
    assert json.loads(json.dumps(status)) == status
    if reply.grpc_reason is None:
        return
    header = replies.details_header(reply)
    decoded = status_pb2.Status.FromString(base64.b64decode(header + "=" * (-len(header) % 4)))
    info = error_details_pb2.ErrorInfo()
    assert decoded.details[0].Unpack(info)
    assert (decoded.code, info.reason) == (TABLE[reply.grpc_reason].grpc_code, reply.grpc_reason)
    assert decoded.message == reply.message


def test_cors_and_the_access_log_are_off_until_they_are_asked_for(tmp_path: Path) -> None:
    quiet = manager(written(tmp_path))
    assert quiet["access_log"] == []
    assert quiet["route_config"]["typed_per_filter_config"] == {}
    open_to = manager(written(tmp_path, cors_origins=("https://app.example.org",), access_log=True))
    assert open_to["access_log"]
    assert open_to["route_config"]["typed_per_filter_config"]


def test_tls_offers_http_2_and_tells_browsers_to_stay(tmp_path: Path) -> None:
    config = written(tmp_path, tls=TlsFiles(Path("/tls/crt"), Path("/tls/key"), Path("/tls/ca")))
    chain = config["static_resources"]["listeners"][0]["filter_chains"][0]
    context = chain["transport_socket"]["typed_config"]
    assert context["common_tls_context"]["alpn_protocols"] == ["h2", "http/1.1"]
    assert context["require_client_certificate"]
    assert "strict-transport-security" in json.dumps(manager(config)["http_filters"][0])


def test_the_file_holds_no_anchors_that_a_reader_has_to_follow(tmp_path: Path) -> None:
    file = write(tmp_path / "new")
    assert not [line for line in file.read_text().splitlines() if ": &" in line or ": *" in line]
