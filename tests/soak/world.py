"""The world of one history: servers, one app, and actors that do what the script of each message says.

Everything that an actor does is noted here where it happens: what the package says of it later is held against that.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from soak.hostile import MARK
from soak.model import DEFAULT_PRIORITY, Letter, Mirror, serial_of
from soak.simulated_loop import InlineExecutor, SimulatedLoop

from repid_nb import BaseMessageT, DefaultConverter, InMemoryServer, Message, MessageAction, Repid, Router
from repid_nb.core.errors import ActorTimeoutError, NotConnectedError
from repid_nb.core.events import Event, Published

__all__ = [
    "ACTORS",
    "CALLBACK",
    "CHANNELS",
    "COLOUR",
    "NEVER",
    "OWNER",
    "RAISES",
    "TIMEOUT",
    "TOPICS",
    "OwnError",
    "Owner",
    "Run",
    "World",
    "present",
]

CHANNELS = ("one", "two", f"<{MARK}>&'\"\n\u202e")
TIMEOUT = 5.0
NEVER = 1e9
# What a subscriber runs stands in no router.
CALLBACK = "callback"
EXITS = ("SystemExit", "KeyboardInterrupt")


class OwnError(BaseException):
    """A BaseException of the learner's own."""


class UnshowableError(Exception):
    """An exception whose text is hostile."""


RAISES: dict[str, Callable[[], BaseException]] = {
    "ValueError": lambda: ValueError("<script>no</script>\x1b[31m"),
    "KeyError": lambda: KeyError("k"),
    "group": lambda: ExceptionGroup("many", [ValueError("a"), TypeError("b")]),
    "CancelledError": asyncio.CancelledError,
    "GeneratorExit": GeneratorExit,
    "own": lambda: OwnError("own"),
    "unshowable": lambda: UnshowableError("\udc80\x00\u2028"),
    "TimeoutError": TimeoutError,
    "SystemExit": SystemExit,
    "KeyboardInterrupt": KeyboardInterrupt,
}


@dataclass(eq=False)
class Owner:
    """Who pulls messages: a worker, one call of a Stepper, a subscriber, a TestClient.

    Attributes:
        kind: Which of these.
        mirror: The server that it pulls from; None for a TestClient.
        limit: How many runs it may have at once.
        most: How many runs it may begin.
        sighted_by: Under what it remembers messages that no actor wants.
        poison_at: At which sighting it gives a message up.
        ending: Whether it was told to end.
        ending_since: The turn of the loop in which a worker was told to.
        over: Whether it has ended.
        over_since: The turn of the loop in which it ended.
        channels: Where it pulls from.
        paused: Whether it was told to pull nothing for a while.
        is_vague: Whether how many of its runs were completed cannot be told from outside.
        exit: The first exit that one of its actors raised, which ends it.
        is_held: Whether a gate holds its message at each phase.
        rejects: Whether no actor takes the message that is held.
        is_recorded: Whether its step is in the history.
        pulled: The message that it pulled last; with `seen_before`, how often it had sighted that before.
        last: Its last run.
    """

    kind: str
    mirror: Mirror | None
    limit: float = NEVER
    most: float = NEVER
    sighted_by: object = None
    poison_at: int = 10
    ending: bool = False
    over: bool = False
    over_since: float = NEVER
    ending_since: float = NEVER
    begun: int = 0
    completed: int = 0
    is_vague: bool = False
    running: set[Run] = field(default_factory=set)
    channels: tuple[str, ...] = CHANNELS
    paused: bool = False
    exit: BaseException | None = None
    is_held: bool = False
    rejects: bool = False
    is_recorded: bool = False
    pulled: Letter | None = None
    seen_before: int = 0
    last: Run | None = None
    task: asyncio.Task[Any] | None = None
    thing: Any = None


@dataclass(eq=False)
class Run:
    """One run of an actor, or of a subscriber's callback, for one message.

    Attributes:
        uncertain: Whether its message may have been taken from under it, by a rewind.
        excused: Whether it was cancelled by other than who pulls: by itself, or through a task that it kept.
        noted: The settlement that the model knows of.
    """

    letter: Letter
    owner: Owner
    message: Any
    actor: str
    began: float
    live: bool = True
    uncertain: bool = False
    excused: bool = False
    resisted: bool = False
    noted: MessageAction | None = None
    settled_by_hand: MessageAction | None = None
    sent: list[str] = field(default_factory=list)
    printed: str = ""
    result: Any = None
    error: BaseException | None = None


