"""Write a routing strategy."""

import inspect
import random
import string
from dataclasses import dataclass
from typing import Any

from repid_nb.classroom.answers import Function, Refused
from repid_nb.classroom.exercise import Case, Exercise, Send, Trial
from repid_nb.classroom.wants import NobodyWins, Wins
from repid_nb.core.routing.router import Router

__all__ = ["EXERCISE"]

ACTOR = "follow_orders"

# A new event each time, so that no answer can have it in a list.
NEW = "".join(random.sample(string.ascii_lowercase, 6))


@dataclass(frozen=True)
class StrategyMaker:
    """A function that takes the name of its actor."""

    kind: Function

    def refuse(self, answer: Any) -> None:
        """Raise Refused for anything else; for a function of the message, say what is missing around it."""
        try:
            self.kind.refuse(answer)
        except Refused:
            if inspect.isfunction(answer) and "<locals>" not in answer.__qualname__ and _takes_a_message(answer):
                raise Refused(
                    "Your function takes a message. Put it into a function that takes `actor_name` and returns it: "
                    f"one that begins with `{self.kind.written}:`."
                ) from None
            raise


def _takes_a_message(function: Any) -> bool:
    try:
        inspect.signature(function).bind("a message")
    except TypeError:
        return False
    return True


async def arrange(trial: Trial) -> None:
    """Let one actor listen, with the answer as its strategy."""
    router = Router(channel="shop")

    @router.actor(name=ACTOR, routing_strategy=trial.answer)
    async def follow_orders() -> None: ...

    trial.include(router)


def event(name: str) -> Send:
    """Return a message of the shop."""
    return Send(headers={"event": name})


EXERCISE = Exercise(
    name="routing-1",
    level=1,
    chapter=2,
    title="Take every event of an order, and nothing else",
    asks="Pass a routing strategy: a function that takes the name of its actor and returns a function of a message.",
    answer=StrategyMaker(Function("def order_events(*, actor_name)")),
    channel="shop",
    arrange=arrange,
    cases=(
        Case(Send(), NobodyWins(), because="A message may come without any headers."),
        Case(event("order.paid"), Wins(ACTOR), because="Its event happened to an order."),
        Case(event("order.created"), Wins(ACTOR)),
        Case(event("order.items.changed"), Wins(ACTOR), because="It is something that happened to an order."),
        Case(event("refund.created"), NobodyWins()),
        Case(event("preorder.created"), NobodyWins(), because="A preorder is not an order."),
        Case(event("orders.exported"), NobodyWins(), because="It happened to `orders`, which is another thing."),
        Case(event("order"), NobodyWins(), because="`order` alone does not say what happened to it: no dot, no event."),
        Case(event("Order.paid"), NobodyWins(), because="The shop writes `order` small; this comes from elsewhere."),
        Case(event("refund.order.paid"), NobodyWins(), because="It happened to a refund."),
        Case(Send(topic="order.paid"), NobodyWins(), because="It has no `event` header."),
        Case(event(f"order.{NEW}"), Wins(ACTOR), because="It happened to an order, and is new today."),
        Case(event(f"order.{NEW[:3]}.{NEW[3:]}"), Wins(ACTOR), because="It is something that happened to an order."),
    ),
    hints=(
        "Look at the Step: the line of your actor says what your function read of the message, and what it answered.",
        (
            "Two messages need care: one without any headers, where `message.headers` is None, and one whose headers "
            "do not have the name that you look up."
        ),
        (
            "Compare `order.paid`, `orders.exported` and `order`, letter by letter. Which beginning do only the events "
            "of an order have?"
        ),
    ),
)
