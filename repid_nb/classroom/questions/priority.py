"""The guesses and the closing questions of the chapter on priority."""

from __future__ import annotations

from repid_nb.classroom.question import Question

__all__ = ["AT_THE_END", "GUESSES"]

GUESSES = (
    Question(
        asks="Five repairs wait. Which one is pulled third?",
        right="the dripping tap",
        wrong=("the squeaking door", "no heating", "paint the fence"),
        why="The gas leak (9) and the heating (7) go first. The tap and the door both have 4, and the tap came first.",
    ),
    Question(
        asks="On which day is the fence painted?",
        right="on none of these seven",
        wrong=("on day 1, because it was sent first", "on day 7, after the last pipe"),
        why="Each day a pipe with priority 7 waits too, and it goes first.",
    ),
    Question(
        asks="There is a little too much to do. Who waits for it?",
        right="mostly the fences",
        wrong=("all three, about as long", "mostly the pipes, which are the most"),
        why="Whatever is missing in time falls on the lowest number, because all others go before it.",
    ),
    Question(
        asks="A pipe bursts each day. When are the shed and the gate painted?",
        right="on days 2 and 4",
        wrong=("on days 1 and 2", "on none of the five days"),
        why="The worker takes from its channels in turn: a pipe, a paint job, a pipe, a paint job.",
    ),
    Question(
        asks="Which floods wait before the tap?",
        right="only flood A",
        wrong=("floods A and B", "all three", "none of them"),
        why="The server reads `priority` among the `server_specific_parameters`, and nowhere else.",
    ),
    Question(
        asks="Where does the ufo wait after one step?",
        right="between the heating and the tap",
        wrong=("before the heating, as it did", "behind the tap, as the very last"),
        why="A rejected message keeps its priority, and goes to the tail of it.",
    ),
    Question(
        asks="The heating has priority 9 and takes three hours, the tap takes none. Which is done first?",
        right="the tap",
        wrong=("the heating",),
        why="The heating begins first, and while it lasts the worker does the tap too.",
    ),
)

AT_THE_END = (
    Question(
        asks="Four messages are sent with priority 3, 8, none, and 5. Which one is pulled second?",
        right="the one with 5",
        wrong=("the one with 3", "the one with 8", "the one without"),
        why="A message without a priority has 4, so the order is 8, 5, none, 3.",
    ),
    Question(
        asks="Each hour a worker manages 100 messages, but 100 urgent and 5 others come. What waits after a day?",
        right="about 120 of the others",
        wrong=("about 6 others and 114 urgent ones", "nothing, but there are dead letters"),
        why="The urgent ones take all of its time, and no message is given up because it waits long.",
    ),
    Question(
        asks="A report must not start before the backup has ended. What helps?",
        right="to send the report's message when the backup ends",
        wrong=("to give the backup priority 9 and the report 0", "to put the report on a channel of its own"),
        why="Priorities and channels decide what begins first. They do not make a worker wait for an end.",
    ),
)
