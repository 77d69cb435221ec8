"""Small apps to step through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from repid_nb import BaseMessageT, InMemoryServer, Repid, Router, Step, Stepper, catch_all_routing_strategy

__all__ = ["CATCH_ALL", "app_of", "router_of", "sent_and_stepped", "strategy", "tried"]

CATCH_ALL = {"routing_strategy": catch_all_routing_strategy}


def app_of(*routers: Router, **options: Any) -> Repid:
    """Make an app with an in-memory server."""
    app = Repid(**options)
    app.servers.register_server("default", InMemoryServer(), is_default=True)
    for router in routers:
        app.include_router(router)
    return app


def router_of(fn: Callable[..., Any], **options: Any) -> Router:
    """Make a router with one actor that takes everything on the channel `tasks`, if nothing else is said."""
    router = Router()
    router.actor(**{"channel": "tasks", **CATCH_ALL, **options})(fn)
    return router


def strategy(answer: Callable[[BaseMessageT], Any]) -> Callable[..., Any]:
    """Make the factory of a custom strategy."""

    def custom(*, actor_name: str) -> Callable[[BaseMessageT], Any]:
        return answer

    return custom


async def sent_and_stepped(router: Router, payload: Any = None, **how: Any) -> Step:
    """Send one message to `tasks` and step it."""
    async with Stepper(app_of(router)) as stepper:
        await stepper.send("tasks", payload, **how)
        step = await stepper.step()
    assert isinstance(step, Step)
    return step


async def tried(answer: Callable[[BaseMessageT], Any], payload: Any = None, **how: Any) -> Any:
    """Return the verdict of a custom strategy on one message."""

    async def chosen() -> None: ...

    step = await sent_and_stepped(router_of(chosen, routing_strategy=strategy(answer)), payload, **how)
    return step.verdicts[0]
