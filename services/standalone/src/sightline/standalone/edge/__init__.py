"""The public door: Envoy, configured to speak REST, server-sent events, gRPC and gRPC-Web on one port."""

from sightline.standalone.edge.config import build_config, command, write_config
from sightline.standalone.edge.options import EdgeOptions, Limits, TlsFiles

__all__ = ["EdgeOptions", "Limits", "TlsFiles", "build_config", "command", "write_config"]
