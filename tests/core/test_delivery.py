"""Delivery: when a message is settled, how, by whom, and what is said of it."""

import asyncio
import math
from types import SimpleNamespace

import pytest
from support.watching import Listening

from repid_nb.core.actor import ActorExecutionContext
from repid_nb.core.arguments.actor_message import Message
from repid_nb.core.errors import ActorTimeoutError
from repid_nb.core.events import Finished, Settled, Started
from repid_nb.core.memory.pulling import InMemoryPuller
from repid_nb.core.memory.server import InMemoryServer
from repid_nb.core.message import MessageAction, MessageData
from repid_nb.core.routing.router import Router
from repid_nb.core.serializer import default_serializer
from repid_nb.core.worker.keep_alive import keep_alive
from repid_nb.core.worker.worker import Worker

ACTIONS = {
    "ack": MessageAction.acked,
    "nack": MessageAction.nacked,
    "reject": MessageAction.rejected,
    "no_action": None,
}
MODES = ["auto", "always_ack", "ack_first", "manual", "manual_explicit"]
FOLLOWING_ON_ERROR = ["auto", "manual", "manual_explicit"]


class Outcome:
    """What one delivery led to."""

    def __init__(self, message, events, returned) -> None:
        self.message = message
        self.events = events
        self.result, self.exception = returned

    @property
    def action(self) -> MessageAction | None:
        return self.message.action

    @property
    def reason(self) -> str:
        return self.events[-1].reason


class KeptAlive:
    """A message of a server that wants to hear that a long run goes on."""

    keep_alive_interval = 1

    def __init__(self, message, *, broken: bool = False) -> None:
        self._message = message
        self._broken = broken
        self.told = 0
        self.twice = asyncio.Event()

    def __getattr__(self, name):
        return getattr(self._message, name)

    async def keep_alive(self) -> None:
        self.told += 1
        if self.told == 2:
            self.twice.set()
        if self._broken:
            raise ConnectionError


class KeepingServer(InMemoryServer):
    """A server that supports it."""

    @property
    def capabilities(self):
        return {**super().capabilities, "supports_keep_alive": True}


async def one_message(server: InMemoryServer, payload: bytes = b"{}"):
    async with server.connection():
        await server.publish(channel="default", message=MessageData(payload=payload, reply_to="answers"))
    return InMemoryPuller(server.queues, ["default"]).pull_nowait()


async def deliver(fn, *, payload: bytes = b"{}", message=None, server=None, observer=None, **options) -> Outcome:
    router = Router()
    router.actor(**options)(fn)
    (actor,) = router.actors
    server = server or InMemoryServer()
    message = message or await one_message(server, payload)
    context = ActorExecutionContext(server=server, publish=server.publish, default_serializer=default_serializer)
    events = []
    worker = Worker(context, {}, watcher=Listening(observer or events.append))
    returned = await worker.delivery().run(message, actor)
    return Outcome(message, events, returned)


async def returns() -> str:
    return "result"


async def raises() -> None:
    raise ZeroDivisionError("too bad")


@pytest.mark.parametrize(
    ("mode", "action"),
    [("auto", "ack"), ("always_ack", "ack"), ("ack_first", "ack"), ("manual", "no_action")],
)
async def test_after_a_good_run_the_mode_decides(mode, action):
    outcome = await deliver(returns, confirmation_mode=mode)
    assert outcome.action is ACTIONS[action]
    assert (outcome.result, outcome.exception) == ("result", None)
    # The mode that holds where none is given is not worth a word.
    assert (mode in outcome.reason) == (mode != "auto")


@pytest.mark.parametrize("word", ACTIONS)
async def test_in_manual_explicit_mode_the_returned_word_decides(word):
    async def actor() -> str:
        return word

    outcome = await deliver(actor, confirmation_mode="manual_explicit")
    assert outcome.action is ACTIONS[word]
    assert outcome.result == word
    assert repr(word) in outcome.reason
    assert outcome.reason.startswith("nobody settled it") == (word == "no_action")