OWNER: ContextVar[Owner] = ContextVar("soak_owner")
COLOUR: ContextVar[int] = ContextVar("soak_colour", default=0)

# Actors are declared once, for all histories, and act in the present world.
_worlds: list[World] = []


def present() -> World:
    """Return the world of the history that is being told."""
    return _worlds[-1]


class World:
    """Servers, an app, and what happened.

    Args:
        dead_letter_limits: One for each server.

    Attributes:
        is_cut: Whether all that happens may be interrupted now.
    """

    def __init__(self, dead_letter_limits: tuple[int, ...]) -> None:
        self.faults: list[str] = []
        self.letters: dict[int, Letter] = {}
        self.owners: list[Owner] = []
        self.kept: list[tuple[asyncio.Task[Any], Run]] = []
        self.left: set[asyncio.Task[Any]] = set()
        self.sightings: dict[tuple[object, int], int] = {}
        self.explaining = False
        self.is_open = True
        self.is_cut = False
        self.counts: dict[str, int] = dict.fromkeys(("messages", "runs", "checks"), 0)
        self.app = Repid(actor_middlewares=[_watch])
        self.mirrors: list[Mirror] = []
        self._end_observing = []
        for number, limit in enumerate(dead_letter_limits):
            server = InMemoryServer(dead_letter_limit=limit)
            self.app.servers.register_server(f"server {number}", server)
            mirror = Mirror(server, limit)
            self.mirrors.append(mirror)
            self._end_observing.append(server.observe(lambda event, mirror=mirror: self._heard(mirror, event)))
        for router in ROUTERS:
            self.app.include_router(router)
        _worlds[:] = [self]

    def end(self) -> None:
        """Stop listening: what is said from now on is about the end of the loop."""
        self.is_open = False
        for end in self._end_observing:
            end()

    def fault(self, text: str) -> None:
        """Note that something is wrong."""
        if self.is_open:
            self.faults.append(text)

    def check(self, *, holds: bool, otherwise: str) -> None:
        """Note a check, and what is wrong where it does not hold."""
        self.counts["checks"] += 1
        if not holds:
            self.fault(otherwise)

    def check_places(self) -> None:
        """Hold the queues of each server against the model."""
        for mirror in self.mirrors:
            self.counts["checks"] += 4 * len(mirror.letters) + 3
            self.faults.extend(mirror.faults())

    def letter(
        self,
        channel: str,
        topic: str | None,
        *,
        priority: int = DEFAULT_PRIORITY,
        scripts: tuple[Any, ...] = (),
        text: str = "",
        raw: bool = False,
        message_id: str | None = None,
    ) -> Letter:
        """Make a message, to be sent."""
        serial = len(self.letters) + 1
        letter = Letter(serial, channel, priority, topic, scripts, message_id=message_id)
        if raw:
            letter.payload = b"\xff\x00#%d#" % serial + text.encode("utf-8", "surrogatepass")
        else:
            number: object = serial if serial % 3 else "no number"
            letter.payload = json.dumps({"serial": f"#{serial}#", "number": number, "text": text}).encode()
        self.letters[serial] = letter
        self.counts["messages"] += 1
        return letter

    def headers(self, letter: Letter, text: str = "") -> dict[str, str] | None:
        """Return the headers of a message, its topic among them."""
        headers = {"h": text, text: "v"} if text else {}
        if letter.topic is not None:
            headers["topic"] = letter.topic
        return headers or None

    def _heard(self, mirror: Mirror, event: Event) -> None:
        if not isinstance(event, Published):
            return
        letter = self.letters[serial_of(event.message.payload) or 0]
        letter.message_id = event.message.message_id  # type: ignore[attr-defined]
        mirror.publish(letter)

    # Pulled, asked, run, settled.

    def asked(self, message: BaseMessageT) -> None:
        """Take in that a worker asks the first actor of a channel about a message that it has just pulled."""
        if self.explaining:
            return
        letter = self.letters[serial_of(message.payload) or 0]
        letter.asked += 1
        owner = OWNER.get()
        owner.pulled, owner.seen_before = letter, 0
        mirror = owner.mirror
        if mirror is None:
            return
        if owner.kind == "worker":
            next_one = mirror.first_waiting(letter.channel)
            if next_one is not None:
                self.check(
                    holds=(-letter.priority, letter.place) < (-next_one.priority, next_one.place),
                    otherwise=f"message {letter.serial} was pulled before message {next_one.serial}",
                )
        if letter.topic in ("odd", "odd_cancels", "odd_exits"):
            return
        key = (owner.sighted_by, letter.serial)
        owner.seen_before = self.sightings.get(key, 0)
        if is_wanted(letter):
            self.sightings.pop(key, None)
            return
        if owner.is_held:
            owner.rejects = True
        else:
            self.rejected(owner, letter)

    def rejected(self, owner: Owner, letter: Letter) -> None:
        """Take in that a message that no actor takes is rejected, or nacked as poison."""
        assert owner.mirror is not None
        key = (owner.sighted_by, letter.serial)
        self.sightings[key] = self.sightings.get(key, 0) + 1
        if self.sightings[key] < owner.poison_at:
            owner.mirror.to_tail(letter)
        else:
            del self.sightings[key]
            owner.mirror.bury(letter)

    def begin(self, message: Any, actor: str) -> Run:
        """Take in that an actor begins to run for a message."""
        letter, owner = self.letters[serial_of(message.payload) or 0], OWNER.get()
        run = Run(letter, owner, message, actor, asyncio.get_running_loop().time(), noted=None)
        # An actor that has settled its message itself may go on for a while.
        others = [
            one
            for one in letter.runs
            if one.live and one.noted is None and not (one.uncertain or one.resisted or one.owner.over)
        ]
        # A subscriber's callback begins a turn after its message was taken, and a rewind may come in between.
        run.uncertain = actor == CALLBACK and owner.mirror is not None and _turns() <= owner.mirror.rewound_at + 2
        twice = bool(others) and not run.uncertain
        self.check(holds=not twice, otherwise=f"message {letter.serial} runs twice at once")
        letter.runs.append(run)
        letter.taken.append(message)
        owner.begun += 1
        owner.running.add(run)
        owner.last = run
        self.counts["runs"] += 1
        self.check(holds=len(owner.running) <= owner.limit, otherwise=f"{owner.kind} runs {len(owner.running)} at once")
        self.check(holds=owner.begun <= owner.most, otherwise=f"{owner.kind} has begun {owner.begun} of {owner.most}")
        late = _turns() > owner.ending_since + 3
        self.check(holds=not late, otherwise=f"a worker that was told to end takes message {letter.serial}")
        self.check(holds=not owner.over, otherwise=f"{owner.kind} has ended, and runs message {letter.serial}")
        return run

    def note(self, run: Run) -> None:
        """Tell the model how a message is settled now."""
        action = run.message.action
        if action is not None and action != run.noted and run.owner.mirror is not None:
            run.owner.mirror.settled(run.letter, action)
        run.noted = action

    def ended(self, run: Run, result: Any, error: BaseException | None) -> None:
        """Take in that a run has ended, and hold its settlement against what its actor's options say."""
        self.note(run)
        run.live, run.result, run.error = False, result, error
        owner = run.owner
        owner.running.discard(run)
        if isinstance(error, (SystemExit, KeyboardInterrupt)) and owner.kind == "worker":
            owner.exit, owner.ending = owner.exit or error, True
        interrupted = isinstance(error, asyncio.CancelledError) and not run.excused
        if not interrupted:
            owner.completed += 1
        # Cancelled by both who ends it and who kept its task: it may count, or not.
        owner.is_vague |= isinstance(error, asyncio.CancelledError) and owner.ending and run.excused
        self.check(
            holds=not interrupted or owner.ending or self.is_cut,
            otherwise=f"message {run.letter.serial} was interrupted, and nothing ends its {owner.kind}",
        )
        if run.actor == "timed" and not (run.resisted or owner.is_held):
            took = asyncio.get_running_loop().time() - run.began
            self.check(holds=took <= TIMEOUT + 1e-6, otherwise=f"{took} s are more than the timeout of {TIMEOUT} s")
        if run.uncertain or run.resisted:
            return
        wanted = run.settled_by_hand or settlement(run.actor, result, error)
        self.check(
            holds=run.message.action == wanted,
            otherwise=f"message {run.letter.serial} ({run.actor}, {result!r}, {error!r}) is {run.message.action}, "
            f"and should be {wanted}",
        )

    # What a script may say.

    async def act(self, message: Any) -> Any:
        """Do what the script of a message says."""
        run = self.letters[serial_of(message.payload) or 0].runs[-1]
        self.check(holds=COLOUR.get() == 0, otherwise="a context variable of another message is seen")
        for what, *how in run.letter.script():
            if what == "return":
                return how[0]
            await getattr(self, f"_do_{what}")(run, message, *how)
        return "ack"

    def act_plainly(self, message: Any) -> Any:
        """Do what the script of a message says, as far as a plain function can."""
        run = self.letters[serial_of(message.payload) or 0].runs[-1]
        for what, *how in run.letter.script():
            match what:
                case "return":
                    return how[0]
                case "raise":
                    self._raise(run, *how)
                case "print":
                    self._print(run, *how)
        return "ack"

    async def _do_sleep(self, _run: Run, _message: Any, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _do_resist(self, run: Run, _message: Any, seconds: float) -> None:
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            run.resisted = run.owner.is_vague = True
            await asyncio.sleep(seconds)

    async def _do_raise(self, run: Run, _message: Any, name: str) -> None:
        self._raise(run, name)

    def _raise(self, run: Run, name: str) -> None:
        if run.actor == CALLBACK and name in EXITS:
            # In a task of its own, as a callback is, it ends the loop.
            name = "own"
        run.excused |= name == "CancelledError"
        error = RAISES[name]()
        raise error

    async def _do_print(self, run: Run, _message: Any, text: str) -> None:
        self._print(run, text)

    def _print(self, run: Run, text: str) -> None:
        if run.owner.kind == "step":
            print(text)
            run.printed += f"{text}\n"

    async def _do_cancel_self(self, run: Run, _message: Any, how: str) -> None:
        run.excused = True
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        if how == "and waits":
            await asyncio.sleep(0)

    async def _do_keep_task(self, run: Run, _message: Any) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.kept.append((task, run))

    async def _do_cancel_kept(self, _run: Run, _message: Any) -> None:
        self.cancel_kept()

    def cancel_kept(self) -> None:
        """Cancel a task that an actor has kept: while the actor is at work, or later."""
        if self.kept:
            task, run = self.kept.pop(0)
            run.excused |= run.live
            task.cancel()

    async def _do_leave_task(self, _run: Run, _message: Any, seconds: float) -> None:
        self.left.add(asyncio.create_task(asyncio.sleep(seconds)))

    async def _do_set_variable(self, run: Run, _message: Any) -> None:
        COLOUR.set(run.letter.serial)

    async def _do_settle(self, run: Run, message: Any, how: str) -> None:
        await getattr(message, how)()
        self._settled_by_hand(run)

    async def _do_reply(self, run: Run, message: Any, channel: str) -> None:
        is_first = not message.is_acted_on and not run.uncertain
        answer = self.letter(channel, None)
        answer.answers = run.letter
        if not message.is_acted_on and not run.letter.is_replied:
            run.letter.answer = answer.serial
        await message.reply(payload=answer.payload, channel=channel)
        if is_first:
            run.sent.append(channel)
        self._settled_by_hand(run)

    def _settled_by_hand(self, run: Run) -> None:
        self.note(run)
        # A TestClient's message takes a second settlement too (repid 2.1.4).
        if run.settled_by_hand is None or run.owner.kind == "client":
            run.settled_by_hand = run.message.action

    async def _do_send(self, run: Run, message: Any, channel: str, topic: str | None) -> None:
        further = self.letter(channel, topic)
        try:
            await message.send_message(channel=channel, payload=further.payload, headers=self.headers(further))
        except NotConnectedError:
            is_connected = run.owner.mirror is not None and run.owner.mirror.server.is_connected
            self.check(holds=not is_connected, otherwise="a message could not be sent on an open connection")
            raise
        run.sent.append(channel)


def _turns() -> int:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SimulatedLoop)
    return loop.turns


