"""The guesses and the closing questions of the chapter on parsing, headers and dependencies."""

from __future__ import annotations

from repid_nb.classroom.question import Question

__all__ = ["AT_THE_END", "GUESSES"]

GUESSES = (
    Question(
        asks="What will `book` get for `seats`?",
        right="the number 3",
        wrong=('the text `"3"`', "nothing, because the message is nacked"),
        why="The function says `seats: int`, so the text is read as a number.",
    ),
    Question(
        asks="What becomes of this message?",
        right="nacked: `booking` is missing",
        wrong=("acked, as the one before", "nacked: `guest` is missing", "rejected: no actor takes it"),
        why="Without the note the payload would need a field of the name `booking`.",
    ),
    Question(
        asks="How often is the menu read for one order?",
        right="2",
        wrong=("0", "1"),
        why="Two places ask for it, and each gets a call of its own.",
    ),
    Question(
        asks="What becomes of the order for `cake`?",
        right="a dead letter, and `order` does not run",
        wrong=("acked, and `order` gets no price", "not settled, because the worker ends"),
        why="An error in a dependency is an error in reading the arguments.",
    ),
)

AT_THE_END = (
    Question(
        asks="A sender adds the field `vip` to each payload. What changes for actors that do not have it?",
        right="nothing, they ignore it",
        wrong=("their messages become dead letters", "they get it as a keyword argument"),
        why="A field that no parameter takes is not used, so senders may say more over time.",
    ),
    Question(
        asks="An actor says `age: int`. Which payload becomes a dead letter?",
        right='`{"age": "old"}`',
        wrong=('`{"age": 41}`', '`{"age": "41"}`', '`{"age": 41, "name": "Ada"}`'),
        why="A text that is a number is read as one. A text that is not a number does not fit.",
    ),
    Question(
        asks="An old system sends XML. How does an actor get a `Booking` from it?",
        right="by a dependency that reads the `Message`",
        wrong=("by `FullPayload()` beside the type", "by a `Header()` with the content type"),
        why="`FullPayload()` reads JSON. A dependency may read the bytes in any way that you can write.",
    ),
)