@pytest.mark.parametrize("value", [None, "acked", True, ["ack"], {}, 1.5])
async def test_in_manual_explicit_mode_any_other_value_is_an_error_and_settles_nothing(value):
    async def actor():
        return value

    outcome = await deliver(actor, confirmation_mode="manual_explicit", on_error="reject")
    assert outcome.action is None
    assert isinstance(outcome.exception, ValueError)
    assert "'ack', 'nack', 'reject', 'no_action'" in str(outcome.exception)
    assert outcome.reason.startswith("nobody settled it")


@pytest.mark.parametrize(
    ("mode", "action"),
    [
        ("auto", "nack"),
        ("always_ack", "ack"),
        ("ack_first", "ack"),
        ("manual", "no_action"),
        ("manual_explicit", "no_action"),
    ],
)
async def test_after_an_error_the_modes_default_decides(mode, action):
    outcome = await deliver(raises, confirmation_mode=mode)
    assert outcome.action is ACTIONS[action]
    assert isinstance(outcome.exception, ZeroDivisionError)
    assert outcome.result is None


@pytest.mark.parametrize("mode", FOLLOWING_ON_ERROR)
@pytest.mark.parametrize("word", ACTIONS)
async def test_after_an_error_the_word_of_on_error_decides(mode, word):
    outcome = await deliver(raises, confirmation_mode=mode, on_error=word)
    assert outcome.action is ACTIONS[word]
    assert (f"on_error is {word!r}" in outcome.reason) == (word != "nack")
    assert "ZeroDivisionError: too bad" in outcome.reason


@pytest.mark.parametrize("mode", FOLLOWING_ON_ERROR)
@pytest.mark.parametrize("word", ACTIONS)
async def test_after_an_error_the_function_of_on_error_is_given_it_and_decides(mode, word):
    given = []

    def on_error(error):
        given.append(error)
        return word

    outcome = await deliver(raises, confirmation_mode=mode, on_error=on_error)
    assert given == [outcome.exception]
    assert outcome.action is ACTIONS[word]
    assert f"on_error returned {word!r}" in outcome.reason


@pytest.mark.parametrize("answer", [None, "explode", []])
async def test_a_message_whose_on_error_answers_with_an_unknown_word_is_nacked_with_the_reason(answer):
    outcome = await deliver(raises, on_error=lambda error: answer)
    assert outcome.action is MessageAction.nacked
    assert outcome.reason == (
        f"the actor raised ZeroDivisionError: too bad, and on_error returned {answer!r}, "
        "not one of ack, nack, reject, no_action"
    )


class SilentError(Exception):
    def __str__(self):
        raise SystemExit("no")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RuntimeError("no eggs left"), "the actor raised RuntimeError: no eggs left"),
        (RuntimeError("two\nlines\x1b"), "the actor raised RuntimeError: two lines\\x1b"),
        (RuntimeError("x" * 500), f"the actor raised RuntimeError: {'x' * 160}…"),
        (RuntimeError(), "the actor raised RuntimeError"),
        (SilentError(), "the actor raised SilentError"),
    ],
)
async def test_a_reason_has_the_errors_own_words_on_one_short_line(error, said):
    async def actor():
        raise error

    assert (await deliver(actor)).reason == said


async def test_a_message_whose_on_error_raises_is_nacked_and_keeps_both_errors():
    def on_error(error):
        raise LookupError

    outcome = await deliver(raises, on_error=on_error)
    assert outcome.action is MessageAction.nacked
    assert isinstance(outcome.exception, LookupError)
    assert isinstance(outcome.exception.__context__, ZeroDivisionError)
    assert outcome.reason == "ZeroDivisionError was raised, and then on_error raised LookupError"


async def test_in_ack_first_mode_the_message_is_acked_before_the_actor_runs():
    seen = []

    async def actor(message: Message) -> None:
        seen.append(message.action)

    await deliver(actor, confirmation_mode="ack_first")
    assert seen == [MessageAction.acked]


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "ack_first"])
@pytest.mark.parametrize("how", ["ack", "nack", "reject"])
@pytest.mark.parametrize("fails", [False, True])
async def test_what_an_actor_settles_itself_stays_so_in_every_mode(mode, how, fails):
    async def actor(message: Message) -> str:
        await getattr(message, how)()
        if fails:
            raise ZeroDivisionError
        return "ack"

    outcome = await deliver(actor, confirmation_mode=mode)
    assert outcome.action is ACTIONS[how]
    assert "settled it itself" in outcome.reason


