"""Downloads that can't be cut short unseen: the size is announced, so that a client counts."""

from __future__ import annotations

from sightline.edge.options import Node, config_of

NAME = "envoy.filters.http.lua"
_KIND = "extensions.filters.http.lua.v3.Lua"
_PER_ROUTE = "extensions.filters.http.lua.v3.LuaPerRoute"

# The gateway says the size in its initial metadata under this name.
SIZE = "x-content-length"

# A failure in the middle comes as a gRPC trailer, which REST has no place for: without a size the answer would
# look complete. With one, fewer bytes are an error of the client's HTTP library. An HTTP/1.1 connection ends with
# the answer, so that nothing that follows can be taken for the rest of the file; HTTP/2 frames each answer.
_ANNOUNCE = f"""
function envoy_on_response(answer)
  local size = answer:headers():get("{SIZE}")
  if size == nil then return end
  answer:headers():remove("{SIZE}")
  answer:headers():replace("content-length", size)
  if answer:streamInfo():protocol() ~= "HTTP/2" then
    answer:streamInfo():drainConnectionUponCompletion()
  end
end
"""


def http_filter() -> Node:
    """Give the filter, which does nothing except where a route says so."""
    return {"name": NAME, "typed_config": config_of(_KIND)}


def announce_size() -> Node:
    """Give the rule for the route of downloads."""
    return {NAME: config_of(_PER_ROUTE, source_code={"inline_string": _ANNOUNCE})}
