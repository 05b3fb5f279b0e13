"""The public door: Envoy, configured to speak REST, server-sent events, gRPC and gRPC-Web on one port."""

from sightline.edge.config import build_config, contract_file, write_config
from sightline.edge.options import EdgeOptions, Limits, TlsFiles

__all__ = ["EdgeOptions", "Limits", "TlsFiles", "build_config", "contract_file", "write_config"]
