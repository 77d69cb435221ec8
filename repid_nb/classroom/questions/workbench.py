"""The guesses and the closing questions of the chapter on the workbench."""

from __future__ import annotations

from repid_nb.classroom.question import Question

__all__ = ["AT_THE_END", "GUESSES"]

GUESSES = (
    Question(
        asks="The worker has pulled a message, and its program dies before it settles. Where is the message?",
        right="back on its queue",
        wrong=("lost with the worker", "among the dead letters", "done, for it was pulled"),
        why="Until it is settled the queue remembers it. In the middle of Step into, press Crash and see.",
        at_once=True,
    ),
)

AT_THE_END = (
    Question(
        asks="In which order do the phases of a step come?",
        right="pulled, asked, run, settled",
        wrong=("asked, pulled, run, settled", "pulled, asked, settled, run"),
        why="First the message is taken off the queue, then its actor is found and runs, and last the queue is told.",
    ),
    Question(
        asks="You go back to step 2 and go on from there. An SMS was sent in step 3. Is it sent?",
        right="Yes, and it stays sent",
        wrong=("No, it was taken back", "Only if you step again"),
        why="The queues go back to that moment. What an actor did in the world outside stays done.",
    ),
    Question(
        asks="A cell sends a message while the workbench is open. What does the workbench show?",
        right="the message, on its queue",
        wrong=("nothing until you reload it", "an error", "the message in a second workbench"),
        why="The workbench is a view on the Stepper, and follows whatever cells do with it.",
    ),
)
