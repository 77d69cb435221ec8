"""The guesses and the closing questions of the chapter on poison messages and dead letters."""

from __future__ import annotations

from repid_nb.classroom.question import Question

__all__ = ["AT_THE_END", "GUESSES"]

GUESSES = (
    Question(
        asks="One poison message and two cakes wait. After how many more steps is the queue empty?",
        right="11",
        wrong=("3", "9", "30"),
        why="Two steps bake the cakes, and nine more are sightings 2 to 10 of the poison message.",
    ),
    Question(
        asks="Closed, closed, open, and then closed for good: at which step is the message given up?",
        right="6",
        wrong=("3", "4", "5"),
        why="The match at step 3 makes the worker forget the first two sightings, so it counts 4, 5, 6.",
    ),
    Question(
        asks="Each of the three has an actor. How many become dead letters?",
        right="3",
        wrong=("0", "1", "2"),
        why="A payload that does not fit, an error, and `message.nack()` all end in a nack.",
    ),
    Question(
        asks="The rum cake, the foam and the salt cake are sent again. Which of them come through?",
        right="only the foam",
        wrong=("all three", "the foam and the rum cake", "none of them"),
        why="Eggs were what the foam lacked. The other two meet the same actors with the same content.",
    ),
    Question(
        asks="Where does the star wait now?",
        right="behind the wedding cake",
        wrong=("before the wedding cake", "behind the plain cake"),
        why="It keeps its priority of 9, and goes to the tail of it.",
    ),
    Question(
        asks="How often is Fay's cake on the doorstep in the end?",
        right="2",
        wrong=("0", "1"),
        why="The queues went back, so the message was pulled again. What the actor had done stayed done.",
    ),
)

AT_THE_END = (
    Question(
        asks="Since the last release every `refund` becomes a dead letter: `no actor matched`. What do you do first?",
        right="bring the actor back",
        wrong=("send the letters again", "delete the letters", "raise the number of sightings"),
        why="The same message meets the same actors, so mend what was wrong before you send anything again.",
    ),
    Question(
        asks="A dead letter says `seats: Input should be a valid integer`. What can save this booking?",
        right="a new message from its sender",
        wrong=("`resend`, once more", "a second actor for the topic", "a `rewind` to the step before"),
        why="The message itself is wrong, and a message that was sent cannot be changed.",
    ),
    Question(
        asks="A poison message goes round in a queue with thousands of good ones. What do the good ones notice?",
        right="hardly anything",
        wrong=("they wait until it is a dead letter", "they become poison messages too"),
        why="It goes to the tail each time, so all that waits goes before it, unless it has a higher priority.",
    ),
)
