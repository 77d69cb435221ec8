"""The guesses and the closing questions of the chapter on messages."""

from __future__ import annotations

from repid_nb.classroom.question import Question

__all__ = ["AT_THE_END", "GUESSES"]

GUESSES = (
    Question(
        asks="Three messages wait. Which one does the worker take first?",
        right="`m1`, sent first",
        wrong=("`m3`, sent last", "all three at once"),
        why="A queue is like a queue in a shop: who comes first is served first. And a step takes one message only.",
    ),
    Question(
        asks="You take two more steps, and only one message waits. What does the second of them do?",
        right="It finds nothing and ends",
        wrong=("It waits for the next message", "It raises an error", "It takes `m3` once more"),
        why="`m3` is acked, so it has left the queue. A step with nothing to take is idle.",
    ),
    Question(
        asks="Five messages wait. Anna takes a step, then Ben takes one. What does Ben get?",
        right="The second message",
        wrong=("The first one, as Anna did", "A copy of all five", "Nothing, for the queue is Anna's"),
        why="What Anna has taken is not on the queue any more, so Ben gets the next one.",
    ),
)

AT_THE_END = (
    Question(
        asks="Who calls the function that sends the email?",
        right="the worker",
        wrong=("the shop that sends the message", "the queue", "the message itself"),
        why="The sender has gone on, and the queue only keeps messages. The worker takes one and calls its actor.",
    ),
    Question(
        asks="Three workers share a queue, and nine messages wait. How many emails are sent?",
        right="9",
        wrong=("3", "27"),
        why="The queue gives each message to one worker. More workers are faster, and send nothing twice.",
    ),
    Question(
        asks="A message is rejected, because no actor wants it. Where is it now?",
        right="at the tail of its queue",
        wrong=("at the head of its queue", "back with its sender", "it is deleted"),
        why="It goes to the tail, behind all others, and waits for a worker that knows what to do with it.",
    ),
)
