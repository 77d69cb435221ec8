"""Random numbers of a run: each producer and each actor has a stream of its own, by name.

So a change of one part of a simulation changes no draw of another ("common random numbers"): two runs that differ in
their workers see the same messages, arriving at the same moments, with the same work in them.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from random import Random

from repid_nb.simulation.columns import Names
from repid_nb.simulation.durations import DurationT, drawing

__all__ = ["WorkTimes", "stream"]

# Draws come in order, so drawing some ahead changes none.
DRAWN_AHEAD = 64


def stream(seed: int, *name: object) -> Random:
    """Return the stream of this name; the same on any machine, whatever PYTHONHASHSEED says."""
    # A name may be a topic, and half a surrogate pair is one.
    return Random("/".join(map(str, (seed, *name))).encode("utf-8", "surrogatepass"))  # noqa: S311  (a simulation, no secret)


class WorkTimes:
    """How long each actor takes over each message.

    A message's time belongs to the message, not to its place in the order of runs: the n-th message of a producer takes
    an actor the same time whenever and by which worker it runs. A message that comes again takes another time.

    Args:
        failed: Called with what a learner's own function raised instead of drawing a duration.
    """

    def __init__(self, seed: int, durations: dict[str, DurationT], failed: Callable[[Exception], object]) -> None:
        self.durations = durations
        self._seed = seed
        self._failed = failed
        self._drawn: dict[tuple[str, int, int], tuple[Callable[[], int], array[int]]] = {}

    def micros(self, actor: str, source: int, names: Names[str], number: int, attempt: int) -> int:
        """Return microseconds.

        Args:
            actor: The actor that runs.
            source: The producer of the message, by its number in `names`.
            names: The names of producers.
            number: The place of the message among those of its producer, from 0.
            attempt: How often the message was pulled before.
        """
        known = self._drawn.get((actor, source, attempt))
        if known is None:
            random = stream(self._seed, "work", actor, names[source], attempt)
            known = self._drawn[actor, source, attempt] = (drawing(self.durations[actor], random), array("q"))
        draw, times = known
        try:
            return times[number]
        except IndexError:
            try:
                times.extend([draw() for _ in range(number + DRAWN_AHEAD - len(times))])
            except Exception as error:
                # Raised here it would look like an error of the actor's.
                self._failed(error)
                return 0
            return times[number]
