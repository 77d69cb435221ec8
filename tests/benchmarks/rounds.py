"""Contenders against a reference, in shuffled rounds: each in its own process, between two runs of the reference."""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["SELDOM", "Case", "Ratio", "Samples", "play"]

HERE = Path(__file__).parent
SELDOM = 3


@dataclass(frozen=True)
class Case:
    """One way to run one contender: its script is `with_<contender>.py`."""

    contender: str
    arguments: str = ""

    def run(self) -> dict[str, dict[str, float]]:
        """Run it; return microseconds a message, by phase (publish, work, total) and kind (wall, cpu)."""
        command = [sys.executable, str(HERE / f"with_{self.contender}.py"), *self.arguments.split()]
        # With compiled modules, as users have them: otherwise each process compiles what it imports anew.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, check=False, timeout=300, env=environment
        )
        if done.returncode:
            raise RuntimeError(f"{self} failed:\n{done.stderr}")
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return result


@dataclass(frozen=True)
class Ratio:
    """The ratios of one case over one reference, over all rounds."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def beyond(self, other: Ratio, shared_by: int) -> Ratio:
        """Return what each of `shared_by` things adds to `other`, round by round."""
        pairs = zip(self.values, other.values, strict=True)
        return Ratio(tuple((value - base) / shared_by for value, base in pairs))

    def __str__(self) -> str:
        return f"{self.median:.2f} ({min(self.values):.2f} to {max(self.values):.2f})"


class Samples:
    """What was measured: a case, beside the mean of the reference's runs right before and right after it."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[Case, Case], list[tuple[Any, Any, Any]]] = {}

    def add(self, case: Case, reference: Case, before: Any, measured: Any, after: Any) -> None:
        """Add one measurement between two of the reference."""
        self._pairs.setdefault((case, reference), []).append((before, measured, after))

    def ratio(self, case: Case, reference: Case, phase: str, kind: str) -> Ratio:
        """Return a case's ratios in one phase (publish, work, total) and kind (wall, cpu)."""
        return Ratio(
            tuple(
                2 * measured[phase][kind] / (before[phase][kind] + after[phase][kind])
                for before, measured, after in self._pairs[case, reference]
            )
        )

    def least(self, case: Case, reference: Case, phase: str, kind: str) -> float:
        """Return the ratio of a case's cheapest run over the cheapest of its reference: the steadiest figure there is.

        Whatever else a machine does can make a run dearer, and never cheaper.
        """
        rounds = self._pairs[case, reference]
        cheapest = min(measured[phase][kind] for _, measured, _ in rounds)
        return float(cheapest / min(run[phase][kind] for before, _, after in rounds for run in (before, after)))

    def microseconds(self, case: Case, reference: Case, phase: str, kind: str) -> float:
        """Return what a message costs in a case's cheapest run."""
        return min(float(measured[phase][kind]) for _, measured, _ in self._pairs[case, reference])


def play(
    contests: Sequence[tuple[Case, Case]], rounds: int, seldom: Collection[tuple[Case, Case]] = ()
) -> Iterator[Samples]:
    """Run every case against its reference, once a round.

    Args:
        contests: Pairs of a case and its reference.
        rounds: How often.
        seldom: Those of them that take part in the first rounds only, `SELDOM` of them.

    Yields:
        After each round, what was measured so far.
    """
    samples = Samples()
    shuffled = random.Random(1)  # noqa: S311  (an order, no secret)
    for number in range(rounds):
        due = [contest for contest in contests if number < SELDOM or contest not in seldom]
        references = list(dict.fromkeys(reference for _, reference in due))
        shuffled.shuffle(references)
        for reference in references:
            cases = list(dict.fromkeys(case for case, over in due if over == reference))
            shuffled.shuffle(cases)
            runs = [reference, *(run for case in cases for run in (case, reference))]
            results = [run.run() for run in runs]
            for place, case in enumerate(cases):
                samples.add(case, reference, *results[2 * place : 2 * place + 3])
        yield samples
