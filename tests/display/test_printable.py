"""Any text, safe and short."""

import asyncio

import pytest

from repid_nb.printable import (
    LONGEST,
    beginning,
    bounded,
    contained,
    cut_to_bytes,
    first_within,
    one_line,
    printable,
    safe,
    short,
    whole,
)


def test_what_cannot_be_seen_is_written_out_and_lines_stay_lines():
    assert printable("a\x1b[1m\u2028\nb\ud800") == "a\\x1b[1m\\u2028\nb\\ud800"


def test_a_joiner_between_two_emoji_stays_and_one_between_letters_does_not():
    assert printable("\U0001f469\u200d\U0001f680") == "\U0001f469\u200d\U0001f680"
    assert printable("a\u200db") == "a\\u200db"


def test_a_very_long_text_is_cut_and_says_how_much_is_left_out():
    assert bounded("x" * LONGEST) == "x" * LONGEST
    assert bounded("x" * (LONGEST + 1)) == f"{'x' * LONGEST}… and 1 more character"
    assert bounded("abcdef", 3) == "abc… and 3 more characters"
    assert safe("\x07" * 20_000) == "\\x07" * LONGEST + "… and 10,000 more characters"


def test_one_line_is_one_line_of_at_most_a_width():
    assert one_line("a\nb") == "a\\nb"
    assert one_line("abcdef", 6) == "abcdef"
    assert one_line("abcdefg", 6) == "abcde…"
    assert one_line("\x1b" * 3, 6) == "\\x1b\\…"


def test_a_beginning_has_its_length_and_an_ellipsis():
    assert beginning("abc", 3) == "abc"
    assert beginning("abcd", 3) == "abc…"
    assert beginning("abcd", 3, "...") == "abc..."


@pytest.mark.parametrize("text", ["x" * 30, "\u20ac" * 12, "\U0001f389" * 9, "\x1b" * 30, "\ud800" * 30])
def test_a_cut_text_has_at_most_its_bytes(text):
    cut = cut_to_bytes(text, 20)
    assert len(cut.encode()) <= 20
    assert cut.endswith("…")


def test_the_first_values_within_a_size_are_kept_and_one_at_least():
    assert first_within(["ab", "cd", "ef"], 8) == ["ab", "cd"]
    assert first_within(["x" * 100], 8) == ["x" * 100]
    assert first_within([], 8) == []


@pytest.mark.parametrize("kind", [SystemExit, GeneratorExit, asyncio.CancelledError])
@pytest.mark.parametrize("show", [short, whole])
def test_a_value_that_raises_when_it_is_shown_is_named_by_its_type(show, kind):
    class Broken:
        def __repr__(self):
            raise kind

    assert show(Broken()) == "<Broken, which cannot be shown>"
    assert short([Broken()]) == "[<Broken, which cannot be shown>]"
    with contained():
        raise kind


class Stopped(BaseException):
    is_from_outside = True


@pytest.mark.parametrize("kind", [KeyboardInterrupt, Stopped])
def test_what_stops_the_code_from_outside_comes_out_of_a_repr(kind):
    class Interrupted:
        def __repr__(self):
            raise kind

    for show in (short, whole):
        with pytest.raises(kind):
            show(Interrupted())
    with pytest.raises(kind), contained():
        raise kind


def test_a_repr_that_is_a_subclass_of_str_is_plain_text():
    class Text(str):
        __slots__ = ()

        def __format__(self, _spec):
            return "something else"

    class Value:
        def __repr__(self):
            return Text("shown")

    assert [f"{show(Value())}" for show in (short, whole)] == ["shown", "shown"]
