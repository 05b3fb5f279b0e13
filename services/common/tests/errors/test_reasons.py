"""The table of reasons and the contract say the same."""

import re
from pathlib import Path

import pytest
from google.rpc import code_pb2

from sightline.common.errors import TABLE, Reason
from sightline.v1 import errors_pb2

PREFIX = "ERROR_REASON_"
CONTRACT = Path(__file__).parents[4] / "protos" / "sightline" / "v1" / "errors.proto"
CODES = dict(code_pb2.Code.items())
# Source: the HTTP mapping in google/rpc/code.proto.
HTTP_OF_GRPC = {
    1: 499, 3: 400, 4: 504, 5: 404, 6: 409, 7: 403, 8: 429, 9: 400, 10: 409, 11: 400, 12: 501, 13: 500, 14: 503,
    16: 401,
}  # fmt: skip


def test_every_reason_is_in_the_contract_and_none_is_missing() -> None:
    in_contract = {name.removeprefix(PREFIX) for name in errors_pb2.ErrorReason.DESCRIPTOR.values_by_name}
    assert in_contract == {"UNSPECIFIED", *Reason}
    assert all(reason.name == reason.value for reason in Reason)


def test_every_reason_has_one_row_in_the_table() -> None:
    assert set(TABLE) == set(Reason)


@pytest.mark.parametrize("reason", list(Reason))
def test_a_row_is_complete(reason: Reason) -> None:
    meaning = TABLE[reason]
    assert HTTP_OF_GRPC[meaning.grpc_code] == meaning.http_code
    assert re.fullmatch(r"[A-Z][^\n]+\.", meaning.advice)


@pytest.mark.parametrize("reason", list(Reason))
def test_the_comment_in_the_contract_names_the_code_of_the_table(reason: Reason) -> None:
    text = CONTRACT.read_text(encoding="utf-8")
    comment = re.search(rf"((?:\s*//[^\n]*\n)+)\s*{PREFIX}{reason.value} = ", text)
    assert comment is not None
    code = re.search(r"\. ([A-Z_]+)\.\s*$", comment[1])
    assert code is not None
    assert CODES[code[1]] == TABLE[reason].grpc_code
