"""A KeyboardInterrupt may come between any two lines: no message is lost, and none is there twice."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import repid_nb.core.memory
from repid_nb.core.memory.pulling import InMemoryPuller
from repid_nb.core.memory.queue import Queues
from repid_nb.core.memory.queued import QueuedMessage
from repid_nb.core.message import MessageAction

MEMORY = str(Path(repid_nb.core.memory.__file__).parent)


class Interrupting:
    """Raises a KeyboardInterrupt at the `at`-th line that runs in the package's memory folder."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __enter__(self) -> None:
        sys.settrace(self._call)

    def __exit__(self, *_) -> bool:
        sys.settrace(None)
        return _[0] is KeyboardInterrupt

    def _call(self, frame, event, arg):
        return self._line if frame.f_code.co_filename.startswith(MEMORY) else None

    def _line(self, frame, event, arg):
        if event == "line":
            self.left -= 1
            if self.left == 0:
                sys.settrace(None)
                raise KeyboardInterrupt
        return self._line


class Scene:
    """A queue with two waiting, one in work, one given back and one dead; and what one verb does to it."""

    def __init__(self, *, journaled: bool) -> None:
        self.queues = Queues(dead_letter_limit=1)
        self.journal = self.queues.keep_journal() if journaled else None
        self.queue = self.queues.of("a")
        self.puller = InMemoryPuller(self.queues, ["a", "b"])
        for name in ("dead", "held", "back", "first", "second"):
            self.queue.put(QueuedMessage(b"", {"x": name}, message_id=name), 4)
        dead, self.held, back = (self.puller.pull_nowait() for _ in range(3))
        self.queue.settle(dead, MessageAction.nacked, "for a reason")
        back.release()
        self.mark = None if self.journal is None else self.journal.mark()
        self.before = self.seen()

    def seen(self) -> object:
        return self.queues.snapshot(None)["a"]

    def places(self) -> list[str]:
        """The id of each message, once for each place that it is in."""
        found = []
        for snapshot in self.queues.snapshot(None).values():
            found += [message.id for message in (*snapshot.ready, *snapshot.in_work)]
            found += [letter.message.id for letter in snapshot.dead_letters]
        return sorted(found)


VERBS: dict[str, Callable[[Scene], object]] = {
    "put": lambda scene: scene.queue.put(QueuedMessage(b"", message_id="new"), 4),
    "put with another priority": lambda scene: scene.queue.put(QueuedMessage(b"", message_id="new"), 9),
    "pull": lambda scene: scene.puller.pull_nowait(),
    "pull from one channel": lambda scene: scene.puller.pull_nowait_from("a"),
    "ack": lambda scene: scene.queue.settle(scene.held, MessageAction.acked),
    "reject": lambda scene: scene.queue.settle(scene.held, MessageAction.rejected),
    "nack": lambda scene: scene.queue.settle(scene.held, MessageAction.nacked, "why"),
    "reply": lambda scene: scene.queue.settle(
        scene.held, MessageAction.replied, answer=("b", QueuedMessage(b"", message_id="answer"))
    ),
    "release": lambda scene: scene.held.release(),
    "resend": lambda scene: scene.queue.resend(None),
}
# What a verb that was done leaves of the five messages.
DONE = {
    "put": {"new"},
    "put with another priority": {"new"},
    "reply": {"answer"},
}
GONE = {"ack": {"held"}, "reply": {"held"}, "nack": {"dead"}}


def lines_of(verb: str, *, journaled: bool) -> int:
    scene, counter = Scene(journaled=journaled), Interrupting(at=0)
    with counter:
        VERBS[verb](scene)
    return -counter.left


@pytest.mark.parametrize("journaled", [False, True])
@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_that_is_interrupted_at_any_line_is_done_or_not_done(verb, journaled):
    for at in range(1, lines_of(verb, journaled=journaled) + 1):
        scene = Scene(journaled=journaled)
        undone = scene.places()
        with Interrupting(at):
            VERBS[verb](scene)
        scene.puller.release()
        there = scene.places()
        done = sorted((set(undone) | DONE.get(verb, set())) - GONE.get(verb, set()))
        assert there in (undone, done), f"line {at}"


@pytest.mark.parametrize("verb", VERBS)
def test_an_interrupted_verb_leaves_the_way_back_as_it_was(verb):
    for at in range(1, lines_of(verb, journaled=True) + 1):
        scene = Scene(journaled=True)
        with Interrupting(at):
            VERBS[verb](scene)
        scene.queue.put(QueuedMessage(b"", message_id="later"), 4)
        scene.journal.undo_to(scene.mark)
        assert scene.seen() == scene.before, f"line {at}"


@pytest.mark.parametrize("verb", VERBS)
def test_a_way_back_that_is_interrupted_can_be_gone_again(verb):
    def done() -> Scene:
        scene = Scene(journaled=True)
        VERBS[verb](scene)
        return scene

    counter, scene = Interrupting(at=0), done()
    with counter:
        scene.journal.undo_to(scene.mark)
    for at in range(1, -counter.left + 1):
        scene = done()
        with Interrupting(at):
            scene.journal.undo_to(scene.mark)
        if scene.journal.reaches(scene.mark):
            scene.journal.undo_to(scene.mark)
        assert scene.seen() == scene.before, f"line {at}"
