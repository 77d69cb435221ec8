"""The journal: whatever was done to the queues, taking it back leaves exactly what was there."""

import gc

import pytest
from support.generated import given, st

from repid_nb.core.errors import UnknownNameError
from repid_nb.core.memory.journal import Journal
from repid_nb.core.memory.message import InMemoryReceivedMessage
from repid_nb.core.memory.queue import Queues
from repid_nb.core.memory.queued import QueuedMessage
from repid_nb.core.message import MessageAction

CHANNELS = ("a", "b")

choices = st.integers(min_value=0, max_value=7)
operations = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(CHANNELS), st.integers(min_value=3, max_value=5)),
    st.tuples(st.just("take"), st.sampled_from(CHANNELS), choices),
    st.tuples(st.sampled_from(["ack", "nack", "reject", "reply", "release"]), st.none(), choices),
    st.tuples(st.sampled_from(["resend", "resend all"]), st.sampled_from(CHANNELS), choices),
    # Dead letters would be rare if each had to be put, taken and nacked by chance.
    st.tuples(st.just("bury"), st.sampled_from(CHANNELS), choices),
)


class Scene:
    """Queues that are worked on at random."""

    def __init__(self) -> None:
        self.queues = Queues(dead_letter_limit=2)
        for channel in CHANNELS:
            self.queues.of(channel)
        self.taken: list[InMemoryReceivedMessage] = []
        self.sent = 0

    def do(self, operation: tuple[str, str | None, int]) -> None:
        what, channel, number = operation
        if what == "put":
            self.sent += 1
            message = QueuedMessage(b"", reply_to="b", message_id=f"m{self.sent}")
            self.queues.of(str(channel)).put(message, number)
        elif what == "take":
            received = self.queues.of(str(channel)).take(self)
            if received is not None:
                self.taken.append(received)
        elif what == "bury":
            for step in (("put", channel, 5), ("take", channel, 0), ("nack", None, -1)):
                self.do(step)
        elif what == "resend all":
            self.queues.of(str(channel)).resend(None)
        elif what == "resend":
            letters = self.queues.snapshots.dead_letters(self.queues.of(str(channel)), None)
            if letters:
                self.queues.of(str(channel)).resend(letters[number % len(letters)].message.id)
        elif in_work := [received for received in self.taken if not received.is_acted_on]:
            self.settle(what, in_work[number % len(in_work)])

    def settle(self, how: str, received: InMemoryReceivedMessage) -> None:
        queue = self.queues.of(received.channel)
        if how == "release":
            received.release()
        elif how == "reply":
            answer = QueuedMessage(b"answer", message_id=f"answer to {received.message_id}")
            queue.settle(received, MessageAction.replied, answer=("b", answer))
        else:
            actions = {"ack": MessageAction.acked, "nack": MessageAction.nacked, "reject": MessageAction.rejected}
            queue.settle(received, actions[how], reason=how)

    def picture(self) -> object:
        """Everything there is to see, and the order in which it would be pulled."""
        return self.queues.snapshot(None), [(one.message_id, one.action) for one in self.taken]


@given(before=st.lists(operations, max_size=25), after=st.lists(operations, max_size=25))
def test_undoing_brings_back_exactly_what_was_there_at_the_mark(before, after):
    scene = Scene()
    journal = scene.queues.keep_journal()
    for operation in before:
        scene.do(operation)
    mark, expected, known = journal.mark(), scene.picture(), len(scene.taken)
    for operation in after:
        scene.do(operation)
    journal.undo_to(mark)
    del scene.taken[known:]
    assert scene.picture() == expected
    assert journal.mark().position == mark.position


@given(before=st.lists(operations, max_size=20), after=st.lists(operations, max_size=20))
def test_after_an_undo_the_queues_go_on_as_if_nothing_had_been(before, after):
    one, other = Scene(), Scene()
    journal = one.queues.keep_journal()
    for operation in before:
        one.do(operation)
        other.do(operation)
    mark, known, sent = journal.mark(), len(one.taken), one.sent
    for operation in after:
        one.do(operation)
    journal.undo_to(mark)
    del one.taken[known:]
    one.sent = sent
    for operation in reversed(after):
        one.do(operation)
        other.do(operation)
    assert one.picture() == other.picture()


