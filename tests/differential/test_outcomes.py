"""Outcomes: how a message is settled, by confirmation mode, by what the actor does, and by `on_error`."""

import asyncio
from typing import Annotated

import pytest
from differential.harness import Bench, same

MODES = ["auto", "always_ack", "ack_first", "manual", "manual_explicit"]
WORDS = ["ack", "nack", "reject", "no_action"]


async def settle(lib, log, message, doing):
    """Do what a case says: settle the message, return, raise."""
    for word in doing.split():
        if word in ("ack", "nack", "reject"):
            await getattr(message, word)()
        elif word == "reply":
            await message.reply(payload=b"answer", channel="answers")
        elif word == "raise":
            raise LookupError("asked to")
        elif word == "cancel":
            raise asyncio.CancelledError
        elif word.startswith("return:"):
            return {"1": 1, "none": None}.get(word[7:], word[7:])
        log("saw", message.is_acted_on, message.action)
    return None


def doing(lib, log, what, **options):
    """A router with an actor that does `what` the first time and acks by itself from then on."""
    router = lib.Router(channel="tasks")
    runs = []

    @router.actor(**options)
    async def job(message: lib.Message):
        runs.append(message)
        log("ran", len(runs))
        if len(runs) > 1:
            await message.ack()
            return "ack"
        return await settle(lib, log, message, what)

    return router


OUTCOMES = ["", "raise", "ack", "nack", "reply", "ack raise", "nack raise", "reply raise", "ack nack reject reply"]


@same
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda outcome: outcome or "nothing")
@pytest.mark.parametrize("bare", [True, False], ids=["bare", "in middleware"])
async def test_a_message_is_settled_by_its_mode(lib, log, mode, outcome, bare):
    async with Bench(lib, log, doing(lib, log, outcome, confirmation_mode=mode), bare=bare) as bench:
        await bench.deliver(topic="job")
        await bench.left("answers")


@same
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("outcome", ["cancel", "ack cancel"])
async def test_an_actor_that_cancels_itself_settles_nothing_more(lib, log, mode, outcome):
    async with Bench(lib, log, doing(lib, log, outcome, confirmation_mode=mode)) as bench:
        await bench.deliver(topic="job")


@same
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("outcome", ["reject", "reject raise", "reject ack"])
async def test_a_rejected_message_comes_again_whatever_the_mode(lib, log, mode, outcome):
    async with Bench(lib, log, doing(lib, log, outcome, confirmation_mode=mode)) as bench:
        await bench.send(topic="job")
        await bench.work(1 if mode == "ack_first" else 2)
        await bench.left()


@same
@pytest.mark.parametrize("mode", ["auto", "manual", "manual_explicit"])
@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("by_function", [False, True])
async def test_on_error_decides_after_an_error(lib, log, mode, word, by_function):
    def decide(error):
        log("asked", error)
        return word

    on_error = decide if by_function else word
    router = doing(lib, log, "raise", confirmation_mode=mode, on_error=on_error)
    async with Bench(lib, log, router) as bench:
        await bench.send(topic="job")
        await bench.work(2 if word == "reject" else 1)


@same
@pytest.mark.parametrize("mode", ["auto", "manual", "manual_explicit"])
async def test_on_error_is_not_asked_where_the_actor_has_settled(lib, log, mode):
    def decide(error):
        log("asked", error)
        return "nack"

    async with Bench(lib, log, doing(lib, log, "ack raise", confirmation_mode=mode, on_error=decide)) as bench:
        await bench.deliver(topic="job")


@same
async def test_on_error_tells_a_bad_payload_from_a_failing_actor(lib, log):
    def decide(error):
        log("asked", error)
        return "ack" if isinstance(error, ValueError) else "nack"

    router = lib.Router(channel="tasks")

    @router.actor(on_error=decide)
    async def job(n: int):
        raise OSError(n)

    async with Bench(lib, log, router) as bench:
        await bench.deliver(b'{"n": "x"}', topic="job")
        await bench.deliver(b'{"n": 1}', topic="job")


