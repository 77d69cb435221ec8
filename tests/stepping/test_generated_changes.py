"""Generated stories of changes by hand: no message is lost or doubled, and what is put back is as it was."""

import asyncio
from random import Random

import pytest
from stepping.bench import app_of

from repid_nb import Message, QueuesSnapshot, Repid, Router, Stepper

CHANNELS = ("tasks", "mails", "nobody")
TOPICS = ("good", "bad", "more", "keep", "reply", "lost", None)
ACTS = [
    "send",
    "send",
    "send",
    "step",
    "step",
    "step",
    "step",
    "settle",
    "delete",
    "empty",
    "crash",
    "resend",
    "fork",
    "checkpoint",
    "restore",
    "restart",
]


def app_of_all_endings() -> Repid:
    router = Router()
    for channel in CHANNELS[:2]:

        @router.actor(channel=channel)
        async def good() -> None: ...

        @router.actor(channel=channel)
        async def bad() -> None:
            raise ValueError

        @router.actor(channel=channel)
        async def more(message: Message) -> None:
            await message.send_message(channel="mails", payload=b"", headers={"topic": "good"})

        @router.actor(channel=channel, confirmation_mode="manual")
        async def keep() -> None: ...

        @router.actor(channel=channel)
        async def reply(message: Message) -> None:
            await message.reply(payload=b"", channel="nobody")

    return app_of(router)


def names(queues: QueuesSnapshot) -> list[str]:
    """Return the names of all messages on the queues, those in work and the dead letters among them."""
    return sorted(
        message.name
        for queue in queues.channels
        for message in (*queue.ready, *queue.in_work, *(letter.message for letter in queue.dead_letters))
    )


def filled(queues: QueuesSnapshot) -> dict[str, object]:
    return {name: queue for name, queue in queues.items() if queue.waiting or queue.working or queue.dead}


class Story:
    """A Stepper, and what each act has to leave on its queues."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311  (chance that comes again)
        self.stepper = Stepper(app_of_all_endings(), max_unrouted_retries=3)
        self.checkpoints = []

    async def act(self, what: str) -> None:
        before, history = self.stepper.snapshot(None), self.stepper.history
        wanted = await getattr(self, what)(before)
        after = self.stepper.snapshot(None)
        assert len(set(names(after))) == len(names(after)), what
        if wanted is not None:
            assert names(after) == sorted(wanted), what
        if what in ("fork", "checkpoint"):
            assert (after, self.stepper.history) == (before, history), what

    async def send(self, before):
        channel, priority = self.random.choice(CHANNELS), self.random.choice((None, 0, 9))
        sent = await self.stepper.send(channel, b"x", topic=self.random.choice(TOPICS), priority=priority)
        return [*names(before), sent.message.name]

    async def step(self, before):
        step = await self.stepper.step(self.random.choice((None, *CHANNELS[:2])))
        if not step:
            return names(before)
        return [name for name in (*names(before), *step.children) if not step.is_done or name != step.message.name]

    async def settle(self, before):
        held = [message.name for queue in before.channels for message in queue.in_work]
        if not held:
            return names(before)
        name, how = self.random.choice(held), self.random.choice(("ack", "nack", "reject", "release"))
        self.stepper.settle(name, how)
        return [one for one in names(before) if how != "ack" or one != name]

    async def delete(self, before):
        waiting = [message for queue in before.channels for message in queue.ready]
        if not waiting:
            return names(before)
        chosen = self.random.choice(waiting)
        self.stepper.delete(chosen.channel, chosen.name)
        return [one for one in names(before) if one != chosen.name]

    async def empty(self, before):
        in_work = [message.name for queue in before.channels for message in queue.in_work]
        if self.random.random() < 0.7:
            return names(before)
        self.stepper.empty()
        return in_work

    async def crash(self, before):
        self.stepper.crash()
        return names(before)

    async def resend(self, before):
        self.stepper.resend(self.random.choice([*before] or ["tasks"]))
        return names(before)

    async def fork(self, before):
        numbers = [None, *(step.number for step in self.stepper.history)]
        async with self.stepper.fork(self.random.choice(numbers)) as world:
            await world.run(5)
            world.empty()
        return names(before)

    async def checkpoint(self, before):
        self.checkpoints.append((self.stepper.checkpoint(), before, self.stepper.history))
        return names(before)

    async def restore(self, _before):
        if self.checkpoints:
            restore, queues, history = self.checkpoints.pop()
            restore()
            assert filled(self.stepper.snapshot(None)) == filled(queues)
            assert self.stepper.history == history

    async def restart(self, _before):
        if self.random.random() < 0.3:
            self.checkpoints.clear()
            self.stepper.restart()
            assert len(self.stepper.history) == 0


@pytest.mark.parametrize("seed", range(8))
def test_changes_by_hand_lose_and_double_no_message_and_a_world_beside_changes_nothing(seed):
    async def tell():
        story = Story(seed)
        async with story.stepper:
            for _ in range(50):
                await story.act(story.random.choice(ACTS))

    asyncio.run(tell())
