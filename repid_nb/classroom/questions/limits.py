"""The guesses and the closing questions of the chapter on limits."""

from __future__ import annotations

from repid_nb.classroom.question import Question

__all__ = ["AT_THE_END", "GUESSES"]

GUESSES = (
    Question(
        asks="How many of the eight orders become dead letters?",
        right="5",
        wrong=("0", "3", "8"),
        why="All eight begin at once. Three get a connection, and the other five an error.",
    ),
    Question(
        asks="Where are the other five orders, while the first three run?",
        right="still on the queue",
        wrong=("in the worker's hands", "in work, but paused", "among the dead letters"),
        why="A full limit keeps them out before they are taken.",
    ),
    Question(
        asks="How many are at the database at once: with one object, and with two?",
        right="3 and 6",
        wrong=("3 and 3", "6 and 3", "6 and 6"),
        why="One object in two places is one limit that both share. Two objects are two limits.",
    ),
    Question(
        asks="How long does the unluckiest mail wait?",
        right="9 seconds",
        wrong=("not at all: it needs no database", "a tenth of a second", "30 seconds"),
        why="The channel is stopped while an order waits for the limit, and the mails stand behind the orders.",
    ),
    Question(
        asks="How long does the unluckiest mail wait on a channel of its own?",
        right="not at all",
        wrong=("3 seconds", "9 seconds, as before"),
        why="Only the channel of the orders is stopped.",
    ),
    Question(
        asks="The first worker takes everything. How many of the thirty orders does the second one save?",
        right="0",
        wrong=("1", "13", "15"),
        why="All thirty are in the first worker's hands before the second one begins.",
    ),
)

AT_THE_END = (
    Question(
        asks="Two actors use one printer that does one job at a time. What do you give them?",
        right="one `ActorLimits(max_messages=1)` for both",
        wrong=("an `ActorLimits(max_messages=1)` for each", "a `tasks_limit` of 2 for the worker"),
        why="The limit stands for the printer, so there is one object.",
    ),
    Question(
        asks="A limit is full. What happens to the messages that it keeps out?",
        right="they wait on their queue",
        wrong=("they are rejected to the tail", "they are nacked", "they wait in the worker"),
        why="What cannot be done is not taken, so another worker may take it, and a crash does not touch it.",
    ),
    Question(
        asks="Three workers run with a limit of 4 each. How many messages are at the database at once, at most?",
        right="12",
        wrong=("3", "4", "7"),
        why="A limit holds for one worker. Where the number must hold for all, give each worker a part of it.",
    ),
)
