"""How REST becomes gRPC and back: one set of rules, in two forms of answer."""

from __future__ import annotations

from sightline.edge.options import EdgeOptions, Node, config_of, switched_off

NAME = "envoy.filters.http.grpc_json_transcoder"
_KIND = "extensions.filters.http.grpc_json_transcoder.v3.GrpcJsonTranscoder"

# Every service that has a REST form. The gateway answers UNIMPLEMENTED for those that are not deployed.
SERVICES = (
    "sightline.v1.ExtractService",
    "sightline.v1.FaceService",
    "sightline.v1.JobService",
    "sightline.v1.MediaService",
    "sightline.v1.ObjectService",
    "sightline.v1.PersonService",
    "sightline.v1.ScheduleService",
    "sightline.v1.UsageService",
    "sightline.v1.WebhookService",
)


def rules(options: EdgeOptions, *, events: bool = False) -> Node:
    """Give the rules of transcoding.

    Args:
        options: where the descriptor is, and how large bodies may be.
        events: whether the messages of a stream are told as server-sent events; a JSON array otherwise.
    """
    return {
        "proto_descriptor": str(options.descriptor),
        "services": list(SERVICES),
        "convert_grpc_status": True,
        # The route is chosen by what the client asked for, so REST and gRPC have limits of their own.
        "match_incoming_request_route": True,
        # A mistyped parameter is refused, not ignored: a filter that is lost in silence lists everything.
        "request_validation_options": {
            "reject_unknown_method": True,
            "reject_unknown_query_parameters": True,
            "reject_binding_body_field_collisions": True,
        },
        # Without it `/v1/jobs/x:nosuchverb` would be the job called `x:nosuchverb`.
        "match_unregistered_custom_verb": True,
        "query_param_unescape_plus": True,
        "max_request_body_size": options.limits.json_body_bytes,
        "max_response_body_size": options.limits.json_answer_bytes,
        "print_options": {
            # A progress of 0 and a queue of 0 are facts, so they are written.
            "always_print_primitive_fields": True,
            "stream_newline_delimited": events,
            "stream_sse_style_delimited": events,
        },
    }


def of_route(options: EdgeOptions, *, events: bool) -> Node:
    """Give the rules for one route that differ from those of the others."""
    return {NAME: config_of(_KIND, **rules(options, events=events))}


def off() -> Node:
    """Say that a route is not transcoded."""
    return {NAME: switched_off()}


def http_filter(options: EdgeOptions) -> Node:
    """Give the filter with the rules of every route that has none of its own."""
    return {"name": NAME, "typed_config": config_of(_KIND, **rules(options))}
