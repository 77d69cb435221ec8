"""The queues of a run: copies of the app's, to which each worker has a connection of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from repid_nb.app import Repid
from repid_nb.core.memory.pulling import InMemoryPuller
from repid_nb.core.memory.queue import Queues
from repid_nb.core.memory.queued import QueuedMessage
from repid_nb.core.memory.server import InMemoryServer
from repid_nb.core.message import ServerT
from repid_nb.simulation.ledger import Ledger

__all__ = ["Connection", "copied_messages", "standing_in"]

DEAD_LETTER_LIMIT = 1000


class RecordedQueues(Queues):
    """Queues that write down what is put on them.

    An observer of the server would hear of every other change too, which the workers know already.
    """

    def __init__(self, dead_letter_limit: int, ledger: Ledger) -> None:
        super().__init__(dead_letter_limit)
        self._ledger = ledger

    def publish(self, channel: str, message: QueuedMessage, priority: int) -> None:
        # No observer hears of it: the ledger stands for all.
        self.of(channel).put(message, priority)
        self._ledger.published(channel, message, priority)


class Connection(InMemoryServer):
    """A connection to the queues of a run, which can be cut: one for all senders, and one for each worker."""

    def __init__(self, queues: Queues) -> None:
        super().__init__()
        self._queues = queues
        self._pullers: list[InMemoryPuller] = []
        self._let_go = self.hold_open()

    def puller(self, channels: Sequence[str], *, pausable: bool = False) -> InMemoryPuller:
        puller = super().puller(channels, pausable=pausable)
        self._pullers.append(puller)
        return puller

    def cut(self) -> None:
        """Lose the connection: what was pulled goes back to its place, and nothing is sent or settled any more."""
        self._let_go()
        for puller in self._pullers:
            puller.release()


@contextmanager
def standing_in(app: Repid, ledger: Ledger) -> Iterator[InMemoryServer]:
    """Put servers with empty queues in the place of the app's, inside the block.

    So a message that an actor sends through the app, by whatever name it knows it, is sent in the simulation.

    Yields:
        The one in the place of the default server.

    Raises:
        UnknownNameError: The app has no server.
    """
    default = app.servers.default
    originals = app.servers.list_servers()
    stand_ins = {
        name: Connection(
            RecordedQueues(_dead_letter_limit(server), ledger)
            if server is default
            else Queues(_dead_letter_limit(server))
        )
        for name, server in originals.items()
    }
    for name, server in stand_ins.items():
        app.servers.register_server(name, server)
    try:
        yield next(stand_ins[name] for name, server in originals.items() if server is default)
    finally:
        for name, original in originals.items():
            app.servers.register_server(name, original)


def copied_messages(server: ServerT) -> Iterator[tuple[str, QueuedMessage, int]]:
    """Yield a copy of each message that waits on a server in memory, with its channel and its priority."""
    if isinstance(server, InMemoryServer):
        for queue in server.snapshot().channels:
            for one in queue.ready:
                copy = QueuedMessage(one.payload, one.headers, one.content_type, one.reply_to)
                yield one.channel, copy, one.priority


def _dead_letter_limit(server: ServerT) -> int:
    return server.queues.dead_letter_limit if isinstance(server, InMemoryServer) else DEAD_LETTER_LIMIT
