"""Mend actors that are shadowed."""

from repid_nb.classroom.answers import Function
from repid_nb.classroom.exercise import Case, Exercise, Send, Trial
from repid_nb.classroom.wants import Wins

__all__ = ["EXERCISE"]


async def arrange(trial: Trial) -> None:
    """Let the actors listen that the answer builds."""
    trial.include(await trial.call())


ELSE = "The front desk takes what no other actor takes."

EXERCISE = Exercise(
    name="routing-2",
    level=1,
    chapter=4,
    title="Two actors that never get anything",
    asks="Pass a function that builds and returns the Router with the four actors of the workshop.",
    answer=Function("def build()"),
    channel="workshop",
    arrange=arrange,
    cases=(
        Case(Send(), Wins("front_desk"), because=ELSE),
        Case(Send(topic="rent"), Wins("rent")),
        Case(Send(topic="repair"), Wins("repair")),
        Case(Send(topic="repair_motor"), Wins("repair_motor"), because="Only the electrician may open a motor."),
        Case(Send(topic="repair_brakes"), Wins("repair"), because="Its topic begins with `repair`."),
        Case(
            Send(topic="repair_motorbike"),
            Wins("repair"),
            because="The electrician is there for the topic `repair_motor` alone.",
        ),
        Case(Send(topic="repairs"), Wins("repair"), because="Its topic begins with `repair`."),
        Case(Send(topic="sell"), Wins("front_desk"), because=ELSE),
        Case(Send(topic="rental"), Wins("front_desk"), because=ELSE),
    ),
    hints=(
        "Look at the Step: which actor would say yes, but is shadowed? Which one stands before it?",
        (
            "Two actors are too greedy for the place where they stand. You need not change what any of them takes; "
            "what else decides who gets a message?"
        ),
        (
            "For every pair of actors that can both say yes to one message, ask which of them is more specific. "
            "That one has to be asked earlier. Which is the least specific of all?"
        ),
    ),
)
