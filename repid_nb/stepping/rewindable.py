"""Going back in time: to a step, to before the first one, to a checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from repid_nb.core.errors import SteppingError
from repid_nb.core.memory.contents import Checkpoint, all_on
from repid_nb.core.memory.journal import Journal, Mark
from repid_nb.core.memory.queue import Queues
from repid_nb.core.memory.snapshot import parent_name
from repid_nb.core.memory.undo import Put
from repid_nb.stepping.memory import in_memory
from repid_nb.stepping.overview import Overview
from repid_nb.stepping.record import Rewound
from repid_nb.stepping.recorder import WINDOW

__all__ = ["Rewindable"]


class Rewindable(Overview):
    """Queues and a history that can be gone back in."""

    def rewind(self, to: int) -> Rewound:
        """Put the queues back as they were right after a step, as if what came later had never been sent or pulled.

        What the actors did (what they printed, changed or sent elsewhere) stays done.

        Args:
            to: The number of the step; 0 for the moment right before the first.

        Returns:
            Which steps were taken back, and the queues.

        Raises:
            UnknownNameError: There is no way back to that step; the message says how far there is one.
            SteppingError: A step is under way, or there is no way back on this broker.
        """
        self._check_rewind()
        return self._rewind(to)

    def restart(self) -> Rewound:
        """Go back to before the first step that is kept, and put all that was sent since on the queues again.

        What came from outside since then, from cells, pages or other apps, waits again in the order of its sending,
        with its names; what actors sent is gone.

        Returns:
            What `rewind` returns, with how many messages were put on their queues again.

        Raises:
            UnknownNameError: Too much has happened since.
            SteppingError: A step is under way, or there is no way back on this broker.
        """
        self._check_rewind()
        source, earliest = in_memory(self._source, "start again"), self._timeline.earliest
        assert source.journal is not None and earliest.mark is not None  # noqa: S101, PT018  (there is a way back)
        since = _sent_since(source.journal, earliest.mark)
        rewound = self._rewind(earliest.number)
        from_outside = (put for put in since if parent_name(self._names.of(put.message)) is None)
        again = _put_again(source.queues, from_outside)
        return replace(rewound, sent_again=again, queues=self.snapshot(WINDOW))

    def checkpoint(self) -> Callable[[], None]:
        """Return a function that puts the queues, and all Steppers on them, back as they are now.

        Raises:
            SteppingError: The messages are on a broker.
        """
        queues = in_memory(self._source, "go back to a checkpoint").queues
        turns = [(one._source, one._source.turn) for one in self.workers]  # noqa: SLF001  (the same class)
        saved = [one._timeline.saved() for one in self.workers]  # noqa: SLF001
        restores = [Checkpoint(queues).restore, self._names.saved(), *saved]

        def restore() -> None:
            self._check_between_steps("go back to a checkpoint")
            for one in restores:
                one()
            for source, turn in turns:
                source.turn = turn

        return restore

    def _rewind(self, to: int) -> Rewound:
        self._source.hold()
        undone = self._timeline.rewind(to, self._source)
        moment = self._timeline.moment
        others = [one for one in self.workers if one is not self]
        undone_there = sum(len(one._timeline.forget_after(moment, one._source)) for one in others)  # noqa: SLF001
        return Rewound(to=to, undone=undone, queues=self.snapshot(WINDOW), others=undone_there)

    def _check_rewind(self) -> None:
        self._check_open()
        if not self.knows.rewind:
            raise SteppingError(f"There is {self.knows.no_way_back}.")
        self._check_between_steps("rewind")


def _sent_since(journal: Journal, mark: Mark) -> list[Put]:
    """Return how messages came onto the queues for the first time after a mark, in order; those of actors too."""
    puts = (getattr(undo, "__self__", None) for undo in journal.since(mark))
    first: dict[int, Put] = {}
    for put in puts:
        if isinstance(put, Put):
            first.setdefault(id(put.message), put)
    return list(first.values())


def _put_again(queues: Queues, puts: Iterable[Put]) -> int:
    """Put messages on their queues as they came there, but for those that are there now; return how many."""
    here = {id(message) for queue in queues.all() for message in all_on(queue)}
    missing = [put for put in puts if id(put.message) not in here]
    for put in missing:
        queues.publish(put.queue.channel, put.message, put.priority)
    return len(missing)