def is_wanted(letter: Letter) -> bool:
    """Whether an actor takes the message now."""
    if letter.topic == "sometimes":
        return letter.asked % 3 == 0
    return letter.topic in TOPICS


def settlement(actor: str, result: Any, error: BaseException | None) -> MessageAction | None:
    """Return how a message that its actor did not settle itself is settled, by the actor's options."""
    if actor == CALLBACK:
        return None
    mode = ACTORS[actor].get("confirmation_mode", "auto")
    if mode == "ack_first":
        return MessageAction.acked
    if error is not None and not isinstance(error, Exception):
        return None
    if mode == "always_ack":
        return MessageAction.acked
    if error is not None:
        word = ACTORS[actor].get("on_error", "no_action" if mode.startswith("manual") else "nack")
        word = word(error) if callable(word) else word
    elif mode == "manual_explicit":
        word = result
    else:
        word = "no_action" if mode == "manual" else "ack"
    return {"ack": MessageAction.acked, "nack": MessageAction.nacked, "reject": MessageAction.rejected}.get(word)


async def _watch(call_next: Any, message: Any, actor: Any) -> Any:
    world = present()
    run = world.begin(message, actor.name)
    try:
        result = await call_next(message, actor)
    except BaseException as error:
        world.ended(run, None, error)
        raise
    world.ended(run, result, None)
    return result


