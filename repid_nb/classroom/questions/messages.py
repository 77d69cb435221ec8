"""The guesses and the closing questions of the chapter on messages."""

from __future__ import annotations

from repid_nb.classroom.question import Question

__all__ = ["AT_THE_END", "GUESSES"]

GUESSES = (
    Question(
        asks="Three messages wait in one queue. Which one does the next step pull?",
        right="the one that was sent first",
        wrong=("the one that was sent last", "any of the three, by chance"),
        why="A queue is first in, first out: what was sent first is pulled first.",
    ),
)

AT_THE_END = (
    Question(
        asks="What does a step pull?",
        right="one message",
        wrong=("every message that waits", "one message for each actor"),
        why="A step is one pull: one message is taken, decided and settled.",
    ),
    Question(
        asks="Two workers share a queue with three messages. How many runs of the actor are there in all?",
        right="3",
        wrong=("2", "6"),
        why="Each message goes to one worker only. Two workers share the work; neither repeats the other's.",
    ),
    Question(
        asks="Where is a message after `send`, and before any step?",
        right="at the tail of its queue",
        wrong=("in the worker that will run it", "with the actor, until it has time"),
        why="Sending puts a message on a queue and nothing more. It waits there until a worker pulls it.",
    ),
)
