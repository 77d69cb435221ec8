"""Answers that are not what was asked for: each gets a sentence."""

import functools

import pytest
from classroom.marks import trouble_with
from classroom.samples import right

from repid_nb import Router
from repid_nb.classroom import check
from repid_nb.classroom.answers import Function, Refused

WANTED = "It wants a function that begins with `def order_events(*, actor_name):`."


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (None, f"check got None: there is nothing to try yet. {WANTED}"),
        (..., f"check got `...`: there is nothing to try yet. {WANTED}"),
        ("right", f"check got the text 'right'. {WANTED} Give its name without quotation marks."),
        (5, f"check got the number 5, not a function. {WANTED} Pass the function itself, without calling it."),
        (True, f"check got True, not a function. {WANTED} Pass the function itself, without calling it."),
        ({}, f"check got a dict, not a function. {WANTED} Pass the function itself, without calling it."),
        (Router(), f"check got a Router, not a function. {WANTED} Pass the function itself, without calling it."),
        (
            Router,
            f"check got the class Router, not a function. {WANTED} Pass the function itself, without calling it.",
        ),
    ],
)
def test_the_wrong_kind_of_thing_gets_a_sentence(answer, sentence):
    assert trouble_with("routing-1", answer) == sentence


def test_a_function_that_was_called_instead_of_passed_is_named():
    assert trouble_with("routing-1", right(actor_name="a")) == (
        "`takes(message)` cannot be called as `order_events(actor_name=...)`: missing a required argument: 'message'. "
        f"{WANTED} If it is what `right` returned, pass `right` itself."
    )


def test_an_async_function_that_was_called_is_a_coroutine_and_is_closed():
    async def send_mails(app, mails): ...

    coroutine = send_mails(None, [])
    assert trouble_with("priority-1", coroutine) == (
        "check got a coroutine, which is what calling an async function gives. It wants a function that begins "
        "with `async def send_mails(app, mails):`. Pass the function itself, without parentheses after its name."
    )
    assert coroutine.cr_frame is None


def test_other_parameters_are_named():
    async def send_mails(app): ...

    assert trouble_with("priority-1", send_mails).startswith(
        "`send_mails(app)` cannot be called as `send_mails(app, mails)`: too many positional arguments."
    )


def test_a_plain_function_where_an_async_one_is_wanted_is_told_so():
    def send_mails(app, mails): ...

    assert "`send_mails(app, mails)` is a plain function, but what it has to do must be awaited." in trouble_with(
        "priority-1", send_mails
    )


def test_an_async_function_where_a_plain_one_is_wanted_is_told_so():
    async def strategy(*, actor_name): ...

    assert trouble_with("routing-1", strategy) == (
        f"`strategy(*, actor_name)` is an async function. {WANTED} Write `def`, without `async`."
    )


def test_annotations_are_left_out_of_what_is_said():
    def takes(message: "a.very.long[Annotation]") -> "another": ...  # noqa: F821

    assert trouble_with("routing-1", takes).startswith("`takes(message)` cannot be called")


@pytest.mark.parametrize(
    "answer",
    [
        functools.partial(right),
        lambda *, actor_name: right(actor_name=actor_name),
        lambda actor_name="nobody", **more: right(actor_name=actor_name),
    ],
    ids=["partial", "lambda", "a parameter that may also be given by position"],
)
def test_whatever_can_be_called_like_it_is_tried(answer):
    assert check("routing-1", answer)


def test_an_object_with_an_async_call_counts_as_async():
    class Strategy:
        async def __call__(*, actor_name): ...

    assert "is an async function" in trouble_with("routing-1", Strategy())


def test_a_default_that_cannot_be_shown_is_left_out():
    class Unshowable:
        def __repr__():
            raise RuntimeError

    def strategy(message, way=Unshowable()): ...  # noqa: B008

    assert trouble_with("routing-1", strategy).startswith("`strategy(...)` cannot be called")


def test_a_function_without_a_signature_is_tried():
    with pytest.raises(Refused, match="not a function"):
        Function("def build()").refuse(dict)
    Function("def build()").refuse(vars)