@same
@pytest.mark.parametrize("returned", [*WORDS, "1", "none", "acked"])
async def test_manual_explicit_does_what_the_actor_returns(lib, log, returned):
    router = doing(lib, log, f"return:{returned}", confirmation_mode="manual_explicit")
    async with Bench(lib, log, router) as bench:
        await bench.send(topic="job")
        await bench.work(2 if returned == "reject" else 1)


@same
@pytest.mark.parametrize("mode", ["auto", "always_ack", "ack_first", "manual"])
async def test_elsewhere_what_the_actor_returns_plays_no_part(lib, log, mode):
    async with Bench(lib, log, doing(lib, log, "return:reject", confirmation_mode=mode)) as bench:
        await bench.deliver(topic="job")


@same
@pytest.mark.parametrize("mode", MODES)
async def test_a_bad_payload_is_settled_by_the_mode_too(lib, log, mode):
    router = lib.Router(channel="tasks")

    @router.actor(confirmation_mode=mode)
    async def job(n: int):
        log("ran", n)
        return "ack"

    async with Bench(lib, log, router) as bench:
        await bench.deliver(b'{"n": "x"}', topic="job")


@same
@pytest.mark.parametrize("mode", ["auto", "always_ack", "ack_first"])
async def test_the_worker_goes_on_after_an_error(lib, log, mode):
    async with Bench(lib, log, doing(lib, log, "raise", confirmation_mode=mode)) as bench:
        await bench.deliver(b"first", topic="job")
        await bench.deliver(b"second", topic="job")


@same
@pytest.mark.parametrize("mode", MODES)
async def test_an_actor_that_takes_too_long_has_failed(lib, log, mode):
    router = lib.Router(channel="tasks")

    @router.actor(confirmation_mode=mode, timeout=0.01)
    async def job():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            log("was cancelled")
            raise

    async with Bench(lib, log, router) as bench:
        await bench.deliver(topic="job")


@same
async def test_on_error_is_told_of_a_timeout(lib, log):
    def decide(error):
        log("asked", error)
        return "ack"

    router = lib.Router(channel="tasks")

    @router.actor(timeout=0.01, on_error=decide)
    async def job():
        await asyncio.Event().wait()

    async with Bench(lib, log, router) as bench:
        await bench.deliver(topic="job")


@same
async def test_a_timeout_of_its_own_is_an_error_like_any_other(lib, log):
    def decide(error):
        log("asked", error, error.args)
        return "ack"

    router = lib.Router(channel="tasks")

    @router.actor(on_error=decide)
    async def job():
        raise TimeoutError("mine")

    async with Bench(lib, log, router) as bench:
        await bench.deliver(topic="job")


@same
async def test_an_actor_that_swallows_the_timeout_has_returned(lib, log):
    router = lib.Router(channel="tasks")

    @router.actor(timeout=0.01)
    async def job():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            log("swallowed")

    async with Bench(lib, log, router) as bench:
        await bench.deliver(topic="job")


@same
@pytest.mark.parametrize("seconds", [0, float("inf"), -1, 5, 0.5])
@pytest.mark.parametrize("place", ["actor", "router"])
async def test_a_quick_actor_is_in_time_under_any_limit(lib, log, seconds, place):
    router = lib.Router(channel="tasks", **({"timeout": seconds} if place == "router" else {}))

    @router.actor(**({"timeout": seconds} if place == "actor" else {}))
    async def job():
        await asyncio.sleep(0)
        log("ran")

    async with Bench(lib, log, router) as bench:
        await bench.deliver(topic="job")


@same
async def test_a_dependency_counts_towards_the_timeout(lib, log):
    async def slow():
        await asyncio.Event().wait()

    router = lib.Router(channel="tasks", timeout=0.01)

    @router.actor
    async def job(a: Annotated[None, lib.Depends(slow)]):
        log("ran", a)

    async with Bench(lib, log, router) as bench:
        await bench.deliver(topic="job")


@same
async def test_settling_twice_changes_nothing(lib, log):
    async with Bench(lib, log, doing(lib, log, "ack ack nack reject")) as bench:
        await bench.deliver(topic="job")
        await bench.left()
