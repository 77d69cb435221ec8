"""A Redis that a class shares: what it opens, who may do what, and the lines that the class needs."""

from __future__ import annotations

import secrets
import socket
from contextlib import closing
from pathlib import Path

from repid_nb.core.errors import BrokerError
from repid_nb.hosting.local_redis import LocalRedis

__all__ = ["ANSWERS", "LONGEST_STREAM", "NOT_LET_IN", "QUESTION", "SharedRedis", "nothing_answers"]

# The streams by which a class is asked: see polls.py.
QUESTION = "class:question"
ANSWERS = "class:answers"

# How many messages a channel keeps, settled ones among them; what is older goes.
LONGEST_STREAM = 5_000

# The class may add messages and answers, and read the question. It may read no message and change no setting.
CLASS_MAY = f"+ping +client|setinfo (+xadd %W~repid:* %W~{ANSWERS}) (+xread +xrevrange %R~{QUESTION})"
NOT_LET_IN = "The password is not right: copy the teacher's line of today."
EVERYWHERE = "0.0.0.0"  # noqa: S104  (only where it is asked for)
# Letters and digits that cannot be taken for one another on a projector.
READABLE = "abcdefghjkmnpqrstuvwxyz23456789"


def nothing_answers(address: str) -> str:
    """Return what a student reads where no queue answers at an address, `HOST:PORT`."""
    return f"Nothing answers at {address}. Is the teacher's notebook open, and is this the same network?"


class SharedRedis(LocalRedis):
    """A Redis that listens beyond this machine, with a user `class` that may publish and answer."""

    title = "Redis for a class"

    def __init__(self, program: Path, opened: str) -> None:
        check_address(opened)
        self._opened = opened
        self.class_password = "".join(secrets.choice(READABLE) for _ in range(12))
        super().__init__(program)

    @property
    def class_dsn(self) -> str:
        """The address for the class."""
        address = address_in_the_network() if self._opened == EVERYWHERE else self._opened
        return f"redis://class:{self.class_password}@{address}:{self.port}"

    @property
    def invitation(self) -> str:
        """What is open, for whom, and the two lines for the class."""
        where = "every network of this machine" if self._opened == EVERYWHERE else self._opened
        return (
            f"Open until this kernel ends: port {self.port} on {where}.\n"
            "Who has the password may publish on every channel and answer your questions, and do nothing else.\n"
            "Password and messages cross the network unencrypted.\n"
            "The class runs:\n\n"
            f'    from repid_nb import join; teacher = join("{self.class_dsn}")\n'
            '    await teacher.send("orders", {"number": 1}, topic="ship")\n'
        )

    def _settings(self) -> dict[str, str]:
        bind = self._opened if self._opened in {EVERYWHERE, self.host} else f"{self.host} {self._opened}"
        return {
            **super()._settings(),
            "bind": bind,
            "user": f"class on >{self.class_password} {CLASS_MAY}",
            # A class cannot fill the machine: beyond that the sender is refused.
            "maxmemory": "128mb",
            "proto-max-bulk-len": "1mb",
        }


def check_address(address: str) -> None:
    """Raise a BrokerError where this machine has no such address."""
    with closing(socket.socket(socket.AF_INET)) as probe:
        try:
            probe.bind((address, 0))
        except (OSError, TypeError, ValueError) as error:
            raise BrokerError(f"This machine has no address {address!r}, so nothing can listen there.") from error


def address_in_the_network() -> str:
    """Return the address of this machine that others in its network see; 127.0.0.1 where there is no network."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        try:
            # Nothing is sent: the system only chooses the network that would be taken.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
