"""Dropping messages, having everything back, and copying queues."""

from __future__ import annotations

import random

import pytest

from repid_nb.core.memory.contents import Checkpoint, copied_into, drop
from repid_nb.core.memory.queue import FORGET_FROM, Queues
from repid_nb.core.memory.queued import QueuedMessage
from repid_nb.core.message import MessageAction


class Worker:
    """Stands for a worker; can be referred to weakly."""


@pytest.fixture
def queues() -> Queues:
    """Queues with a, b, c waiting (c first), d in work, e dead."""
    made = Queues(dead_letter_limit=10)
    put(made, "e", "d")
    queue = made.of("tasks")
    queue.settle(queue.take("worker"), MessageAction.nacked, "no good")
    queue.take("worker")
    put(made, "a", "b")
    put(made, "c", priority=9)
    return made


def put(queues: Queues, *names: str, priority: int = 4) -> None:
    for name in names:
        queues.publish("tasks", QueuedMessage(name.encode(), {"n": name}, message_id=name), priority)


def state(queues: Queues) -> tuple[list[str], list[str], list[str]]:
    shown = queues.snapshot(None)["tasks"]
    dead = [letter.message for letter in shown.dead_letters]
    ready, in_work, dead_ids = ([str(one.id) for one in some] for some in (shown.ready, shown.in_work, dead))
    return ready, in_work, dead_ids


def is_named(*names: str):
    return lambda message: message.message_id in names


def test_one_message_is_dropped_and_the_others_keep_their_order(queues: Queues):
    assert drop(queues.of("tasks"), queues, is_named("a"), dead=False) == 1
    assert state(queues) == (["c", "b"], ["d"], ["e"])


def test_a_message_that_was_given_back_is_dropped_too(queues: Queues):
    queue = queues.of("tasks")
    for held in queues.held_by("worker"):
        held.release()
    assert drop(queue, queues, is_named("d"), dead=False) == 1
    assert state(queues) == (["c", "a", "b"], [], ["e"])


def test_dead_letters_are_dropped_apart(queues: Queues):
    assert drop(queues.of("tasks"), queues, lambda _: True, dead=True) == 1
    assert state(queues) == (["c", "a", "b"], ["d"], [])


def test_where_nothing_is_dropped_nothing_is_noted(queues: Queues):
    journal = queues.keep_journal()
    before = journal.mark()
    assert drop(queues.of("tasks"), queues, is_named("z"), dead=False) == 0
    assert journal.mark() == before


@pytest.mark.parametrize("dead", [True, False])
def test_what_was_dropped_comes_back_with_a_rewind(queues: Queues, dead: bool):
    journal = queues.keep_journal()
    before, mark = state(queues), journal.mark()
    drop(queues.of("tasks"), queues, lambda _: True, dead=dead)
    put(queues, "f")
    journal.undo_to(mark)
    assert state(queues) == before


def test_observers_hear_that_messages_were_dropped(queues: Queues):
    told = []
    queues.observers = (told.append,)
    drop(queues.of("tasks"), queues, lambda _: True, dead=False)
    assert [(event.what, event.channel) for event in told] == [("dropped", "tasks")]


def test_after_a_rewind_a_checkpoint_has_everything_back_with_the_way_back(queues: Queues):
    journal = queues.keep_journal()
    first = journal.mark()
    queue = queues.of("tasks")
    message = queue.take("worker")
    queue.settle(message, MessageAction.acked)
    put(queues, "f")
    later, there = journal.mark(), state(queues)
    checkpoint = Checkpoint(queues)
    journal.undo_to(first)
    assert not journal.reaches(later)
    checkpoint.restore()
    assert state(queues) == there
    assert journal.reaches(later)
    journal.undo_to(first)
    assert state(queues) == (["c", "a", "b"], ["d"], ["e"])


