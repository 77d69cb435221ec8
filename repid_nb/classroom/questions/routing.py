"""The guesses and the closing questions of the chapter on routing."""

from __future__ import annotations

from repid_nb.classroom.question import Question

__all__ = ["AT_THE_END", "GUESSES"]

GUESSES = (
    Question(
        asks="The fax is pulled first, and no actor wants it. What happens to it?",
        right="It goes to the tail",
        wrong=("It stays at the head", "It is deleted", "The first actor gets it anyway"),
        why="The worker rejects it: it goes back, behind the SMS. At the head it would hold up everything behind it.",
    ),
)

AT_THE_END = (
    Question(
        asks="What does the topic of a message say?",
        right="which actor it is for",
        wrong=("on which queue it waits", "how urgent it is", "what its payload is made of"),
        why="The queue is the channel. The topic is a header, and an actor takes the messages whose topic is its name.",
    ),
    Question(
        asks="Two actors of one channel would say yes. Which one gets the message?",
        right="the one registered first",
        wrong=("the one that fits better", "both, one after the other", "the one that is free"),
        why="The worker asks in the order of registration and stops at the first yes.",
    ),
    Question(
        asks="An actor is shadowed. What do you see when its messages come?",
        right="nothing: no error, no call",
        wrong=("an error in its step", "its messages wait", "it runs after the winner"),
        why="Another actor takes its messages and acks them, so nothing looks wrong. A Step shows the shadow.",
    ),
)
