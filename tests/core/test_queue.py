"""A channel's queue: who is next, where a message goes when it is settled or given back, and what can be seen."""

import pytest

from repid_nb.core.errors import DestinationError, InvalidMessageError
from repid_nb.core.memory.queue import DEFAULT_PRIORITY, ChannelQueue, Queues
from repid_nb.core.memory.queued import QueuedMessage
from repid_nb.core.memory.snapshot import ChannelSnapshot
from repid_nb.core.message import MessageAction


class Owner:
    """A worker that holds messages."""


ME, SOMEBODY_ELSE = Owner(), Owner()


@pytest.fixture
def queues():
    return Queues(dead_letter_limit=3)


@pytest.fixture
def queue(queues):
    return queues.of("tasks")


def put(queue: ChannelQueue, *names: str, priority: int = DEFAULT_PRIORITY) -> None:
    for name in names:
        queue.put(QueuedMessage(name.encode(), reply_to="answers", message_id=name), priority)


def take(queue: ChannelQueue, owner: object = ME):
    received = queue.take(owner)
    assert received is not None
    return received


def snapshot(queue: ChannelQueue, window: int | None = None) -> ChannelSnapshot:
    return queue._queues.snapshot(window)[queue.channel]


def waiting(queue: ChannelQueue) -> list[str | None]:
    return [message.id for message in snapshot(queue).ready]


def in_work(queue: ChannelQueue) -> list[str | None]:
    return [message.id for message in snapshot(queue).in_work]


def dead(queue: ChannelQueue) -> list[str | None]:
    return [letter.message.id for letter in snapshot(queue).dead_letters]


def test_messages_come_first_in_first_out(queue):
    put(queue, "a", "b", "c")
    assert [take(queue).message_id for _ in range(3)] == ["a", "b", "c"]
    assert queue.take(ME) is None


def test_a_higher_priority_comes_first_and_keeps_its_own_order(queue):
    put(queue, "a")
    put(queue, "low", priority=0)
    put(queue, "h1", "h2", priority=9)
    put(queue, "b")
    expected = ["h1", "h2", "a", "b", "low"]
    assert waiting(queue) == expected
    assert [take(queue).message_id for _ in range(5)] == expected


def test_two_messages_with_equal_content_and_id_are_two(queue):
    put(queue, "same", "same")
    first, second = take(queue), take(queue)
    assert first.queued is not second.queued
    assert len(snapshot(queue).in_work) == 2


async def test_an_acked_message_is_gone(queue):
    put(queue, "a", "b")
    message = take(queue)
    await message.ack()
    assert message.action is MessageAction.acked
    assert (waiting(queue), in_work(queue), dead(queue)) == (["b"], [], [])


async def test_a_rejected_message_goes_to_the_tail_of_its_priority(queue):
    put(queue, "a", "b")
    put(queue, "low", priority=1)
    await take(queue).reject()
    assert waiting(queue) == ["b", "a", "low"]


def test_a_released_message_goes_back_to_its_place(queue):
    put(queue, "a", "b", "c")
    take(queue).release()
    assert waiting(queue) == ["a", "b", "c"]


def test_released_messages_keep_their_order_whichever_is_released_first(queue):
    put(queue, "a", "b", "c", "d")
    a, b, c = take(queue), take(queue), take(queue)
    b.release()
    c.release()
    put(queue, "e")
    a.release()
    assert waiting(queue) == ["a", "b", "c", "d", "e"]
    assert [take(queue).message_id for _ in range(5)] == ["a", "b", "c", "d", "e"]


def test_a_message_reads_as_one_short_line_when_it_is_printed(queue):
    headers = {"topic": "a\nb", **{str(number): "x" * 100 for number in range(100)}}
    queue.put(QueuedMessage(b"12345", headers=headers, message_id="m1"), 4)
    shown = repr(take(queue))
    assert shown.startswith("<message m1 on 'tasks', headers {")
    assert shown.endswith("...}, 5 bytes of payload>")
    assert len(shown) < 250
    assert len(shown.splitlines()) == 1


def test_a_message_released_twice_goes_back_once(queue):
    put(queue, "a")
    message = take(queue)
    message.release()
    message.release()
    assert waiting(queue) == ["a"]


async def test_only_the_first_settlement_counts(queue, caplog):
    put(queue, "a")
    message = take(queue)
    await message.ack()
    await message.reject()
    await message.nack()
    await message.reply(payload=b"", channel="answers")
    message.release()
    assert message.action is MessageAction.acked
    assert (waiting(queue), dead(queue)) == ([], [])
    assert caplog.messages == []


async def test_a_settlement_after_the_release_is_ignored_and_logged(queue, caplog):
    put(queue, "a")
    message = take(queue)
    message.release()
    await message.ack()
    assert not message.is_acted_on
    assert waiting(queue) == ["a"]
    assert "message.settled_after_release" in caplog.messages


def test_release_all_gives_back_only_what_that_owner_holds(queue, queues):
    put(queue, "a", "b", "c")
    take(queue), take(queue, SOMEBODY_ELSE), take(queue)
    queues.release_all(ME)
    assert (waiting(queue), in_work(queue)) == (["a", "c"], ["b"])


async def test_a_nacked_message_is_kept_with_the_reason(queue):
    put(queue, "a", priority=7)
    await take(queue).nack(reason="it smells")
    (letter,) = snapshot(queue).dead_letters
    assert (letter.message.id, letter.message.priority, letter.reason) == ("a", 7, "it smells")


