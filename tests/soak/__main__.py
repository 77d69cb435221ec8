"""The long form, `make soak`: ten thousand histories, every cut, limits, every interrupt, every mutant.

With Python 3.11 the histories take about three minutes of CPU (355,000 operations, 14 million checks), the cuts and the
interrupts a quarter of a minute each, and the mutants two minutes.

    python -m soak [--histories 10000] [--seed 0] [--python PYTHON] [histories] [cuts] [limits] [interrupts] [mutants]
"""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import comm
from soak import cuts, interrupts, limits, mutants
from soak.histories import faults_of_seed, try_seed
from soak.scenarios import SCENES
from support import versions

__all__ = ["main"]

MOST_FAILURES = 5


def tell_histories(options: argparse.Namespace) -> int:
    """Tell histories, print each bad one as short as it gets, and a summary."""
    counts: dict[str, int] = {}
    failures = 0
    for seed in range(options.seed, options.seed + options.histories):
        if options.first:
            if faults := faults_of_seed(seed):
                print(f"{mutants.FIRST}{faults[0]}")
                return 0
            continue
        failure = try_seed(seed, counts)
        if failure is not None:
            failures += 1
            print(failure, flush=True)
            if failures == MOST_FAILURES:
                print(f"Stopped at {failures} bad histories.")
                break
    order = ("histories", "operations", "messages", "runs", "checks")
    print(", ".join(f"{counts.get(name, 0):,} {name}" for name in order) + f", {failures} violations")
    return failures


def make_cuts(_options: argparse.Namespace) -> int:
    """Cut each scene before each of its turns."""
    # Garbage is collected after many of the cuts: what is here already need not be looked through each time.
    gc.freeze()

    def tries() -> Iterator[tuple[object, tuple[str, ...]]]:
        for scene in SCENES:
            for cut in cuts.cuts_of(scene):
                yield cut, cuts.faults_of_cut(cut)

    return _counted(tries(), f"cuts of {len(SCENES)} scenes")


def limit(options: argparse.Namespace) -> int:
    """Play histories of workers with limits, and cancel one before each of its turns."""
    if options.first:
        faults = (limits.faults_of_history(seed) for seed in range(options.histories // 5))
        first = next(filter(None, faults), None) or next(filter(None, map(limits.faults_of_turn, range(1, 40))), None)
        print(f"{mutants.FIRST}{first[0]}" if first else "")
        return 0
    seeds = range(options.seed, options.seed + options.histories // 4)
    played = ((f"seed {seed}", limits.faults_of_history(seed, shuffled=odd)) for seed in seeds for odd in (False, True))
    failures = _counted(((what, tuple(faults)) for what, faults in played), "histories with limits")
    cut = ((turn, again) for turn in range(1, limits.turns_of() + 1) for again in (0, 1, 2, 3, 5))
    return failures + _counted(((one, tuple(limits.faults_of_turn(*one))) for one in cut), "cuts of limits")


def interrupt(_options: argparse.Namespace) -> int:
    """Interrupt each scene at each of its lines."""
    places = (place for scene in interrupts.SCENES for place in interrupts.places_of(scene))
    return _counted(((place, interrupts.faults_of_interrupt(place)) for place in places), "interrupts")


def plant(_options: argparse.Namespace) -> int:
    """Plant each fault, and look whether it is seen."""
    with TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        seen = list(pool.map(lambda mutant: mutants.seen_by(mutant, Path(folder)), mutants.MUTANTS))
    for mutant, fault in zip(mutants.MUTANTS, seen, strict=True):
        print(f"  {mutant.name}: {fault[:100] or 'NOT SEEN'}")
    print(f"{len(seen)} mutants, {sum(map(bool, seen))} seen")
    return seen.count("")


def _counted(tries: Iterator[tuple[object, tuple[str, ...]]], noun: str) -> int:
    number = failures = 0
    for number, (what, faults) in enumerate(tries, 1):  # noqa: B007  (the last number is said below)
        if faults:
            failures += 1
            if failures <= MOST_FAILURES:
                print(f"{what}: {faults[0]}", flush=True)
    print(f"{number:,} {noun}, {failures} violations")
    return failures


PARTS: dict[str, Callable[[argparse.Namespace], int]] = {
    "histories": tell_histories,
    "cuts": make_cuts,
    "limits": limit,
    "interrupts": interrupt,
    "mutants": plant,
}


def run_elsewhere(options: argparse.Namespace) -> int:
    """Do the same in an environment of another interpreter, or of the lowest versions."""
    if options.python == "lowest":
        environment = versions.made("lowest", sys.executable, ["--resolution", "lowest-direct"])
    else:
        environment = versions.made("soak", shutil.which(options.python) or options.python, [])
    numbers = ["--histories", str(options.histories), "--seed", str(options.seed)]
    return subprocess.run(  # noqa: S603  (an interpreter that was just installed)
        [environment / "bin" / "python", "-m", "soak", *options.parts, *numbers], check=False
    ).returncode


def main() -> int:
    """Run the parts that are asked for; return 0 when all held."""
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="which parts; by default all")
    parser.add_argument("--histories", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", action="store_true", help="print the first violation and no more")
    parser.add_argument("--python", help="another interpreter, or `lowest`: the lowest versions that are declared")
    options = parser.parse_args()
    if options.python is not None:
        return run_elsewhere(options)
    # A widget outside a kernel.
    comm.create_comm = comm.DummyComm
    print(f"Python {sys.version.split()[0]}", flush=True)
    failures = 0
    for part in options.parts or PARTS:
        start = time.process_time()
        failures += PARTS[part](options)
        print(f"  {part}: {time.process_time() - start:.0f} s of CPU", flush=True)
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main())
