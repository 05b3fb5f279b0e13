"""What is said goes to what is shown."""

from __future__ import annotations

from sightline.extract.speech import Segment, Shown, Word, align

SLIDES = [Shown(0, 10, 1), Shown(10, 20, 2), Shown(25, 30, 1)]


def said(start: float, end: float, *words: Word) -> Segment:
    return Segment(start, end, " ".join(word.text for word in words) or "words", 0.9, words)


def test_a_segment_goes_to_the_slide_that_is_shown_during_most_of_it() -> None:
    early, late = said(7, 12), said(8.5, 14)
    assert align([early, late], SLIDES) == {1: [early], 2: [late]}


def test_a_segment_with_words_is_split_where_the_slide_changes() -> None:
    words = [Word(9.0, 9.4, "so", 0.5), Word(9.8, 10.1, "next", 0.7), Word(10.2, 10.6, "page", 1.0)]
    assert align([said(9, 10.6, *words)], SLIDES) == {
        1: [Segment(9.0, 10.1, "so next", 0.6, tuple(words[:2]))],
        2: [Segment(10.2, 10.6, "page", 1.0, (words[2],))],
    }


def test_a_sentence_that_is_split_is_spelt_as_it_was() -> None:
    words = [Word(8 + index, 9 + index, text, 0.9) for index, text in enumerate(["\u4eca", "\u5929", "PCA", "\u597d"])]
    whole = Segment(8, 12, "\u4eca\u5929 PCA\u597d", 0.9, tuple(words))
    parts = align([whole], SLIDES)
    assert [part.text for part in (*parts[1], *parts[2])] == ["\u4eca\u5929", "PCA\u597d"]


def test_words_on_one_slide_leave_their_segment_whole() -> None:
    whole = said(1, 3, Word(1, 2, "one", 0.9), Word(2, 3, "slide", 0.9))
    assert align([whole], SLIDES)[1][0] is whole


def test_what_is_said_while_nothing_is_shown_goes_to_what_was_shown_last() -> None:
    between, after = said(21, 24), said(31, 33)
    assert align([between, after], SLIDES) == {1: [after], 2: [between]}


def test_what_is_said_before_the_first_slide_goes_to_it() -> None:
    greeting = said(0, 2)
    assert align([greeting], [Shown(5, 10, 7)]) == {7: [greeting]}


def test_a_slide_to_which_nothing_is_said_is_listed_too() -> None:
    assert align([], SLIDES) == {1: [], 2: []}


def test_a_slide_that_comes_back_gets_all_that_is_said_to_it_in_order() -> None:
    first, back = said(1, 2), said(26, 27)
    assert align([first, back], SLIDES)[1] == [first, back]