async def test_what_middleware_settles_without_calling_on_is_not_said_to_be_the_actors_doing():
    async def keep_away(call_next, message, actor):
        await message.nack()

    async def actor() -> None:
        raise AssertionError

    outcome = await deliver(actor, middlewares=[keep_away])
    assert outcome.action is MessageAction.nacked
    assert outcome.reason == "settled before the actor was called: nacked"


async def test_an_actor_that_prints_its_message_sees_what_it_is(capsys):
    async def actor(message: Message) -> None:
        print(message)

    message = await one_message(InMemoryServer())
    await deliver(actor, message=message)
    assert capsys.readouterr().out == f"<message {message.message_id} on 'default', headers None, 2 bytes of payload>\n"


async def test_an_actor_that_replies_has_settled_its_message():
    async def actor(message: Message) -> None:
        await message.reply_json(payload={"answer": 42})

    server = InMemoryServer()
    outcome = await deliver(actor, server=server)
    assert outcome.action is MessageAction.replied
    assert [message.payload for message in server.snapshot()["answers"].ready] == [b'{"answer":42}']


async def test_an_unsettled_message_in_manual_mode_is_pointed_out_in_the_log(caplog):
    await deliver(returns, confirmation_mode="manual")
    assert "actor.unsettled" in caplog.messages


async def test_a_payload_that_does_not_fit_is_an_error_like_any_other_but_the_actor_never_starts():
    ran = []

    async def actor(n: int) -> None:
        ran.append(n)

    outcome = await deliver(actor, payload=b'{"n": "three"}')
    assert (outcome.action, ran) == (MessageAction.nacked, [])
    assert "reading the arguments raised ValidationError: n: Input should be a valid integer" in outcome.reason
    assert not any(isinstance(event, Started) for event in outcome.events)


async def test_an_actor_that_runs_too_long_is_cancelled_and_treated_as_failed():
    ended = []

    async def actor() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cleaned up")

    outcome = await deliver(actor, timeout=0.01)
    assert (outcome.action, ended) == (MessageAction.nacked, ["cleaned up"])
    assert isinstance(outcome.exception, ActorTimeoutError)
    assert isinstance(outcome.exception, TimeoutError)
    assert "longer than its timeout of 0.01 s" in outcome.reason
    assert asyncio.current_task().cancelling() == 0


async def test_a_timeout_follows_on_error():
    async def actor() -> None:
        await asyncio.Event().wait()

    outcome = await deliver(actor, timeout=0.01, on_error=lambda error: "reject")
    assert outcome.action is MessageAction.rejected


async def test_an_actors_own_timeout_error_is_its_own():
    async def actor() -> None:
        raise TimeoutError

    outcome = await deliver(actor, timeout=60)
    assert type(outcome.exception) is TimeoutError


@pytest.mark.parametrize("limit", [0, -1, math.inf])
async def test_no_limit_means_no_limit(limit):
    async def actor() -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    outcome = await deliver(actor, timeout=limit)
    assert outcome.action is MessageAction.acked


async def test_an_actor_that_cancels_itself_fails_and_leaves_its_message_unsettled():
    async def actor() -> None:
        raise asyncio.CancelledError

    outcome = await deliver(actor)
    assert outcome.action is None
    assert isinstance(outcome.exception, asyncio.CancelledError)
    assert outcome.reason == "nobody settled it: CancelledError was raised"


async def test_a_cancellation_from_outside_comes_out():
    started = asyncio.Event()

    async def actor() -> None:
        started.set()
        await asyncio.Event().wait()

    delivery = asyncio.create_task(deliver(actor))
    await started.wait()
    delivery.cancel()
    with pytest.raises(asyncio.CancelledError):
        await delivery


