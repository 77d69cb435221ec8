"""The closing questions of the start page; its guess is about the next message."""

from __future__ import annotations

from repid_nb.classroom.question import Question

__all__ = ["AT_THE_END", "GUESSES"]

GUESSES = ()

AT_THE_END = (
    Question(
        asks="Ada signs up. When does the shop say thank you?",
        right="as soon as the message is on the queue",
        wrong=("when the worker has taken the message", "when the email is sent"),
        why="The shop writes down what is to be done and goes on. That is what the queue is for.",
    ),
    Question(
        asks="Who decides which actor gets a message?",
        right="the worker",
        wrong=("the shop", "the queue", "all actors together"),
        why="It asks the actors one after the other, and the first that says yes gets the message.",
    ),
    Question(
        asks="A message was acked. What does that say?",
        right="The job is done",
        wrong=("The message is on the queue", "The worker has taken it", "The sender was told"),
        why="The worker tells the queue that the message is done with, so the queue can forget it.",
    ),
)
