"""Write a routing strategy."""

from repid_nb.classroom.answers import Function
from repid_nb.classroom.exercise import Case, Exercise, Send, Stage
from repid_nb.classroom.wants import NobodyWins, Wins
from repid_nb.core.router import Router

__all__ = ["EXERCISE"]

ACTOR = "follow_orders"


async def arrange(stage: Stage) -> None:
    """Let one actor listen, with the answer as its strategy."""
    router = Router(channel="shop")

    @router.actor(name=ACTOR, routing_strategy=stage.answer)
    async def follow_orders() -> None: ...

    stage.include(router)


def event(name: str) -> Send:
    """Return a message of the shop."""
    return Send(headers={"event": name})


EXERCISE = Exercise(
    name="routing-1",
    level=1,
    title="Take every event of an order, and nothing else",
    asks="Pass a routing strategy: a function that takes the name of its actor and returns a function of a message.",
    answer=Function("def strategy(*, actor_name)"),
    channel="shop",
    arrange=arrange,
    cases=(
        Case(Send(), NobodyWins(), because="A message may come without any headers."),
        Case(event("order.paid"), Wins(ACTOR)),
        Case(event("order.created"), Wins(ACTOR)),
        Case(event("order.items.changed"), Wins(ACTOR), because="It is something that happened to an order."),
        Case(event("refund.created"), NobodyWins()),
        Case(event("preorder.created"), NobodyWins(), because="A preorder is not an order."),
        Case(event("orders.exported"), NobodyWins(), because="It happened to `orders`, which is another thing."),
        Case(event("order"), NobodyWins(), because="It says nothing that happened."),
        Case(event("Order.paid"), NobodyWins(), because="The shop writes `order` small; this comes from elsewhere."),
        Case(event("refund.order.paid"), NobodyWins(), because="It happened to a refund."),
        Case(Send(topic="order.paid"), NobodyWins(), because="It has no `event` header."),
    ),
    hints=(
        'Look at the Step: its column "why" says what your function read of the message, and what it answered.',
        (
            "Two messages need care: one without any headers, where `message.headers` is None, and one whose headers "
            "do not have the name that you look up."
        ),
        (
            "Compare `order.paid`, `orders.exported` and `order`, letter by letter. Which beginning have only the "
            "events of an order?"
        ),
    ),
)