def _by_error(error: BaseException) -> Any:
    return "ack" if isinstance(error, KeyError) else "reject" if isinstance(error, ActorTimeoutError) else "nack"


def _witness(*, actor_name: str) -> Callable[[BaseMessageT], bool]:
    def ask(message: BaseMessageT) -> bool:
        present().asked(message)
        return False

    return ask


def _odd(*, actor_name: str) -> Callable[[BaseMessageT], bool]:
    def ask(message: BaseMessageT) -> bool:
        match (message.headers or {}).get("topic"):
            case "odd":
                raise ValueError("odd")
            case "odd_cancels":
                raise asyncio.CancelledError
            case "odd_exits":
                raise GeneratorExit
        return False

    return ask


def _sometimes(*, actor_name: str) -> Callable[[BaseMessageT], bool]:
    def ask(message: BaseMessageT) -> bool:
        if (message.headers or {}).get("topic") != "sometimes":
            return False
        return is_wanted(present().letters[serial_of(message.payload) or 0])

    return ask


async def _act(message: Message) -> Any:
    return await present().act(message)


async def _act_typed(number: int, message: Message) -> Any:
    return await present().act(message)


def _act_plainly(message: Message) -> Any:
    return present().act_plainly(message)


async def _never() -> None:
    present().fault("an actor ran that never matches")


