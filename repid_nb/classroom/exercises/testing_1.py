"""Write a test that passes on a good actor and fails on every bad one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from repid_nb.app import Repid
from repid_nb.classroom.answers import Function
from repid_nb.classroom.exercise import Case, Exercise, Send, Trial
from repid_nb.classroom.records import Finding
from repid_nb.core.arguments.actor_message import Message
from repid_nb.core.memory.server import InMemoryServer
from repid_nb.core.routing.router import Router
from repid_nb.stepping.exceptions import raised

__all__ = ["EXERCISE", "Fails", "invoice", "shop"]


def shop(actor: Callable[..., Awaitable[Any]]) -> Repid:
    """Make an app with this one actor, called `ship_order`."""
    app, orders = Repid(), Router(channel="orders")
    app.servers.register_server("default", InMemoryServer(), is_default=True)
    orders.actor(name="ship_order")(actor)
    app.include_router(orders)
    return app


async def invoice(message: Message, item: str, count: int) -> None:
    """Send an invoice."""
    await message.send_message_json(channel="invoices", payload={"item": item, "count": count})


def refuse_more_than(most: int, count: int) -> None:
    """Raise ValueError for an order that is too large."""
    if count > most:
        raise ValueError(f"{count} are too many")


async def good(item: str, message: Message, count: int = 1) -> str:
    refuse_more_than(10, count)
    await invoice(message, item, count)
    return f"{count} x {item} is on its way"


async def silent(item: str, message: Message, count: int = 1) -> None:
    refuse_more_than(10, count)
    await invoice(message, item, count)


async def renamed(item: str, message: Message, amount: int = 1) -> str:
    return await good(item, message, amount)


async def without_default(item: str, count: int, message: Message) -> str:
    return await good(item, message, count)


async def default_of_zero(item: str, message: Message, count: int = 0) -> str:
    return await good(item, message, count)


async def without_limit(item: str, message: Message, count: int = 1) -> str:
    await invoice(message, item, count)
    return f"{count} x {item} is on its way"


async def limit_too_low(item: str, message: Message, count: int = 1) -> str:
    refuse_more_than(9, count)
    return await good(item, message, count)


async def limit_too_high(item: str, message: Message, count: int = 1) -> str:
    refuse_more_than(11, count)
    return await without_limit(item, message, count)


async def apologises(item: str, message: Message, count: int = 1) -> str:
    try:
        return await good(item, message, count)
    except ValueError as error:
        return f"sorry, {error}"


async def without_invoice(item: str, count: int = 1) -> str:
    refuse_more_than(10, count)
    return f"{count} x {item} is on its way"


async def invoice_first(item: str, message: Message, count: int = 1) -> str:
    await invoice(message, item, count)
    refuse_more_than(10, count)
    return f"{count} x {item} is on its way"


async def invoice_for_one(item: str, message: Message, count: int = 1) -> str:
    refuse_more_than(10, count)
    await invoice(message, item, 1)
    return f"{count} x {item} is on its way"


async def invoice_for_another(item: str, message: Message, count: int = 1) -> str:
    refuse_more_than(10, count)
    await invoice(message, f"the wrapping of a {item}", count)
    return f"{count} x {item} is on its way"


async def books_only(item: str, message: Message, count: int = 1) -> str:  # noqa: ARG001
    return await good("book", message, count)


@dataclass(frozen=True)
class Passes:
    """The test passes."""

    def judge(self, trial: Trial) -> Finding | None:
        """Return what the test raised, or None."""
        error = trial.notes["error"]
        if error is None:
            return None
        of_the_actor = "" if isinstance(error, AssertionError) else " An actor's error is raised in the test, too."
        return Finding(
            happened="Your test failed with an actor that keeps all four rules.",
            wanted=f"It should pass with that one.{of_the_actor}",
            shown=raised(error),
        )


@dataclass(frozen=True)
class Fails:
    """The test fails, because this rule is broken."""

    rule: int

    def judge(self, trial: Trial) -> Finding | None:
        """Return a step that shows the broken rule, or None where the test noticed it."""
        if trial.notes["error"] is not None:
            return None
        return Finding(
            happened="Your test lets this broken actor through.",
            wanted=f"It should fail, because the actor breaks rule {self.rule}. Here is a message that shows it.",
            shown=trial.steps_of(1)[0],
        )


async def arrange(trial: Trial) -> None:
    """Run the test on one app, and the case's message on another one like it."""
    (actor,) = trial.given
    trial.notes["error"] = None
    try:
        await trial.call(shop(actor))
    except Exception as error:  # any exception is a failure of the test
        trial.notes["error"] = error
    trial.use_app(shop(actor))


def order(count: int | None = None, item: str = "book") -> Send:
    """Return an order; of a book by default."""
    return Send({"item": item} | ({} if count is None else {"count": count}), topic="ship_order")


EXERCISE = Exercise(
    name="testing-1",
    level=3,
    chapter=11,
    title="A test that lets no bad actor through",
    asks="Pass an async function that takes an app and raises an AssertionError where its actor breaks a rule.",
    answer=Function("async def test(app)"),
    channel="orders",
    arrange=arrange,
    cases=(
        Case(Passes(), given=[good]),
        Case(order(2), Fails(1), given=[silent]),
        Case(order(2), Fails(1), given=[renamed]),
        Case(order(), Fails(2), given=[without_default]),
        Case(order(), Fails(2), given=[default_of_zero]),
        Case(order(99), Fails(3), given=[without_limit]),
        Case(order(10), Fails(3), given=[limit_too_low]),
        Case(order(11), Fails(3), given=[limit_too_high]),
        Case(order(11), Fails(3), given=[apologises]),
        Case(order(2), Fails(4), given=[without_invoice], because="No invoice is sent."),
        Case(order(11), Fails(4), given=[invoice_first], because="Nothing is on its way, and there is an invoice."),
        Case(order(2), Fails(4), given=[invoice_for_one], because="The invoice is for one book."),
        Case(order(2), Fails(4), given=[invoice_for_another], because="The invoice is for another item."),
        Case(order(2, "calendar"), Fails(1), given=[books_only], because="No book was ordered."),
    ),
    hints=(
        "Read the rule again, and then the Step: what in it would an `assert` of yours have noticed?",
        "One order is not enough. Which four orders tell most about the rules? Think of both sides of the limit.",
        (
            "An order that must fail raises in a `TestClient`, unless you say `raise_on_actor_error=False`. What an "
            "actor sends is among `client.get_sent_messages(channel=...)`, and its `payload` is JSON, as bytes."
        ),
    ),
)
