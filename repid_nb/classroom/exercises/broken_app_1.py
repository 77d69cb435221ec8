"""Mend an app that its author left behind."""

from repid_nb.classroom.answers import Function
from repid_nb.classroom.exercise import Case, Exercise, Send, Trial
from repid_nb.classroom.wants import PulledInOrder, Returns, Settles, Wins

__all__ = ["EXERCISE", "complaint", "order"]


def order(pizza: str, count: int | None = None, *, by_waiter: bool = False, priority: int | None = None) -> Send:
    """Return an order: sent to the channel of the kitchen, or by a waiter with the operation id only."""
    return Send(
        {"pizza": pizza} | ({} if count is None else {"count": count}),
        topic="bake",
        operation_id="order_pizza" if by_waiter else None,
        priority=priority,
    )


def complaint(pizza: str, priority: int | None = None) -> Send:
    """Return a complaint about a pizza."""
    return Send({"pizza": pizza}, topic="complain", priority=priority)


async def arrange(trial: Trial) -> None:
    """Try the app that the answer builds."""
    trial.use_app(await trial.call())


AT_ONCE = "After a complaint the new pizza comes before everything that waits."

EXERCISE = Exercise(
    name="broken-app-1",
    level=3,
    chapter=12,
    title="The pizzeria that a colleague left behind",
    asks="Pass a function that builds the app anew, mended.",
    answer=Function("def build()"),
    channel="kitchen",
    arrange=arrange,
    cases=(
        Case(order("napoli"), Wins("bake"), Returns("1 x napoli"), Settles("acked")),
        Case(order("funghi", 2), Wins("bake"), Returns("2 x funghi")),
        Case(
            order("napoli", by_waiter=True),
            Wins("bake"),
            because="The waiters send `order_pizza`, and the kitchen is the channel `kitchen`.",
        ),
        Case(
            order("hawaii"),
            Wins("bake"),
            Settles("nacked"),
            because="It is not on the menu, and a waiter has to tell the guest.",
        ),
        Case(Send({"table": 4}, topic="wipe"), Wins("note_down"), because="What no other actor takes is noted down."),
        Case(Send({"table": 4}), Wins("note_down"), because="What no other actor takes is noted down."),
        Case(complaint("napoli"), Wins("complain"), Settles("acked")),
        Case(
            complaint("napoli"),
            order("funghi"),
            PulledInOrder("napoli", "napoli", "funghi", field="pizza"),
            because=AT_ONCE,
        ),
        Case(
            complaint("funghi", priority=9),
            order("margherita", priority=8),
            PulledInOrder("funghi", "funghi", "margherita", field="pizza"),
            because=AT_ONCE,
        ),
    ),
    hints=(
        (
            "There is more than one fault. Take the one that the Step shows, mend it, and check again: then the next "
            "one shows itself."
        ),
        (
            "Go through the five sentences about what the app has to do, and find for each the lines of code that "
            "are there for it. Compare letter by letter."
        ),
        (
            "Who is asked first? What are the fields of the payload called? What does the confirmation mode say about "
            "errors? Who reads the priority? And where does the operation lead?"
        ),
    ),
)