# The options of each actor; a channel has them all.
ACTORS: dict[str, dict[str, Any]] = {
    "witness": {"routing_strategy": _witness},
    "odd": {"routing_strategy": _odd},
    "sometimes": {"routing_strategy": _sometimes},
    "auto": {},
    "again": {"on_error": "reject"},
    "always": {"confirmation_mode": "always_ack"},
    "first": {"confirmation_mode": "ack_first"},
    "manual": {"confirmation_mode": "manual"},
    "manual_nacks": {"confirmation_mode": "manual", "on_error": "nack"},
    "explicit": {"confirmation_mode": "manual_explicit"},
    "timed": {"timeout": TIMEOUT},
    "chosen": {"on_error": _by_error, "timeout": 2 * TIMEOUT},
    "typed": {},
    "plain": {"pool_executor": InlineExecutor()},
}
TOPICS = tuple(name for name in ACTORS if name not in ("witness", "odd"))
_FUNCTIONS = {"witness": _never, "odd": _never, "typed": _act_typed, "plain": _act_plainly}


@cache
def _reader(fn: Any) -> DefaultConverter:
    return DefaultConverter(fn, fn_locals=None, correlation_id=None)


def _converter(fn: Any, **_options: Any) -> DefaultConverter:
    """Return what reads the arguments of a function: made once, and not for each worker of each history."""
    return _reader(fn)


def _router(channel: str) -> Router:
    router = Router(channel=channel, converter=_converter)  # type: ignore[arg-type]
    for name, options in ACTORS.items():
        router.actor(name=name, **options)(_FUNCTIONS.get(name, _act))
    return router


ROUTERS = [_router(channel) for channel in CHANNELS]
