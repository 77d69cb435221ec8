"""One history: its operations are done one after another, and after each of them all that must hold is held."""

from __future__ import annotations

import asyncio
import io
import logging
import random
import signal
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any

from soak.model import Letter, Mirror, Moment, serial_of
from soak.operations import Operation, Setting
from soak.simulated_loop import NeverEndsError, SimulatedLoop, run
from soak.views import faults_of_record, faults_of_step, faults_of_workbench
from soak.world import ACTORS, CALLBACK, CHANNELS, COLOUR, NEVER, OWNER, TOPICS, Owner, OwnError, World

from repid_nb import Repid, Router, Step, Stepper, TestClient, Workbench, catch_all_routing_strategy
from repid_nb.core.errors import NotConnectedError, SteppingError, UnknownNameError

__all__ = ["History", "Told", "tell"]

# Longer than any script takes, with a shutdown time around it.
PATIENCE = 1000.0


class FaultError(Exception):
    """Something does not hold."""


@dataclass(frozen=True)
class Told:
    """What came of a history.

    Attributes:
        faults: What did not hold; empty for a good one.
        done: How many of its operations were done.
        counts: How many messages, runs and checks it had.
    """

    faults: tuple[str, ...]
    done: int
    counts: dict[str, int]


_places = count()


@dataclass(eq=False)
class SteppingOne:
    """A Stepper of the history, with what was seen after each of its steps.

    Attributes:
        holds: For how long it holds a message at each phase; None for no time.
        at_work: The calls of `step` that are under way; all but one wait for their turn.
        moments: The server right after each step, by number; 0 for right before the first.
        rewinds: How often the server had gone back by then.
        sighted: Which message each step pulled, and how often it had been sighted before.
        places: The place of each of these moments among those of all Steppers.
    """

    stepper: Stepper
    mirror: Mirror
    holds: float | None = None
    at_work: set[Owner] = field(default_factory=set)
    moments: dict[int, Moment] = field(default_factory=dict)
    rewinds: dict[int, int] = field(default_factory=dict)
    sighted: dict[int, tuple[Letter, int]] = field(default_factory=dict)
    owners: list[Owner] = field(default_factory=list)
    places: dict[int, int] = field(default_factory=dict)

    def take_note(self, number: int) -> None:
        """Keep the present moment as the one right after a step."""
        self.moments[number] = self.mirror.moment()
        self.rewinds[number] = self.mirror.rewinds
        self.places[number] = next(_places)

    def forget_after(self, place: int) -> Iterator[tuple[Letter, int]]:
        """Forget the steps after a moment; yield, the newest first, what each pulled and how often that was sighted."""
        for number in sorted(self.sighted, reverse=True):
            if self.places[number] > place:
                del self.moments[number]
                yield self.sighted.pop(number)


