"""The guesses and the closing questions of the chapter on confirmation and errors."""

from __future__ import annotations

from repid_nb.classroom.question import Question

__all__ = ["AT_THE_END", "GUESSES"]

GUESSES = (
    Question(
        asks="The next parcel goes to nowhere, so the actor raises an error. What becomes of the message?",
        right="it is nacked",
        wrong=("it is acked", "it is rejected", "it is not settled"),
        why="In the mode `auto` an error is a nack, if you say nothing else.",
    ),
    Question(
        asks="Each of the five modes gets a parcel to nowhere. How many of them become dead letters?",
        right="1",
        wrong=("0", "3", "5"),
        why="Only `auto` nacks. Two modes ack whatever happens, and two leave it to the actor, which fails.",
    ),
    Question(
        asks="What do Ada and Bob get after the power cut?",
        right="Ada one email too many, Bob one too few",
        wrong=("each of them one email too many", "each of them two emails, as planned"),
        why="Acked afterwards, the job is done again from its beginning. Acked before, it is never finished.",
    ),
    Question(
        asks="`on_error` says `reject`, and the address stays wrong. When is the message given up?",
        right="never, it comes again and again",
        wrong=("after the tenth time", "at once, as a dead letter"),
        why="Only sightings without an actor are counted. Here an actor takes the message each time.",
    ),
    Question(
        asks="The line is open again. What becomes of the parcels to Ada and to nowhere?",
        right="the first is acked, the second nacked",
        wrong=("both are acked", "the first is acked, the second rejected"),
        why="A wrong address is not a `ConnectionError`, so the function says `nack`.",
    ),
)

AT_THE_END = (
    Question(
        asks="Each message charges a credit card. A double charge is worse than a missed one. Which mode fits?",
        right="`ack_first`",
        wrong=("`auto`", "`always_ack`", '`auto` with `on_error="ack"`'),
        why="Acked before the run, the job is never done twice. The others ack afterwards, so a crash repeats it.",
    ),
    Question(
        asks="An actor in the mode `manual` returns without settling. Where is its message?",
        right="in work, until its worker goes",
        wrong=("back at the tail of the queue", "among the dead letters", "gone, as after an ack"),
        why="In this mode the worker settles nothing, so the message stays with it.",
    ),
    Question(
        asks="A file server is down for minutes at a time, and some file names are wrong for ever. What is best?",
        right="a function as `on_error`",
        wrong=('`on_error="reject"`', '`on_error="nack"`', "the mode `always_ack`"),
        why="It tells the two apart: reject what may go better next time, and nack what never will.",
    ),
)