def test_a_queue_that_was_forgotten_since_the_checkpoint_is_known_again():
    queues = Queues(dead_letter_limit=10)
    queues.publish("tasks", QueuedMessage(b"", message_id="a"), 4)
    checkpoint = Checkpoint(queues)
    queues.of("tasks").settle(queues.of("tasks").take("worker"), MessageAction.acked)
    for number in range(FORGET_FROM):
        queues.of(f"reply-{number}")
    assert queues.known("tasks") is None
    checkpoint.restore()
    assert state(queues) == (["a"], [], [])


def test_what_a_worker_held_that_has_ended_since_the_checkpoint_goes_back():
    queues, worker = Queues(dead_letter_limit=10), Worker()
    put(queues, "a", "b")
    queues.of("tasks").take(worker)
    checkpoint = Checkpoint(queues)
    queues.release_all(worker)
    checkpoint.restore()
    assert state(queues) == (["a", "b"], [], [])


def test_what_an_actor_does_to_headers_is_not_in_what_comes_back_with_a_rewind(queues: Queues):
    journal = queues.keep_journal()
    mark = journal.mark()
    drop(queues.of("tasks"), queues, is_named("b"), dead=False)
    queues.of("tasks").take("worker").headers["n"] = "changed"
    journal.undo_to(mark)
    assert queues.snapshot(None)["tasks"].ready[0].headers == {"n": "c"}


@pytest.mark.parametrize("action", [MessageAction.acked, MessageAction.rejected, MessageAction.nacked])
def test_what_an_actor_added_to_headers_is_there_again_after_a_checkpoint_and_two_rewinds(queues, action):
    journal, queue = queues.keep_journal(), queues.of("tasks")
    first = journal.mark()
    message = queue.take("worker")
    message.headers["added"] = "by its actor"
    in_work = journal.mark()
    queue.settle(message, action)
    drop(queue, queues, is_named("c"), dead=action is MessageAction.nacked)
    checkpoint = Checkpoint(queues)
    journal.undo_to(first)
    assert queues.snapshot(None)["tasks"].ready[0].headers == {"n": "c"}
    checkpoint.restore()
    journal.undo_to(in_work)
    assert {"n": "c", "added": "by its actor"} in [one.headers for one in queues.snapshot(None)["tasks"].in_work]


def test_what_an_actor_added_to_headers_of_a_dead_letter_that_gave_way_is_there_again_too():
    queues = Queues(dead_letter_limit=1)
    put(queues, "a", "b")
    journal, queue = queues.keep_journal(), queues.of("tasks")
    first = journal.mark()
    message = queue.take("worker")
    message.headers["added"] = "by its actor"
    queue.settle(message, MessageAction.nacked)
    dead = journal.mark()
    queue.settle(queue.take("worker"), MessageAction.nacked)
    checkpoint = Checkpoint(queues)
    journal.undo_to(first)
    checkpoint.restore()
    journal.undo_to(dead)
    assert queues.snapshot(None)["tasks"].dead_letters[0].message.headers == {"n": "a", "added": "by its actor"}


@pytest.mark.parametrize("place", ["ready", "returned", "dead"])
def test_what_an_actor_does_to_headers_is_not_in_a_checkpoint(queues: Queues, place: str):
    queue = queues.of("tasks")
    if place == "returned":
        queue.release(queue.take("worker"))
    if place == "dead":
        queue.settle(queue.take("worker"), MessageAction.nacked)
    checkpoint, before = Checkpoint(queues), state(queues)
    queue.resend("c")
    message = queue.take("worker")
    message.headers["n"] = "changed"
    queue.settle(message, MessageAction.acked)
    checkpoint.restore()
    shown = queues.snapshot(None)["tasks"]
    assert state(queues) == before
    assert {"n": "c"} in [one.headers for one in (*shown.ready, *(letter.message for letter in shown.dead_letters))]


def test_a_change_that_a_checkpoint_brings_back_takes_the_headers_back_again(queues: Queues):
    journal = queues.keep_journal()
    mark = journal.mark()
    queues.of("tasks").take("worker")
    checkpoint = Checkpoint(queues)
    journal.undo_to(mark)
    queues.of("tasks").take("worker").headers["n"] = "changed"
    checkpoint.restore()
    journal.undo_to(mark)
    assert queues.snapshot(None)["tasks"].ready[0].headers == {"n": "c"}