def test_undoing_puts_a_resent_dead_letter_back_between_its_neighbours():
    scene = Scene()
    journal = scene.queues.keep_journal()
    scene.do(("bury", "a", 0))
    scene.do(("bury", "a", 0))
    mark, expected = journal.mark(), scene.picture()
    scene.do(("resend", "a", 0))
    journal.undo_to(mark)
    assert scene.picture() == expected


def test_undoing_brings_back_the_dead_letter_that_gave_way():
    scene = Scene()
    journal = scene.queues.keep_journal()
    scene.do(("bury", "a", 0))
    scene.do(("bury", "a", 0))
    mark, expected, known = journal.mark(), scene.picture(), len(scene.taken)
    scene.do(("bury", "a", 0))
    journal.undo_to(mark)
    del scene.taken[known:]
    assert scene.picture() == expected


def test_after_an_undone_release_the_others_still_come_in_order():
    queue, journal = (queues := Queues(dead_letter_limit=1)).of("a"), queues.keep_journal()
    for number in range(1, 8):
        queue.put(QueuedMessage(b"", message_id=f"m{number}"), 4)
    first, *others = [queue.take(None) for _ in range(7)]
    for received in others:
        received.release()
    mark = journal.mark()
    first.release()
    journal.undo_to(mark)
    assert [queue.take(None).message_id for _ in range(6)] == ["m2", "m3", "m4", "m5", "m6", "m7"]


@pytest.mark.parametrize("given_back_before", [False, True])
def test_undoing_a_take_brings_back_the_headers_that_somebody_has_changed_since(given_back_before):
    queue, journal = (queues := Queues(dead_letter_limit=1)).of("a"), queues.keep_journal()
    queue.put(QueuedMessage(b"", headers={"tries": "0"}), 4)
    if given_back_before:
        queue.take(None).release()
    mark = journal.mark()
    for tries in "12":
        received = queue.take(None)
        received.headers["tries"] = tries
        queue.settle(received, MessageAction.rejected)
    assert queues.snapshot(None)["a"].ready[0].headers == {"tries": "2"}
    journal.undo_to(mark)
    assert queues.snapshot(None)["a"].ready[0].headers == {"tries": "0"}


def test_undoing_to_the_present_moment_does_nothing():
    queues = Queues(dead_letter_limit=1)
    journal = queues.keep_journal()
    queues.of("a").put(QueuedMessage(b""), 4)
    journal.undo_to(journal.mark())
    assert queues.snapshot(None)["a"].waiting == 1


def test_undo_steps_run_newest_first():
    undone = []
    journal = Journal(limit=10)
    journal.note(lambda: undone.append(0))
    mark = journal.mark()
    for number in (1, 2):
        journal.note(lambda number=number: undone.append(number))
    journal.undo_to(mark)
    assert undone == [2, 1]


def test_a_journal_that_is_full_forgets_its_oldest_steps():
    undone = []
    journal = Journal(limit=2)
    start = journal.mark()
    journal.note(lambda: undone.append(0))
    kept = journal.mark()
    for number in (1, 2):
        journal.note(lambda number=number: undone.append(number))
    assert not journal.reaches(start)
    assert journal.reaches(kept)
    journal.undo_to(kept)
    assert undone == [2, 1]


def test_a_mark_that_was_itself_taken_back_is_out_of_reach_whatever_happens_after():
    journal = Journal(limit=10)
    start = journal.mark()
    journal.note(lambda: None)
    taken_back = journal.mark()
    journal.undo_to(start)
    assert journal.reaches(start)
    journal.note(lambda: None)
    journal.note(lambda: None)
    assert not journal.reaches(taken_back)
    assert journal.reaches(start)


def test_a_mark_out_of_reach_is_refused_and_nothing_is_undone():
    undone = []
    journal = Journal(limit=1)
    start = journal.mark()
    journal.note(lambda: undone.append(1))
    journal.note(lambda: undone.append(2))
    with pytest.raises(UnknownNameError, match="no way back"):
        journal.undo_to(start)
    assert undone == []


def test_all_who_ask_share_one_journal_and_it_ends_with_the_last_of_them():
    queues = Queues(dead_letter_limit=1)
    first = queues.keep_journal()
    assert queues.keep_journal() is first
    del first
    gc.collect()
    queues.of("a").put(QueuedMessage(b""), 4)
    assert not queues.is_journaled