@pytest.mark.parametrize("how", ["ack", "nack", "reject"])
async def test_middleware_may_settle_before_the_actor_runs(how):
    async def middleware(call_next, message, actor):
        await getattr(message, how)()
        return await call_next(message, actor)

    outcome = await deliver(returns, middlewares=[middleware])
    assert outcome.action is ACTIONS[how]


async def test_middleware_sees_the_settlement_after_the_actor():
    seen = []

    async def middleware(call_next, message, actor):
        try:
            return await call_next(message, actor)
        finally:
            seen.append(message.action)

    await deliver(returns, middlewares=[middleware])
    await deliver(raises, middlewares=[middleware])
    assert seen == [MessageAction.acked, MessageAction.nacked]


@pytest.mark.parametrize("actor", [returns, raises])
async def test_middleware_that_settles_after_the_actor_is_said_to_have_done_it(actor):
    async def middleware(call_next, message, actor):
        try:
            return await call_next(message, actor)
        finally:
            await message.reject()

    outcome = await deliver(actor, confirmation_mode="manual", middlewares=[middleware])
    assert outcome.action is MessageAction.rejected
    assert outcome.reason == "middleware settled it after the actor: rejected (manual)"


async def test_middleware_that_settles_what_an_actor_left_open_is_said_to_have_done_it():
    async def actor() -> str:
        return "no_action"

    async def middleware(call_next, message, actor):
        await call_next(message, actor)
        await message.ack()

    outcome = await deliver(actor, confirmation_mode="manual_explicit", middlewares=[middleware])
    assert outcome.reason == "middleware settled it after the actor: acked (manual_explicit)"


async def test_a_message_that_was_given_back_while_its_actor_ran_is_said_to_be_unsettled():
    message = await one_message(InMemoryServer())

    async def actor() -> None:
        message.release()

    outcome = await deliver(actor, message=message)
    assert outcome.action is None
    assert outcome.reason == "nobody settled it: it had gone back to its place when the actor returned"


async def test_a_call_that_middleware_leaves_running_is_no_part_of_the_next_messages_reason():
    server = InMemoryServer()
    first, second = [await one_message(server) for _ in range(2)]
    go_on = asyncio.Event()
    left_running = []

    async def leaving(call_next, message, actor):
        if message is first:
            left_running.append(asyncio.create_task(call_next(message, actor)))
            return
        go_on.set()
        await asyncio.wait(left_running)

    router = Router(middlewares=[leaving])

    @router.actor
    async def actor() -> None:
        await go_on.wait()

    context = ActorExecutionContext(server=server, publish=server.publish, default_serializer=default_serializer)
    events = []
    delivery = Worker(context, {}, watcher=Listening(events.append)).delivery()
    await delivery.run(first, router.actors[0])
    await delivery.run(second, router.actors[0])
    assert first.action is MessageAction.acked
    assert events[-1] == Settled(second, None, "nobody settled it")


async def test_middleware_that_swallows_the_error_changes_the_result_and_not_the_settlement():
    async def middleware(call_next, message, actor):
        try:
            return await call_next(message, actor)
        except ZeroDivisionError:
            return "swallowed"

    outcome = await deliver(raises, middlewares=[middleware])
    assert (outcome.result, outcome.exception) == ("swallowed", None)
    assert outcome.action is MessageAction.nacked


async def test_middleware_that_raises_before_the_actor_leaves_the_message_unsettled():
    async def middleware(call_next, message, actor):
        raise LookupError

    outcome = await deliver(returns, middlewares=[middleware])
    assert outcome.action is None
    assert isinstance(outcome.exception, LookupError)


async def test_middleware_that_raises_after_the_actor_is_the_error_of_a_settled_message():
    async def middleware(call_next, message, actor):
        await call_next(message, actor)
        raise LookupError

    outcome = await deliver(returns, middlewares=[middleware])
    assert outcome.action is MessageAction.acked
    assert isinstance(outcome.exception, LookupError)
    assert outcome.reason == "the actor returned"


