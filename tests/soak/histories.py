"""Many histories: each from its seed, a bad one made as short as it stays bad."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pprint import pformat
from random import Random

from soak.history import tell
from soak.operations import Operation, Setting, draw_history

__all__ = ["Failure", "faults_of_seed", "history_of", "shortened", "try_seed"]


@dataclass(frozen=True)
class Failure:
    """A history in which something does not hold.

    Attributes:
        seed: Its seed.
        setting: What it begins with.
        operations: What happens, as short as it was got.
        faults: What does not hold.
    """

    seed: int
    setting: Setting
    operations: list[Operation]
    faults: tuple[str, ...]

    def __str__(self) -> str:
        faults = "\n".join(f"  {fault}" for fault in self.faults[:5])
        return (
            f"seed {self.seed}:\n{faults}\nsetting = {self.setting!r}\n"
            f"operations = {pformat(self.operations, width=110)}"
        )


def history_of(seed: int) -> tuple[Setting, list[Operation]]:
    """Return what a history of this seed begins with, and what happens in it."""
    return draw_history(Random(seed))  # noqa: S311  (chance that comes again)


def try_seed(seed: int, counts: dict[str, int]) -> Failure | None:
    """Tell the history of a seed, and add to the counts; return what failed, shortened."""
    setting, operations = history_of(seed)
    told = tell(setting, operations)
    for name, number in {**told.counts, "operations": told.done, "histories": 1}.items():
        counts[name] = counts.get(name, 0) + number
    if not told.faults:
        return None
    short = shortened(setting, operations[: told.done + 1])
    return Failure(seed, setting, short, tell(setting, short).faults or told.faults)


def faults_of_seed(seed: int) -> tuple[str, ...]:
    """Tell the history of a seed; return what does not hold."""
    return tell(*history_of(seed)).faults


def shortened(setting: Setting, operations: Sequence[Operation]) -> list[Operation]:
    """Leave out what a bad history stays bad without: halves of it, then quarters, and so on down to single ones."""

    def is_bad(some: list[Operation]) -> bool:
        return bool(tell(setting, some).faults)

    kept = list(operations)
    size = max(1, len(kept) // 2)
    while True:
        start, before = 0, len(kept)
        while start < len(kept):
            fewer = kept[:start] + kept[start + size :]
            if is_bad(fewer):
                kept = fewer
            else:
                start += size
        if size == 1 and len(kept) == before:
            return kept
        size = max(1, size // 2)
