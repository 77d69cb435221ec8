"""The guesses and the closing questions of the chapter on production."""

from __future__ import annotations

from repid_nb.classroom.question import Question

__all__ = ["AT_THE_END", "GUESSES"]

GUESSES = (
    Question(
        asks="The same three messages on Redis. Which of them goes to another actor than in memory?",
        right="none of them",
        wrong=("message 7, which is shipped", "message 8, which no actor wants", "message 9, whose actor fails"),
        why="The worker asks the actors, and it is the same worker. Only what becomes of a message afterwards differs.",
    ),
    Question(
        asks="On NATS, message 8 is rejected. Where does it go this time?",
        right="in front: it comes next again",
        wrong=("to the tail, as in memory", "to the tail, under a new id", "to the dead letters, at once"),
        why="NATS delivers a rejected message again at once, so steps 2 to 4 all pull message 8.",
    ),
    Question(
        asks="The first worker died in the middle of receipt 1. What does the next worker print?",
        right="receipt 1 begun, receipt 1 printed",
        wrong=(
            "receipt 1 printed, and nothing before it",
            "nothing: the receipt is lost",
            "an error: the receipt is taken",
        ),
        why="The message was not settled. After a second without a sign of life, another worker claims it and begins.",
    ),
    Question(
        asks="Six receipts, two workers on one channel. How often is each receipt printed?",
        right="once",
        wrong=("twice, once by each worker", "some never, some twice"),
        why="The broker gives each message to one worker. It comes again only if that worker does not settle it.",
    ),
    Question(
        asks="Six slots each: how many of the six orders does the second worker get?",
        right="0",
        wrong=("1", "3", "6"),
        why="The first worker has a slot for each of them, and takes all six before the second one starts.",
    ),
)

AT_THE_END = (
    Question(
        asks="What decides where a rejected message waits?",
        right="the broker",
        wrong=("the worker", "the actor that rejected it", "the sender's priority alone"),
        why="The worker only says that it rejects. In memory and on Redis that means the tail, on NATS the front.",
    ),
    Question(
        asks="Why must an actor be idempotent?",
        right="a message may be delivered twice",
        wrong=("two actors may want the same message", "a message may be lost", "repid refuses others"),
        why="A worker may die after the job and before the ack. The message then comes again: at least once.",
    ),
    Question(
        asks="A worker has one slot, and its actor waits for a slow web page. What do the other messages do?",
        right="they wait on the queue",
        wrong=("they wait in the worker's hands", "they become dead letters", "they are rejected to the tail"),
        why="Without a free slot nothing is pulled, so another worker may take them.",
    ),
)
