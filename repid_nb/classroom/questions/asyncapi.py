"""The guesses and the closing questions of the chapter on describing the system."""

from __future__ import annotations

from repid_nb.classroom.question import Question

__all__ = ["AT_THE_END", "GUESSES"]

GUESSES = (
    Question(
        asks="Three fields. Which of them does the document call `required`?",
        right="`number` and `city`",
        wrong=("all three", "only `number`, because it comes first", "none: a document cannot know that"),
        why="A parameter without a default must be in the message; `express` has the default `False`.",
    ),
    Question(
        asks='The shape of `announce_shipping` asks for a whole number. What becomes of a message that says `"seven"`?',
        right="It is sent as it is",
        wrong=(
            "It is refused when it is sent",
            "It is sent, and a warning is shown",
            "It becomes a dead letter at once",
        ),
        why="A registered shape only describes what is sent. Nothing checks a message against it.",
    ),
    Question(
        asks="The actor wants a street now. What becomes of the message that has none?",
        right="It is a dead letter",
        wrong=(
            "It is acked, with an empty street",
            "It waits until the sender has been changed",
            "It goes back to the tail of the queue",
        ),
        why="The arguments cannot be read, so the actor never runs and the message is nacked.",
    ),
    Question(
        asks="Which of the three changes break the contract?",
        right="the street, and the other name",
        wrong=("all three of them", "only the street", "only the street with a default"),
        why="A sender who knows the old document sends no street and uses the old name. A field with a default may be "
        "missing.",
    ),
)

AT_THE_END = (
    Question(
        asks="Where does the document get the fields of a message that the app receives?",
        right="from the signature of the actor",
        wrong=("from the messages that were sent so far", "from a file that is kept up to date by hand"),
        why="The signature that the worker reads is written into the document, so it is never older than the code.",
    ),
    Question(
        asks="What does an operation id decide?",
        right="which channel the message goes to",
        wrong=("which actor gets the message", "whether the payload is checked", "how urgent the message is"),
        why="It stands for a channel. The topic, or another routing strategy, still decides who gets the message.",
    ),
    Question(
        asks="You want to make a field required. How do you do it without breaking a sender?",
        right="add it with a default first, and take the default away later",
        wrong=(
            "make it required, and send the dead letters again",
            "rename the actor, and give the new one the field from the start",
        ),
        why="While the field has a default, old and new messages are both understood. When all senders send it, the "
        "default can go.",
    ),
)