async def test_middleware_that_does_not_call_the_actor_leaves_the_message_unsettled():
    ran = []

    async def actor() -> None:
        ran.append(1)

    async def middleware(call_next, message, actor):
        return "instead"

    outcome = await deliver(actor, middlewares=[middleware])
    assert (outcome.result, outcome.action, ran) == ("instead", None, [])
    assert outcome.reason == "nobody settled it"


async def test_middleware_may_change_what_an_actor_returned_but_not_what_manual_explicit_did_with_it():
    async def actor() -> str:
        return "nack"

    async def middleware(call_next, message, actor):
        await call_next(message, actor)
        return "ack"

    outcome = await deliver(actor, confirmation_mode="manual_explicit", middlewares=[middleware])
    assert (outcome.result, outcome.action) == ("ack", MessageAction.nacked)


async def test_an_observer_is_told_of_start_end_and_settlement_in_order():
    async def actor(n: int) -> int:
        return n + 1

    outcome = await deliver(actor, payload=b'{"n": 1}')
    started, finished, settled = outcome.events
    assert isinstance(started, Started)
    assert (started.args, started.kwargs) == ((), {"n": 1})
    assert isinstance(finished, Finished)
    assert (finished.result, finished.exception) == (2, None)
    assert isinstance(settled, Settled)
    assert settled.action is MessageAction.acked


@pytest.mark.parametrize("who", ["actor", "middleware"])
async def test_a_dead_letter_is_put_down_to_the_actor_only_where_that_nacked_it(who):
    async def actor(message: Message) -> None:
        if who == "actor":
            await message.nack()

    async def middleware(call_next, message, actor):
        if who == "middleware":
            await message.nack()
        await call_next(message, actor)

    server = InMemoryServer()
    await deliver(actor, server=server, middlewares=[middleware])
    (letter,) = server.dead_letters("default")
    assert letter.reason == ("the actor nacked it itself" if who == "actor" else "nacked without a reason")


async def test_a_nacked_message_carries_the_reason_to_the_dead_letters():
    server = InMemoryServer()
    outcome = await deliver(raises, server=server)
    (letter,) = server.dead_letters("default")
    assert letter.reason == outcome.reason == "the actor raised ZeroDivisionError: too bad"


async def long_run(message: KeptAlive, **options) -> None:
    """Run an actor until it was told of twice, on a server that supports it."""

    async def actor() -> None:
        await message.twice.wait()

    server = KeepingServer()
    await deliver(actor, message=message, server=server, **options)


@pytest.mark.parametrize("wanted", [True, None, 0.001])
@pytest.mark.parametrize("broken", [False, True])
async def test_a_long_run_tells_the_server_that_it_goes_on_and_stops_when_it_ends(wanted, broken):
    message = KeptAlive(await one_message(InMemoryServer()), broken=broken)
    message.keep_alive_interval = 0.001
    tasks = asyncio.all_tasks()
    await long_run(message, keep_alive=wanted)
    assert message.told >= 2
    assert asyncio.all_tasks() == tasks


async def test_an_interval_of_one_second_is_not_taken_for_true():
    message = KeptAlive(await one_message(InMemoryServer()))
    message.keep_alive_interval = None
    kept = keep_alive(message, SimpleNamespace(keep_alive=1))
    assert kept is not None
    await kept.end()


async def test_a_run_that_ends_before_the_first_interval_costs_no_task():
    message = KeptAlive(await one_message(InMemoryServer()))
    tasks = set()

    async def actor() -> None:
        await asyncio.sleep(0)
        tasks.update(asyncio.all_tasks())

    before = asyncio.all_tasks()
    await deliver(actor, message=message, server=KeepingServer())
    assert tasks == before


@pytest.mark.parametrize(
    ("server", "wanted", "interval"),
    [(KeepingServer, False, 0.001), (KeepingServer, True, None), (InMemoryServer, 0.001, 0.001)],
)
async def test_nobody_is_told_where_it_is_not_wanted(server, wanted, interval):
    message = KeptAlive(await one_message(InMemoryServer()))
    message.keep_alive_interval = interval

    async def actor() -> None:
        await asyncio.sleep(0.005)

    await deliver(actor, message=message, server=server(), keep_alive=wanted)
    assert message.told == 0
