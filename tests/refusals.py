"""Reads why a call was refused, from gRPC and from REST."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status


def rest_reason(details: list[dict[str, Any]]) -> str:
    """Give the reason of the one ErrorInfo among the details of a REST error."""
    (info,) = [one for one in details if one["@type"].endswith("google.rpc.ErrorInfo")]
    assert info["domain"] == "sightline.dev"
    return str(info["reason"])


def grpc_reason(call: Callable[[], object]) -> str:
    """Make a call that must fail, and give the reason of its one ErrorInfo."""
    with pytest.raises(grpc.RpcError) as refused:
        call()
    error = refused.value
    assert isinstance(error, grpc.Call)
    status = rpc_status.from_call(error)
    assert status is not None, error
    assert status.message
    info = error_details_pb2.ErrorInfo()
    (packed,) = [detail for detail in status.details if detail.Is(info.DESCRIPTOR)]
    packed.Unpack(info)
    assert info.domain == "sightline.dev"
    return info.reason
