"""The guesses and the closing questions of the chapter on how long a queue is."""

from __future__ import annotations

from repid_nb.classroom.question import Question

__all__ = ["AT_THE_END", "GUESSES"]

GUESSES = (
    Question(
        asks="The packer is busy half of the time. How many orders wait at once, at most?",
        right="6",
        wrong=("0", "1", "60"),
        why="Orders come at random: sometimes several come together, and the packer does one after the other.",
    ),
    Question(
        asks="The same load, but evenly: how long do the orders wait now?",
        right="not at all",
        wrong=("just as long", "half as long"),
        why="Each order is done a second before the next one comes. Without chance there is no queue.",
    ),
    Question(
        asks="At 95 % instead of 50 %, how much longer do orders wait on average?",
        right="more than twenty times as long",
        wrong=("just as long", "about twice as long", "about five times as long"),
        why="Near 100 % there is hardly any idle time in which a queue could get shorter.",
    ),
    Question(
        asks="About how many orders are not done after a quarter of an hour at 110 %?",
        right="100",
        wrong=("0", "10", "1000"),
        why="A tenth of an order too much comes in each second, and this run lasts 1,000 seconds.",
    ),
    Question(
        asks="With two packers, one order in twenty waits longer than how long?",
        right="about 2 seconds",
        wrong=("about 40 seconds, half as long as before", "about 80 seconds, as before"),
        why="Two packers are at 55 %, far from 100 %, so a queue is gone as soon as it has come.",
    ),
    Question(
        asks="Both are at 80 %. Whose customers wait longer?",
        right="those of the one packer",
        wrong=("those of the three packers", "neither: the load is the same"),
        why="When three take from one queue, a long order holds up one of them only, and the others go on.",
    ),
    Question(
        asks="After the hundred orders of the newsletter, when is the queue empty again?",
        right="after about 240 seconds",
        wrong=("after about 100 seconds", "after about 160 seconds", "never: the packer is too slow"),
        why="The ordinary orders still come. Only 0.4 of each second are left for the pile.",
    ),
)

AT_THE_END = (
    Question(
        asks="A worker is busy 98 % of its time. What does that tell you?",
        right="its messages wait long",
        wrong=("it is used as well as can be", "it will soon fail", "its actors are badly written"),
        why="Near 100 % nearly every message finds the worker busy, and a queue in front of it.",
    ),
    Question(
        asks="More messages come than a worker can do. What does a larger queue change?",
        right="it hides the problem for longer",
        wrong=("it solves the problem", "it makes the worker faster", "it loses fewer messages in the end"),
        why="What comes above 100 % is added second after second, however much room there is.",
    ),
    Question(
        asks="Ten workers, and ten thousand messages. What is better?",
        right="one queue for all ten",
        wrong=("ten queues, one for each worker", "it makes no difference"),
        why="With one queue no worker is idle while a message waits.",
    ),
)