def test_a_queue_that_came_after_the_checkpoint_is_empty_again(queues: Queues):
    checkpoint, late = Checkpoint(queues), queues.of("late")
    for _ in range(11):
        late.put(QueuedMessage(b""), 4)
        late.settle(late.take("worker"), MessageAction.nacked)
    queues.publish("late", QueuedMessage(b""), 4)
    checkpoint.restore()
    shown = queues.snapshot(None)["late"]
    assert (shown.waiting, shown.working, shown.dead, shown.dead_dropped) == (0, 0, 0, 0)


def test_what_a_worker_holds_is_found_in_order(queues: Queues):
    queues.of("tasks").take("worker")
    assert [one.message_id for one in queues.held_by("worker")] == ["d", "c"]
    assert queues.held_by("other") == []


def test_a_copy_has_everything_in_its_order_and_lives_by_itself(queues: Queues):
    other = Queues(dead_letter_limit=10)
    copies = copied_into(queues, other)
    assert state(other) == (["c", "d", "a", "b"], [], ["e"])
    assert {one.message_id for one in copies} == set("abcde")
    other.of("tasks").take("worker").headers["n"] = "changed"
    assert state(queues) == (["c", "a", "b"], ["d"], ["e"])
    assert queues.snapshot(None)["tasks"].ready[0].headers == {"n": "c"}


def change(queues: Queues, draw: random.Random, number: int, workers: list[Worker]) -> None:
    """Make one change of some queue; an actor may change the headers of what is pulled."""
    queue = queues.of(draw.choice("abc"))
    held = sorted(queue.in_work, key=lambda one: (one.position, one.message_id))
    match draw.choice(["send", "send", "pull", "pull", "settle", "release", "resend", "drop"]):
        case "send":
            queue.put(QueuedMessage(b"", {"n": "sent"}, message_id=str(number)), draw.randrange(3))
        case "pull":
            message = queue.take(draw.choice(workers))
            if message is not None and draw.random() < 0.5:
                message.headers["n"] = str(number)
        case "settle" if held:
            queue.settle(draw.choice(held), draw.choice(list(MessageAction)[:3]), str(number))
        case "release" if held:
            queue.release(draw.choice(held))
        case "resend":
            queue.resend(None)
        case "drop":
            drop(queue, queues, lambda one: int(one.message_id) % 2 == 0, dead=draw.random() < 0.5)


def everything(queues: Queues) -> list[object]:
    """All that can be seen of the queues, but for the headers in the hands of a worker."""
    seen = []
    known = [queues.of(channel).channel for channel in "abc"]
    for shown in map(queues.snapshot(None).__getitem__, known):
        letters = [(one.message.id, one.message.headers, one.reason) for one in shown.dead_letters]
        ready = [(one.id, one.priority, one.headers) for one in shown.ready]
        seen.append((ready, [(one.id, one.priority) for one in shown.in_work], letters, shown.dead_dropped))
    return seen


@pytest.mark.parametrize("seed", range(150))
def test_after_any_history_a_checkpoint_and_each_mark_before_it_have_everything_back(seed: int):
    draw = random.Random(seed)  # noqa: S311  (a seed repeats the history)
    queues, workers = Queues(dead_letter_limit=2), [Worker(), Worker()]
    journal = queues.keep_journal()
    marks = [(journal.mark(), everything(queues))]
    for number in range(draw.randrange(25)):
        change(queues, draw, number, workers)
        marks.append((journal.mark(), everything(queues)))
    checkpoint, before = Checkpoint(queues), everything(queues)
    for later in range(100, 103):
        mark, there = draw.choice(marks)
        journal.undo_to(mark)
        assert everything(queues) == there
        for number in range(draw.randrange(20)):
            change(queues, draw, later * 100 + number, workers)
        checkpoint.restore()
        assert everything(queues) == before