async def test_dead_letters_are_bounded_and_the_oldest_give_way(queue):
    put(queue, "a", "b", "c", "d", "e")
    for _ in range(5):
        await take(queue).nack()
    seen = snapshot(queue)
    assert dead(queue) == ["c", "d", "e"]
    assert (seen.dead, seen.dead_dropped) == (3, 2)


async def test_one_dead_letter_is_resent_to_the_tail_of_its_priority(queue):
    put(queue, "a", "b", priority=7)
    put(queue, "c")
    await take(queue).nack()
    await take(queue).nack()
    put(queue, "d", priority=7)
    assert queue.resend("a") == 1
    assert waiting(queue) == ["d", "a", "c"]
    assert dead(queue) == ["b"]


async def test_all_dead_letters_are_resent_oldest_first(queue):
    put(queue, "a", "b")
    await take(queue).nack()
    await take(queue).nack()
    assert queue.resend(None) == 2
    assert (waiting(queue), dead(queue)) == (["a", "b"], [])


def test_resending_what_is_not_there_resends_nothing(queue):
    assert queue.resend("nobody") == 0


async def test_a_reply_puts_the_answer_on_its_channel_and_settles_the_message(queue, queues):
    put(queue, "a")
    message = take(queue)
    await message.reply(payload=b"yes", headers={"topic": "t"}, content_type="text/plain")
    (answer,) = queues.snapshot(None)["answers"].ready
    assert message.action is MessageAction.replied
    assert (answer.payload, answer.headers, answer.content_type) == (b"yes", {"topic": "t"}, "text/plain")
    assert in_work(queue) == []


async def test_a_reply_to_a_named_channel_goes_there_instead(queue, queues):
    put(queue, "a")
    await take(queue).reply(payload=b"yes", channel="elsewhere")
    assert queues.snapshot(None)["elsewhere"].waiting == 1
    assert "answers" not in queues.snapshot(None)


async def test_a_reply_with_nowhere_to_go_is_refused_and_settles_nothing(queue):
    queue.put(QueuedMessage(b""), DEFAULT_PRIORITY)
    message = take(queue)
    with pytest.raises(DestinationError, match="reply_to"):
        await message.reply(payload=b"yes")
    assert not message.is_acted_on


async def test_a_reply_that_is_not_bytes_is_refused_and_settles_nothing(queue):
    put(queue, "a")
    message = take(queue)
    with pytest.raises(InvalidMessageError, match="bytes"):
        await message.reply(payload="yes")
    assert not message.is_acted_on


def test_a_window_bounds_each_kind_and_leaves_the_totals_whole(queue):
    put(queue, *"abcdefgh")
    for _ in range(3):
        queue.settle(take(queue), MessageAction.nacked)
    take(queue), take(queue), take(queue)
    seen = snapshot(queue, 1)
    assert [message.id for message in seen.ready] == ["g"]
    assert [message.id for message in seen.in_work] == ["d"]
    assert [letter.message.id for letter in seen.dead_letters] == ["c"]
    assert (seen.waiting, seen.dead) == (2, 3)


def test_a_window_of_nothing_shows_the_totals_only(queue):
    put(queue, "a", "b")
    queue.settle(take(queue), MessageAction.nacked)
    seen = snapshot(queue, 0)
    assert (seen.ready, seen.in_work, seen.dead_letters) == ((), (), ())
    assert (seen.waiting, seen.dead) == (1, 1)


class Counted(int):
    """A place in a queue that counts how often it is compared."""

    comparisons = 0

    def __lt__(self, other: int) -> bool:
        type(self).comparisons += 1
        return int(self) < int(other)


def test_a_window_wider_than_any_queue_shows_all(queue):
    put(queue, "a", "b")
    queue.settle(take(queue), MessageAction.nacked)
    seen = snapshot(queue, 10**30)
    assert (len(seen.ready), len(seen.dead_letters)) == (1, 1)


@pytest.mark.parametrize("given_back", [False, True])
def test_a_window_costs_no_sorting_of_what_is_outside_it(queue, given_back):
    put(queue, *map(str, range(1000)))
    for received in reversed([take(queue) for _ in range(1000)]):
        received.position = Counted(received.position)
        if given_back:
            received.release()
    Counted.comparisons = 0
    snapshot(queue, 0)
    assert Counted.comparisons == 0
    shown = snapshot(queue, 3)
    assert [message.id for message in (*shown.ready, *shown.in_work)] == ["0", "1", "2"]
    assert Counted.comparisons < 2000


def test_a_snapshot_stays_as_it_was_when_the_queue_moves_on(queue):
    put(queue, "a")
    before = snapshot(queue)
    take(queue)
    assert [message.id for message in before.ready] == ["a"]


def test_a_sender_who_fills_one_dict_again_changes_nothing_that_is_queued(queue):
    headers = {"topic": "first"}
    queue.put(QueuedMessage(b"", headers), DEFAULT_PRIORITY)
    headers["topic"] = "second"
    assert take(queue).headers == {"topic": "first"}


def test_a_snapshot_of_all_queues_reads_like_a_dict_by_channel(queues):
    queues.of("b")
    queues.of("a")
    seen = queues.snapshot(None)
    assert list(seen) == ["b", "a"]
    assert len(seen) == 2
    assert seen["a"].channel == "a"
    with pytest.raises(KeyError):
        seen["c"]


def test_a_window_on_what_is_in_work_says_how_much_there_is():
    queue = Queues(dead_letter_limit=1).of("a")
    for number in range(3):
        queue.put(QueuedMessage(b"", message_id=f"m{number}"), 4)
        queue.take(None)
    seen = snapshot(queue, 2)
    assert (len(seen.in_work), seen.working) == (2, 3)
