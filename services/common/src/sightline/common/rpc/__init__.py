"""gRPC: the server, the chain around its methods, client channels and the forwarder."""

from __future__ import annotations

from sightline.common.rpc.admission import Admit, Metadata, admit_forwarded
from sightline.common.rpc.calls import Call, Context, Identity, current_call, current_identity
from sightline.common.rpc.channels import open_channel
from sightline.common.rpc.forward import Forwarder
from sightline.common.rpc.outgoing import outgoing_metadata, outgoing_timeout
from sightline.common.rpc.received import from_rpc_error, was_told
from sightline.common.rpc.server import RpcServer
from sightline.common.rpc.signals import run, settle, stop_signal
from sightline.common.rpc.statuses import to_status
from sightline.common.rpc.validation import validate

__all__ = [
    "Admit",
    "Call",
    "Context",
    "Forwarder",
    "Identity",
    "Metadata",
    "RpcServer",
    "admit_forwarded",
    "current_call",
    "current_identity",
    "from_rpc_error",
    "open_channel",
    "outgoing_metadata",
    "outgoing_timeout",
    "run",
    "settle",
    "stop_signal",
    "to_status",
    "validate",
    "was_told",
]
