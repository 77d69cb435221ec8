"""The errors of repid_nb: one shallow tree.

Each error also inherits the built-in exception that repid 2.1.4 raises there, so that code written against repid
(`except ValueError`) keeps working.
"""

from __future__ import annotations

__all__ = [
    "ActorTimeoutError",
    "BrokerError",
    "ClosedError",
    "DeclarationError",
    "DestinationError",
    "InvalidMessageError",
    "NotConnectedError",
    "NotDescribableError",
    "NotPullableError",
    "RepidNbError",
    "SerializationError",
    "SimulationError",
    "SteppingError",
    "UnknownNameError",
    "UnroutedError",
    "is_from_outside",
]


class RepidNbError(Exception):
    """Anything that repid_nb itself refuses."""


class DeclarationError(RepidNbError, ValueError, TypeError):
    """An actor, router or dependency is declared in a way that cannot work."""


class ActorTimeoutError(RepidNbError, TimeoutError):
    """An actor ran longer than its timeout."""


class DestinationError(RepidNbError, ValueError):
    """A message names both a channel and an operation, or neither."""


class InvalidMessageError(RepidNbError, ValueError):
    """A payload, header or server parameter of a message is not what a queue can carry."""


class SerializationError(RepidNbError, TypeError):
    """A payload holds something that has no JSON form."""


class NotDescribableError(RepidNbError, NotImplementedError):
    """What an actor takes has no description in an AsyncAPI document."""


class NotConnectedError(RepidNbError, RuntimeError):
    """A server is used while its connection is not open."""


class BrokerError(RepidNbError, RuntimeError):
    """A broker cannot be started on this machine."""


class NotPullableError(RepidNbError, RuntimeError):
    """A server cannot hand out one message at a time."""


class ClosedError(RepidNbError, RuntimeError):
    """A stepper is used after it was closed."""


class SteppingError(RepidNbError, RuntimeError):
    """A stepper is asked for something that has to wait until its step has ended."""


class SimulationError(RepidNbError, RuntimeError):
    """A simulation is asked for something that cannot be simulated."""


class UnknownNameError(RepidNbError, ValueError, KeyError):
    """A server, operation or channel that is not registered; a message or a step that is not there any more."""

    # KeyError.__str__ would show the repr of the message.
    __str__ = Exception.__str__


class UnroutedError(RepidNbError, ValueError):
    """No actor wants a message that a test sends."""


def is_from_outside(error: BaseException) -> bool:
    """Say whether an exception was raised in the running code to stop it: by Ctrl+C, or because its time is up.

    A class of such exceptions has an attribute `is_from_outside`, which is True.
    """
    return isinstance(error, KeyboardInterrupt) or getattr(type(error), "is_from_outside", False) is True
