"""The queue alone, held step by step against plain lists: hypothesis draws what is done, and shortens what fails."""

from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule
from support.generated import settings, st

from repid_nb import ChannelSnapshot, MessageAction
from repid_nb.core.memory.message import QueuedMessage
from repid_nb.core.memory.pulling import InMemoryPuller
from repid_nb.core.memory.queue import Queues

CHANNELS = ("one", "two")
DEAD_LETTERS = 2


class QueueMachine(RuleBasedStateMachine):
    """Two pullers on two channels, their messages in every state, and the way back to any moment.

    `line` has the waiting messages of each channel as (priority, place, name): in the order of these they are pulled.
    """

    def __init__(self):
        super().__init__()
        self.queues = Queues(DEAD_LETTERS)
        self.journal = self.queues.keep_journal()
        self.pullers = [InMemoryPuller(self.queues, CHANNELS) for _ in range(2)]
        self.line = {channel: [] for channel in CHANNELS}
        self.in_work = {}
        self.dead = {channel: [] for channel in CHANNELS}
        self.tail = 0
        self.moments = []

    moments_kept = Bundle("moments_kept")

    def add(self, channel, priority, name):
        self.tail += 1
        self.line[channel].append((-priority, self.tail, name))

    @rule(channel=st.sampled_from(CHANNELS), priority=st.sampled_from([0, 4, 4, 9]))
    def send(self, channel, priority):
        name = f"m{self.tail + 1}"
        self.queues.publish(channel, QueuedMessage(b"", message_id=name), priority)
        self.add(channel, priority, name)

    @rule(which=st.integers(0, 1), channel=st.sampled_from(CHANNELS))
    def pull(self, which, channel):
        message = self.pullers[which].pull_nowait_from(channel)
        line = self.line[channel]
        if not line:
            assert message is None
            return
        first = min(line)
        line.remove(first)
        assert message.message_id == first[2]
        self.in_work[message] = (channel, first, which)

    @rule(which=st.integers(0, 1))
    def pull_from_any(self, which):
        message = self.pullers[which].pull_nowait()
        if message is None:
            assert not any(self.line.values())
            return
        line = self.line[message.channel]
        first = min(line)
        line.remove(first)
        assert message.message_id == first[2]
        self.in_work[message] = (message.channel, first, which)

    @precondition(lambda self: self.in_work)
    @rule(data=st.data(), how=st.sampled_from(["acked", "nacked", "rejected", "replied", "released"]))
    def settle(self, data, how):
        names = {message.message_id: message for message in self.in_work}
        message = names[data.draw(st.sampled_from(sorted(names)))]
        channel, (priority, place, name), _ = self.in_work.pop(message)
        queue = self.queues.of(channel)
        if how == "released":
            queue.release(message)
            self.line[channel].append((priority, place, name))
            return
        answer = ("two", QueuedMessage(b"", message_id=f"m{self.tail + 1}")) if how == "replied" else None
        queue.settle(message, MessageAction(how), "", answer=answer)
        if how == "rejected":
            self.add(channel, -priority, name)
        elif how == "nacked":
            self.dead[channel] = [*self.dead[channel], (priority, name)][-DEAD_LETTERS:]
        elif answer is not None:
            self.add("two", 4, answer[1].message_id)

    @rule(channel=st.sampled_from(CHANNELS))
    def resend(self, channel):
        assert self.queues.of(channel).resend(None) == len(self.dead[channel])
        for priority, name in self.dead[channel]:
            self.add(channel, -priority, name)
        self.dead[channel] = []

    @rule(target=moments_kept)
    def keep_the_moment(self):
        copy = {channel: list(line) for channel, line in self.line.items()}
        dead = {channel: list(letters) for channel, letters in self.dead.items()}
        return (self.journal.mark(), copy, dict(self.in_work), dead)

    @rule(moment=moments_kept)
    def go_back(self, moment):
        mark, line, in_work, dead = moment
        if not self.journal.reaches(mark):
            return
        self.journal.undo_to(mark)
        self.line = {channel: list(waiting) for channel, waiting in line.items()}
        self.in_work = dict(in_work)
        self.dead = {channel: list(letters) for channel, letters in dead.items()}

    @invariant()
    def everything_is_where_it_should_be(self):
        now = self.queues.snapshot(None)
        for channel in CHANNELS:
            shown = now[channel] if channel in now else ChannelSnapshot(channel=channel)
            assert [message.id for message in shown.ready] == [name for _, _, name in sorted(self.line[channel])]
            held = {message.message_id for message, (where, _, _) in self.in_work.items() if where == channel}
            assert {message.id for message in shown.in_work} == held
            assert [letter.message.id for letter in shown.dead_letters] == [name for _, name in self.dead[channel]]


QueueMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
test_the_queues_do_what_plain_lists_do = QueueMachine.TestCase
