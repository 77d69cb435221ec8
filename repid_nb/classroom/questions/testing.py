"""The guesses and the closing questions of the chapter on testing actors."""

from __future__ import annotations

from repid_nb.classroom.question import Question

__all__ = ["AT_THE_END", "GUESSES"]

GUESSES = (
    Question(
        asks="The message says `count` 2, the parameter is called `amount` now. What does the test say?",
        right="It fails: 1 book was shipped",
        wrong=("It passes: 2 books were shipped", "It fails: the message is a dead letter"),
        why="No parameter asks for `count`, so it is ignored, and the default of `amount` is used.",
    ),
    Question(
        asks="The actor raises a `LookupError`. What does the `TestClient` do?",
        right="It raises the error in the test",
        wrong=("It keeps the message, and stays silent", "It sends the message back and tries again"),
        why="A test must not overlook an error. Where you expect one, `raise_on_actor_error=False` says so.",
    ),
    Question(
        asks="The test asserts three things, one after the other. Which assert fails first?",
        right="the one on the `winner`",
        wrong=("the one on the `settlement`", "the one on who is shadowed", "none of the three"),
        why="The logger takes the order and acks it: the settlement is right, but the wrong actor won.",
    ),
)

AT_THE_END = (
    Question(
        asks="What does a `TestClient` leave out of the real way of a message?",
        right="the queue and the worker",
        wrong=("the routing to an actor", "the reading of the arguments", "the settlement"),
        why="The message runs at once, through routing, arguments, middleware and settlement.",
    ),
    Question(
        asks="Why should you break an actor on purpose?",
        right="to see that the test can fail",
        wrong=("to see how fast the test is", "to find out which actor wins", "to fill the dead letters"),
        why="A test that passes with a broken actor says nothing about a right one.",
    ),
    Question(
        asks="A test checks which actor gets a message. What does it ask for?",
        right="the field `winner` of a Step",
        wrong=("the text of a Step", "the field `success` of a `TestMessage`", "what the actor printed"),
        why="A Step's fields are made for programs. Its text is for people and may change; `success` does not say who.",
    ),
)
