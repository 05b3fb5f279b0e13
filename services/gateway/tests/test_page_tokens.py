"""Page tokens belong to the question they were issued for."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from sightline.common.errors import InvalidRequest, Reason
from sightline.gateway.page_tokens import issue, page_size, redeem

QUESTION = ("ListJobs", "acme", "state = FAILED", "True")


@given(st.binary(min_size=1, max_size=40), st.lists(st.text(), max_size=4))
def test_a_token_gives_back_its_position(position: bytes, question: list[str]) -> None:
    assert redeem(issue(position, *question), *question) == position


def test_no_token_means_the_first_page() -> None:
    assert redeem("", *QUESTION) is None


@pytest.mark.parametrize("place", range(len(QUESTION)))
def test_a_token_is_refused_for_every_other_question(place: int) -> None:
    other = [*QUESTION]
    other[place] += "x"
    with pytest.raises(InvalidRequest) as refused:
        redeem(issue(b"position", *QUESTION), *other)
    assert refused.value.reason is Reason.INVALID_PAGE_TOKEN


def test_words_do_not_run_into_each_other() -> None:
    with pytest.raises(InvalidRequest):
        redeem(issue(b"position", "ab", "c"), "a", "bc")


@given(st.text(min_size=1))
def test_what_nobody_issued_is_refused(token: str) -> None:
    with pytest.raises(InvalidRequest):
        redeem(token, *QUESTION)


def test_a_token_has_one_spelling() -> None:
    token = issue(b"position", *QUESTION)
    for other in (token + "=", token + "\n", token + "A", "-" + token, token[:-1], token.replace("-", "+") + "!"):
        with pytest.raises(InvalidRequest):
            redeem(other, *QUESTION)


@pytest.mark.parametrize(("asked", "given"), [(0, 50), (1, 1), (1000, 1000), (5000, 1000)])
def test_a_page_has_50_rows_unless_asked_and_1000_at_most(asked: int, given: int) -> None:
    assert page_size(asked) == given
