"""A session without a page: what a page would send and see."""

from __future__ import annotations

from typing import Any

from support.waiting import until

from repid_nb import InMemoryServer, Repid, Router, Stepper
from repid_nb.widgets.session import Session

__all__ = ["Page", "done_again", "new_app", "story_of"]


class Page:
    """What a page would send and see."""

    def __init__(self, *steppers: Stepper) -> None:
        self.stepper = steppers[0]
        self.replies: list[dict[str, Any]] = []
        self.session = Session(steppers, lambda _after=0.0: None, self.replies.append)

    async def do(self, kind: str, **rest: Any) -> dict[str, Any]:
        self.session.handle({"type": kind, **rest})
        return await self.rest()

    async def send(self, payload: str = "{}", topic: str | None = None, **rest: Any) -> dict[str, Any]:
        return await self.do("send", form={"channel": "tasks", "payload": payload, "topic": topic, **rest})

    async def rest(self) -> dict[str, Any]:
        """Wait until the session is done or holds a message."""
        await until(lambda: self.session.busy is None or self.status["held"])
        return self.state

    @property
    def state(self) -> dict[str, Any]:
        return self.session.state()

    @property
    def status(self) -> dict[str, Any]:
        return self.state["status"]

    @property
    def waiting(self) -> list[str]:
        return [message["name"] for message in self.state["lanes"]["lanes"][0]["messages"]]


def new_app() -> tuple[Repid, Router]:
    app, router = Repid(), Router(channel="tasks")
    app.servers.register_server("default", InMemoryServer(), is_default=True)
    app.include_router(router)
    return app, router


async def done_again(page: Page) -> Stepper:
    """Run the cell that is exported, and return its Stepper."""
    body = "".join(f"    {line}\n" for line in page.session.texts.export("cell").splitlines())
    scope: dict[str, Any] = {"app": page.stepper.app}
    exec(f"async def cell():\n{body}    return stepper", scope)  # noqa: S102
    again: Stepper = await scope["cell"]()
    return again


def story_of(stepper: Stepper) -> tuple[list[Any], list[Any]]:
    """Return what was stepped and what waits, without the ids."""
    return (
        [(step.message.payload, step.winner, step.settlement.action) for step in stepper.history],
        [(one.payload, one.headers, one.content_type, one.priority) for one in stepper.queues["tasks"].ready],
    )
