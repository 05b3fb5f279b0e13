"""The limit on JSON bodies, which have to be held whole; files stream past it."""

from __future__ import annotations

from sightline.edge.options import Limits, Node, config_of, switched_off

NAME = "envoy.filters.http.body_size_limit"
_KIND = "extensions.filters.http.body_size_limit.v3.BodySizeLimit"


def http_filter(limits: Limits) -> Node:
    """Give the filter that answers 413, at the latest when the byte that is too much arrives."""
    return {"name": NAME, "typed_config": config_of(_KIND, max_request_bytes=limits.json_body_bytes)}


def unlimited() -> Node:
    """Say that a route takes bodies of any length; the gateway has its own limit for uploads."""
    return {NAME: switched_off()}