class History:
    """A world, and what may be done in it: each operation is the method of its name.

    Args:
        setting: What it begins with.
    """

    def __init__(self, setting: Setting) -> None:
        self.world = World(setting["dead_letter_limits"])
        self.workers: list[Owner] = []
        self.subscribers: list[Owner] = []
        self.steppers: list[SteppingOne] = []
        self.tasks: set[asyncio.Task[Any]] = set()
        self.done = 0
        self.turns_to_close = 5

    async def tell(self, operations: Sequence[Operation]) -> None:
        """Do the operations, end all that runs, and look at what is left.

        Raises:
            FaultError: Something did not hold.
        """
        for mirror in self.world.mirrors:
            await mirror.server.connect()
        for name, *how in operations:
            await getattr(self, name)(*how)
            self.done += 1
            self.hold()
        await self.end_all()
        self.hold()
        await self.drain()
        if self.world.faults:
            raise FaultError

    def hold(self) -> None:
        self.world.check_places()
        for owner in self.workers:
            # Cancelled twice, it does not wait for the last turns of its actors.
            ended = owner.over_since + 3 <= self._loop().turns and not owner.is_vague
            self.world.check(holds=not (ended and owner.running), otherwise="a worker left actors running")
        if self.world.faults:
            raise FaultError

    def start(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self._over)
        return task

    def _over(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.world.fault(f"{type(error).__name__} came out of {task.get_coro().__qualname__}: {error}")

    def _loop(self) -> SimulatedLoop:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        return loop

    def _mirror(self, which: int) -> Mirror:
        return self.world.mirrors[which % len(self.world.mirrors)]

    def _name(self, mirror: Mirror) -> str:
        return f"server {self.world.mirrors.index(mirror)}"

    # Sending, and time.

    async def send(  # noqa: PLR0917  (the arguments of an operation stand in their order)
        self,
        which: int,
        channel: str,
        topic: str | None,
        priority: int,
        scripts: tuple[Any, ...],
        text: str,
        how: str,
    ) -> None:
        mirror, world = self._mirror(which), self.world
        name = text if how == "named" and text else None
        letter = world.letter(
            channel, topic, priority=priority, scripts=scripts, text=text, raw=how == "raw", message_id=name
        )
        headers = world.headers(letter, text)
        steppers = [one for one in self.steppers if one.mirror is mirror]
        if how == "stepper" and steppers:
            sent = await steppers[0].stepper.send(channel, letter.payload, headers=headers, priority=priority)
            world.check(holds=sent.message.id == letter.message_id, otherwise=f"{sent} is not {letter.message_id}")
            return
        await world.app.send_message(
            channel=channel,
            payload=letter.payload,
            headers=headers,
            server_name=self._name(mirror),
            server_specific_parameters={"priority": priority, "message_id": name},
        )

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def turns(self, number: int) -> None:
        for _ in range(number):
            await asyncio.sleep(0)

    async def reconnect(self, which: int, turns: int) -> None:
        server = self._mirror(which).server
        await server.disconnect()
        await self.turns(turns)
        await server.connect()

    async def cancel_kept(self) -> None:
        self.world.cancel_kept()

    # Workers.

    async def worker(self, which: int, messages: float, tasks: int, grace: float) -> None:
        mirror = self._mirror(which)
        if sum(not owner.over for owner in self.workers) >= 3:
            return
        owner = Owner("worker", mirror, limit=tasks, most=messages)
        owner.sighted_by = owner
        self.workers.append(owner)
        owner.task = self.start(self.work(owner, grace))

    async def work(self, owner: Owner, grace: float) -> None:
        world, mirror = self.world, owner.mirror
        assert mirror is not None
        OWNER.set(owner)
        try:
            ran = await world.app.run_worker(
                messages_limit=owner.most,
                tasks_limit=int(owner.limit),
                graceful_shutdown_time=grace,
                register_signals=[signal.SIGTERM],
                server_name=self._name(mirror),
            )
        except asyncio.CancelledError:
            world.check(holds=owner.ending or world.is_cut, otherwise="a worker ended by itself")
            raise
        except (SystemExit, KeyboardInterrupt) as error:
            # Raised inside a task it would end the loop.
            raised = owner.exit is error
            world.check(holds=raised, otherwise=f"a worker raised {error!r}, and no actor did")
        except NotConnectedError:
            world.check(holds=not mirror.server.is_connected, otherwise="a worker takes an open connection for closed")
        else:
            world.check(
                holds=owner.is_vague or ran.processed == owner.completed,
                otherwise=f"a worker says that {ran.processed} ran, and {owner.completed} did",
            )
            world.check(
                holds=owner.ending or world.is_cut or ran.processed == owner.most,
                otherwise=f"a worker ended after {ran.processed} of {owner.most} messages",
            )
        finally:
            owner.over, owner.over_since = True, self._loop().turns

    async def cancel_worker(self, number: int, again_after: int) -> None:
        running = [owner for owner in self.workers if not owner.over]
        if not running:
            return
        owner = running[number % len(running)]
        self._tell_to_end(owner)
        owner.task.cancel()
        if again_after:
            await self.turns(again_after)
            if not owner.over:
                owner.task.cancel()

    def _tell_to_end(self, owner: Owner) -> None:
        if not owner.ending:
            owner.ending, owner.ending_since = True, self._loop().turns

    async def stop_workers(self) -> None:
        # One that was only just started does not listen yet.
        await self.turns(2)
        for owner in self.workers:
            self._tell_to_end(owner)
        self._loop().send_signal(signal.SIGTERM)

    # Subscribers.

    async def subscribe(self, which: int, channels: tuple[str, ...], limit: int | None) -> None:
        mirror = self._mirror(which)
        if not mirror.server.is_connected or len(self.subscribers) >= 3:
            return
        owner = Owner("subscriber", mirror, limit=limit or NEVER, channels=channels)
        self.subscribers.append(owner)

        async def subscribe() -> None:
            OWNER.set(owner)
            owner.thing = await mirror.server.subscribe(
                channels_to_callbacks=dict.fromkeys(channels, self._callback), concurrency_limit=limit
            )

        await asyncio.create_task(subscribe())

    async def _callback(self, message: Any) -> None:
        world = self.world
        one = world.begin(message, CALLBACK)
        try:
            await world.act(message)
        except BaseException as error:
            world.ended(one, None, error)
            raise
        world.ended(one, None, None)

    def _subscriber(self, number: int) -> Owner | None:
        running = [owner for owner in self.subscribers if not owner.ending and owner.thing is not None]
        return running[number % len(running)] if running else None

    async def pause(self, number: int) -> None:
        if owner := self._subscriber(number):
            await owner.thing.pause()
            owner.paused = True
            # What it had in hand begins.
            await self.turns(3)
            begun = owner.begun
            await self.turns(5)
            self.world.check(holds=owner.begun == begun, otherwise="a paused subscriber takes messages")

    async def resume(self, number: int) -> None:
        if owner := self._subscriber(number):
            await owner.thing.resume()
            owner.paused = False

    async def close_subscriber(self, number: int) -> None:
        if owner := self._subscriber(number):
            owner.ending = True
            await owner.thing.close()
            owner.over = True
            self.world.check(holds=not owner.thing.is_active, otherwise="a closed subscriber is active")

    # Steppers.

    async def stepper(self, which: int, retries: int, explain_all: bool, history_limit: int) -> None:
        mirror = self._mirror(which)
        if len(self.steppers) >= 2:
            return
        stepper = Stepper(
            self.world.app, self._name(mirror), retries, explain_all=explain_all, history_limit=history_limit
        )
        one = SteppingOne(stepper, mirror)
        one.take_note(0)
        self.steppers.append(one)

    async def hold_steps(self, number: int, seconds: float | None) -> None:
        """Hold the message of each step at each phase for a while, from now on; for None no more."""
        if (one := self._stepper(number)) and not one.at_work:
            one.holds = seconds
            one.stepper.gate = None if seconds is None else partial(self._gate, one, seconds)

    async def _gate(self, one: SteppingOne, seconds: float, phase: str, so_far: Callable[[], Step]) -> None:
        owner = OWNER.get()
        step = so_far()
        if phase == "settled":
            owner.is_recorded = True
            self._recorded(one, step, owner)
        elif phase == "about to run":
            self.world.faults.extend(faults_of_record(step))
        await asyncio.sleep(seconds)
        # It goes on in this very turn.
        if phase == "decided" and owner.rejects:
            self.world.rejected(owner, owner.pulled)

    def _recorded(self, one: SteppingOne, step: Step, owner: Owner) -> None:
        """Take in that a step is in the history."""
        one.take_note(step.number)
        one.sighted[step.number] = (owner.pulled, owner.seen_before)
        self._check_step(step, owner, one.stepper)

    def _stepper(self, number: int) -> SteppingOne | None:
        return self.steppers[number % len(self.steppers)] if self.steppers else None

    async def step(self, number: int, channel: str | None, with_views: bool) -> None:
        if one := self._stepper(number):
            await asyncio.wait({self.start(self.one_step(one, channel, self.step_owner(one), with_views=with_views))})

    async def step_aside(self, number: int, channel: str | None) -> None:
        if one := self._stepper(number):
            owner = self.step_owner(one)
            owner.task = self.start(self.one_step(one, channel, owner))
            one.owners.append(owner)

    async def cancel_step(self, number: int) -> None:
        if (one := self._stepper(number)) and one.owners:
            owner = one.owners.pop(0)
            owner.ending = True
            owner.task.cancel()

    async def cut_step(self, number: int, channel: str | None, seconds: float) -> None:
        """Cancel a step at the phase at which its message is held after so many seconds."""
        if (one := self._stepper(number)) and not one.at_work:
            await self.hold_steps(number, 0.5)
            await self.step_aside(number, channel)
            await asyncio.sleep(seconds)
            owner = one.owners.pop()
            owner.ending = True
            owner.task.cancel()

    def step_owner(self, one: SteppingOne) -> Owner:
        return Owner(
            "step", one.mirror, limit=1, most=1, sighted_by=one.stepper, poison_at=one.stepper.max_unrouted_retries
        )

    async def one_step(
        self, one: SteppingOne, channel: str | None, owner: Owner, *, with_views: bool = False
    ) -> Step | None:
        OWNER.set(owner)
        if not one.stepper.history and not one.stepper.history.dropped:
            one.take_note(0)
            if one.at_work:
                # Who has the lock begins the history, and not this one.
                del one.moments[0]
        owner.task = asyncio.current_task()
        one.at_work.add(owner)
        owner.is_held = one.holds is not None
        try:
            step = await one.stepper.step(channel)
        except SteppingError:
            is_held = any(other.is_held for other in one.at_work if other is not owner)
            self.world.check(holds=is_held, otherwise="a step was refused, and no message is held")
            return None
        except BaseException as error:
            return self._cut_short(one, owner, error)
        finally:
            one.at_work.remove(owner)
            owner.over = True
        if not isinstance(step, Step):
            heard = one.mirror.server.snapshot(0)
            waiting = sum(queue.waiting for queue in heard.channels if channel in (None, queue.channel))
            self.world.check(holds=waiting == 0, otherwise=f"a step found nothing where {waiting} messages wait")
            return None
        if not owner.is_recorded:
            self._recorded(one, step, owner)
        if with_views:
            self.world.faults.extend(faults_of_step(step))
        return step

    def _cut_short(self, one: SteppingOne, owner: Owner, error: BaseException) -> None:
        """Take in that a step has raised: what its actor did, or because it was cancelled or interrupted itself."""
        if owner.pulled is not None and not owner.is_recorded:
            # Sighted as often as before.
            self.world.sightings[one.stepper, owner.pulled.serial] = owner.seen_before
        by_actor = owner.last is not None and type(owner.last.error) is type(error)
        if isinstance(error, asyncio.CancelledError):
            is_told_to = owner.ending or self.world.is_cut
            self.world.check(holds=is_told_to, otherwise="a step was cancelled that nobody cancelled")
        elif by_actor:
            return
        elif not isinstance(error, KeyboardInterrupt):
            self.world.fault(f"a step raised {error!r}, and its actor did not")
        raise error

    def _check_step(self, step: Step, owner: Owner, stepper: Stepper) -> None:
        """Hold a Step against what its actor saw and did."""
        letter, ran, check = owner.pulled, owner.last, self.world.check
        assert letter is not None
        told = f"step {step.number} of message {letter.serial}"
        check(holds=step.message.payload == letter.payload, otherwise=f"{told} shows another message")
        check(holds=step.sightings == owner.seen_before + 1, otherwise=f"{told} says {step.sightings} sightings")
        asked = [one.actor for one in step.verdicts]
        last = None if stepper.explain_all or step.winner is None else asked.index(step.winner) + 1
        if letter.topic not in ("odd", "odd_cancels", "odd_exits") or stepper.explain_all:
            check(holds=asked == list(ACTORS)[:last], otherwise=f"{told} asked {asked}")
        waited = step.before.get(step.channel)
        check(
            holds=waited is not None and bool(waited.ready) and waited.ready[0].payload == letter.payload,
            otherwise=f"{told} was not the first that waited",
        )
        if ran is None:
            check(holds=step.winner is None, otherwise=f"{told} names the winner {step.winner}, and no actor ran")
            return
        check(holds=step.winner == ran.actor, otherwise=f"{told} names {step.winner}, and {ran.actor} ran")
        raised = None if step.exception is None else step.exception.type
        check(
            holds=raised == (None if ran.error is None else type(ran.error).__name__),
            otherwise=f"{told} says that {raised} was raised, and it was {ran.error!r}",
        )
        check(holds=step.result == ran.result, otherwise=f"{told} returned {ran.result!r}, and says {step.result!r}")
        check(holds=step.printed == ran.printed, otherwise=f"{told} printed {ran.printed!r}, and says {step.printed!r}")
        check(holds=list(step.published) == ran.sent, otherwise=f"{told} sent {ran.sent}, and says {step.published}")
        if not ran.uncertain:
            check(
                holds=step.settlement.action == ran.message.action,
                otherwise=f"{told} is {ran.message.action}, and says {step.settlement.action}",
            )

    async def run(self, number: int, most: int) -> None:
        one = self._stepper(number)
        if one is None:
            return
        for _ in range(most):
            task = self.start(self.one_step(one, None, self.step_owner(one)))
            await asyncio.wait({task})
            if task.cancelled() or task.exception() is not None or task.result() is None:
                return

    async def rewind(self, number: int, back: int) -> None:
        one, world = self._stepper(number), self.world
        if one is None:
            return
        history = one.stepper.history
        newest = history[-1].number if history else 0
        to = max(newest - back, history.dropped)
        moment = one.moments.get(to)
        if moment is None:
            return
        at_work = {owner for other in self.steppers if other.mirror is one.mirror for owner in other.at_work}
        try:
            rewound = one.stepper.rewind(to)
        except SteppingError:
            world.check(holds=bool(at_work), otherwise="a rewind was refused, and no step is under way")
            return
        except UnknownNameError as error:
            # Another Stepper has gone back further.
            world.check(holds=one.mirror.rewinds > one.rewinds[to], otherwise=f"a rewind was refused: {error}")
            return
        begun = any(owner.pulled for owner in at_work)
        world.check(holds=not begun, otherwise="a rewind went under a step")
        world.check(
            holds=list(rewound.undone) == list(range(to + 1, newest + 1)), otherwise=f"{rewound.undone} were undone"
        )
        self._take_back(one, to, moment)
        one.mirror.rewound_at = self._loop().turns
        shown = one.mirror.shown()
        world.check(holds=shown == moment.shown, otherwise=f"after a rewind there is {shown}, and was {moment.shown}")
        for owner_run in (one_run for letter in one.mirror.letters.values() for one_run in letter.runs):
            if owner_run.live:
                owner_run.uncertain = True
                owner_run.noted = owner_run.message.action

    def _take_back(self, one: SteppingOne, to: int, moment: Moment) -> None:
        """Take in that a server is as it was at a moment: what its other Steppers did since is gone too."""
        there, place = [other for other in self.steppers if other.mirror is one.mirror], one.places[to]
        for other in there:
            for letter, seen_before in other.forget_after(place):
                self.world.sightings[other.stepper, letter.serial] = seen_before
        one.mirror.rewind(moment)
        for other in there:
            first = other.stepper.history.dropped
            if other.places.get(first, 0) > place:
                other.take_note(first)
                other.places[first] = place

    async def resend(self, number: int, channel: str, which: int | None) -> None:
        mirror = self._mirror(number)
        dead = mirror.dead[channel]
        message_id = None if which is None or not dead else self.world.letters[dead[which % len(dead)]].message_id
        if one := next((one for one in self.steppers if one.mirror is mirror), None):
            sent = one.stepper.resend(channel, message_id)
        else:
            sent = mirror.server.resend_dead_letters(channel, message_id)
        for serial in dead:
            # A dead letter's sightings are gone; a worker that gave it up has forgotten them.
            assert serial in mirror.letters
        wanted = mirror.resend(channel, message_id)
        self.world.check(holds=sent == wanted, otherwise=f"{sent} dead letters were sent again, not {wanted}")

    async def explain(self, number: int, channel: str, topic: str) -> None:
        one = self._stepper(number)
        if one is None or topic == "sometimes":
            return
        self.world.explaining = True
        try:
            explanation = one.stepper.explain(channel, topic=topic, payload=b"#0#")
        finally:
            self.world.explaining = False
        winner = topic if topic in TOPICS else None
        self.world.check(
            holds=explanation.winner == winner, otherwise=f"{topic} would go to {winner}, not {explanation.winner}"
        )
        self.world.faults.extend(faults_of_record(explanation))

    async def close_stepper(self, number: int) -> None:
        if one := self._stepper(number):
            await self._close_stepper(one)
            self.steppers.remove(one)

    async def _close_stepper(self, one: SteppingOne) -> None:
        for owner in one.owners:
            owner.ending = True
            owner.task.cancel()
        # What is held is not closed.
        while one.at_work:
            await asyncio.wait({owner.task for owner in one.at_work})
        await one.stepper.close()

    async def workbench(self, number: int) -> None:
        one = self._stepper(number)
        if one is None:
            return
        gate = one.stepper.gate
        workbench = Workbench(one.stepper)
        try:
            self.world.faults.extend(faults_of_workbench(workbench))
        finally:
            workbench.close()
            one.stepper.gate = gate

    # The TestClient.

    async def client(self, auto_process: bool, letters: tuple[Any, ...]) -> None:
        await asyncio.wait({self.start(self.use_client(auto_process, letters))})

    async def use_client(self, auto_process: bool, letters: tuple[Any, ...]) -> None:
        world = self.world
        owner = Owner("client", None)
        OWNER.set(owner)
        client = TestClient(
            world.app, auto_process=auto_process, raise_on_actor_not_found=False, raise_on_actor_error=False
        )
        for channel, topic, scripts in letters:
            scripts = tuple(tuple(line for line in one if line[0] not in NOT_IN_A_CLIENT) for one in scripts)  # noqa: PLW2901
            letter = world.letter(channel, topic, scripts=scripts)
            with suppress(ValueError, OwnError, GeneratorExit, SystemExit, KeyboardInterrupt):
                await client.send_message(channel=channel, payload=letter.payload, headers=world.headers(letter))
        with suppress(ValueError, OwnError, GeneratorExit, SystemExit, KeyboardInterrupt):
            await client.process_all()
        world.check(
            holds=len(client.get_processed_messages()) <= owner.begun,
            otherwise=f"{len(client.get_processed_messages())} were processed, and {owner.begun} ran",
        )
        client.clear()
        # What it carries ran in this task.
        COLOUR.set(0)

    # The end.

    async def end_all(self) -> None:
        """End all that runs, and look at what is left behind."""
        world = self.world
        if not world.is_cut:
            await asyncio.sleep(PATIENCE)
            self._check_idle()
        for owner in self.workers:
            if not owner.over:
                owner.ending = True
                owner.task.cancel()
        while self.subscribers and self._subscriber(0):
            await self.close_subscriber(0)
        for one in self.steppers:
            await self._close_stepper(one)
        if self.tasks:
            _, pending = await asyncio.wait({*self.tasks}, timeout=PATIENCE)
            world.check(holds=not pending, otherwise=f"{len(pending)} of a history's tasks do not end")
        for task in world.left:
            task.cancel()
        await self.turns(self.turns_to_close)
        timers = self._loop().timers()
        # In a second what resists its end is left alone.
        world.check(holds=not timers or self._resists(), otherwise=f"these timers are left: {timers}")
        await asyncio.sleep(PATIENCE)
        for mirror in world.mirrors:
            await mirror.server.disconnect()
            left = list(mirror.left_behind())
            world.check(holds=not left, otherwise=f"left behind: {left}")
        loop = self._loop()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        world.check(holds=not tasks, otherwise=f"these tasks are left: {tasks}")
        # What a subscriber's callback raises that is no Exception is for the loop's handler, as anywhere.
        complaints = [one for one in loop.complaints if "OwnError" not in one and "GeneratorExit" not in one]
        world.check(holds=not complaints, otherwise=f"the loop complains: {complaints}")

    def _resists(self) -> bool:
        return any(run.live for letter in self.world.letters.values() for run in letter.runs)

    def _check_idle(self) -> None:
        """Hold that nothing waits where a worker or a subscriber has nothing to do."""
        for owner in (*self.workers, *self.subscribers):
            can_take = not (owner.over or owner.ending or owner.running) and owner.begun < owner.most
            if not can_take or owner.mirror is None or owner.paused:
                continue
            waiting = [
                queue.channel
                for queue in owner.mirror.server.snapshot(0).channels
                if queue.waiting and queue.channel in owner.channels
            ]
            self.world.check(holds=not waiting, otherwise=f"an idle {owner.kind} leaves messages waiting on {waiting}")

    async def drain(self) -> None:
        """Take all that is left off the queues, which come in their order."""
        for mirror in self.world.mirrors:
            wanted: dict[str, list[int]] = {channel: [] for channel in CHANNELS}
            for letter in sorted(mirror.letters.values(), key=lambda one: (-one.priority, one.place)):
                is_dead = letter.serial in mirror.dead[letter.channel]
                if not (letter.is_done or is_dead or letter.serial in mirror.dropped or letter.serial in mirror.gone):
                    wanted[letter.channel].append(letter.serial)
            came = await _everything_of(mirror, sum(map(len, wanted.values())))
            self.world.check(holds=came == wanted, otherwise=f"the rest came as {came}, and should as {wanted}")


# In a client an actor runs in the task of who sends.
NOT_IN_A_CLIENT = ("cancel_self", "keep_task", "cancel_kept", "set_variable")


async def _everything_of(mirror: Mirror, number: int) -> dict[str, list[int]]:
    came: dict[str, list[int]] = {channel: [] for channel in CHANNELS}
    app, router = Repid(), Router()
    app.servers.register_server("default", mirror.server)

    for channel in CHANNELS:

        @router.actor(channel=channel, routing_strategy=catch_all_routing_strategy, middlewares=[_noted_in(came)])
        async def take() -> None: ...

    app.include_router(router)
    mirror_letters = mirror.letters
    async with mirror.server.connection():
        worker = app.run_worker(messages_limit=number, tasks_limit=1, register_signals=[])
        await asyncio.wait_for(worker, PATIENCE)
    assert len(mirror_letters) >= number
    return came


def _noted_in(came: dict[str, list[int]]) -> Any:
    async def note(call_next: Any, message: Any, actor: Any) -> Any:
        came[message.channel].append(serial_of(message.payload) or 0)
        return await call_next(message, actor)

    return note


def tell(setting: Setting, operations: Sequence[Operation]) -> Told:
    """Tell one history on a loop of its own.

    Args:
        setting: What it begins with.
        operations: What happens.
    """
    logging.disable(logging.CRITICAL)
    shuffle = setting["shuffle"]
    loop = SimulatedLoop(shuffle=None if shuffle is None else random.Random(shuffle))  # noqa: S311  (chance that comes again)
    history: list[History] = []

    async def main() -> None:
        history.append(History(setting))
        try:
            await history[0].tell(operations)
        finally:
            history[0].world.end()

    failed = ""
    try:
        # Of a step that is cut short, what was printed is printed after all.
        with redirect_stdout(io.StringIO()):
            run(main(), loop, eager=setting["eager"])
    except FaultError:
        pass
    except NeverEndsError as error:
        failed = str(error)
    except Exception as error:
        failed = f"{type(error).__name__} came out: {error}"
    finally:
        logging.disable(logging.NOTSET)
    world = history[0].world
    faults = (*world.faults, *([failed] if failed else []))
    return Told(faults, history[0].done, world.counts)
