"""A KeyboardInterrupt between any two lines: of the queues, the worker and the Stepper, one place after another."""

from __future__ import annotations

import asyncio
import io
import linecache
import logging
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

from soak.history import FaultError, History
from soak.scenarios import PAUSES, Scene, sent, worked
from soak.simulated_loop import NeverEndsError, SimulatedLoop, run

import repid_nb
from repid_nb.core.errors import SteppingError

__all__ = ["QUEUE_FILES", "SCENES", "Place", "faults_of_interrupt", "lines_of", "places_of"]

# What is dropped is not lost: no channel comes to its limit of dead letters here.
SETTING = {"dead_letter_limits": (1000,), "shuffle": None, "eager": False}
PACKAGE = Path(repid_nb.__file__).parent
QUEUE_FILES = ("core/memory/queue.py", "core/memory/pulling.py", "core/memory/subscriber.py")
FILES = (
    *QUEUE_FILES,
    *(f"{room}/{path.name}" for room in ("core/worker", "limits") for path in sorted((PACKAGE / room).glob("*.py"))),
    "stepping/stepper.py",
    "stepping/memory.py",
    "stepping/recorder.py",
    "stepping/timeline.py",
)


@dataclass(frozen=True)
class Place:
    """A line that a scene comes to.

    Attributes:
        scene: The name of the scene.
        file: The file, below the package.
        line: Its number.
        event: As which of the scene's lines it comes, counted from 1.
    """

    scene: str
    file: str
    line: int
    event: int


async def worker(history: History) -> None:
    await sent(history, "auto", "again", "nobody", "typed", script=(("raise", "ValueError"),))
    await sent(history, "manual", script=(("sleep", 0), ("reply", "two"), ("sleep", 0.01)))
    await sent(history, "first", "explicit", "timed", "odd", script=PAUSES)

    async def send_later() -> None:
        await asyncio.sleep(5.0)
        await sent(history, "auto")

    history.start(send_later())
    await worked(history, 9)


async def stepper(history: History) -> None:
    await sent(history, "auto", "again", "nobody", script=(("raise", "ValueError"),))
    await sent(history, "manual", script=(("sleep", 0), ("reply", "two"), ("sleep", 0.01)))
    await history.stepper(0, 2, True, 1000)
    one = history.steppers[0]
    for _ in range(4):
        await history.one_step(one, None, history.step_owner(one))
    await history.rewind(0, 2)
    await history.one_step(one, None, history.step_owner(one))


async def subscriber(history: History) -> None:
    for word in ("ack", "nack", "reject"):
        await sent(history, "auto", script=(*PAUSES, ("settle", word)))
    await history.subscribe(0, ("one", "two"), 2)
    await asyncio.sleep(1.0)
    await history.pause(0)
    await history.resume(0)
    await sent(history, "auto", script=(("sleep", 0), ("reply", "two")))
    await asyncio.sleep(0.1)
    await history.close_subscriber(0)


SCENES: dict[str, Scene] = {"worker": worker, "stepper": stepper, "subscriber": subscriber}


def places_of(scene: str, files: tuple[str, ...] = FILES) -> Iterator[Place]:
    """Yield each line of these files that a scene comes to, where it comes to it first, and where last."""
    interrupted = _Interrupted(scene, 0)
    interrupted.tell()
    first: dict[tuple[str, int], int] = {}
    last: dict[tuple[str, int], int] = {}
    for event, line in enumerate(interrupted.lines, 1):
        # A signal is looked at where something is called or jumps back, and there Python can leave a block around it.
        if _text_of(*line) == "try:":
            continue
        first.setdefault(line, event)
        last[line] = event
    for (file, line), event in first.items():
        if file in files:
            yield Place(scene, file, line, event)
            if last[file, line] != event:
                yield Place(scene, file, line, last[file, line])


@cache
def _text_of(file: str, line: int) -> str:
    return linecache.getline(str(PACKAGE / file), line).strip()


def lines_of(files: tuple[str, ...]) -> dict[str, list[Place]]:
    """Return each line of these files once, under the scene that comes to it."""
    places: dict[tuple[str, int], Place] = {}
    for scene in SCENES:
        for place in places_of(scene, files):
            places.setdefault((place.file, place.line), place)
    return {scene: [place for place in places.values() if place.scene == scene] for scene in SCENES}


def faults_of_interrupt(place: Place) -> tuple[str, ...]:
    """Return what does not hold after an interrupt at this place; empty where all does."""
    return _Interrupted(place.scene, place.event).tell()


class _Interrupted:
    def __init__(self, scene: str, event: int) -> None:
        self.lines: list[tuple[str, int]] = []
        self._scene = scene
        self._event = event
        self._files = {str(PACKAGE / name): name for name in FILES}
        self._count = 0
        # Python 3.11 borrows a trace function while it calls it: a bound method of the moment could be freed under it,
        # and what came to its place was called ("'traceback' object is not callable").
        self._traces = (self._trace, self._trace_lines)

    def tell(self) -> tuple[str, ...]:
        """Play the scene, interrupt it, and look at what is left."""
        history: list[History] = []
        faults: list[str] = []
        logging.disable(logging.CRITICAL)
        # In a finalizer Python only reports it.
        hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
        try:
            with redirect_stdout(io.StringIO()):
                with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
                    with suppress(KeyboardInterrupt, FaultError, asyncio.CancelledError):
                        runner.run(self._play(history))
                    faults += _lost(history[0])
                    with suppress(KeyboardInterrupt):
                        # A task that awaits the one that was interrupted passes it on.
                        runner.run(asyncio.sleep(1))
                    # As the next cell does.
                    runner.run(_step_again(history[0]))
                run(_step_again(history[0], close=True))
            faults += _lost(history[0])
        except (NeverEndsError, SteppingError) as error:
            faults.append(f"the Stepper is locked: {error}")
        finally:
            history[0].world.end()
            sys.unraisablehook = hook
            logging.disable(logging.NOTSET)
        return tuple(faults)

    async def _play(self, history: list[History]) -> None:
        told = History(SETTING)
        history.append(told)
        told.world.is_cut = True
        for mirror in told.world.mirrors:
            await mirror.server.connect()
        sys.settrace(self._traces[0])
        try:
            await SCENES[self._scene](told)
        finally:
            sys.settrace(None)

    def _trace(self, frame: FrameType, _event: str, _arg: Any) -> Any:
        return self._traces[1] if frame.f_code.co_filename in self._files else None

    def _trace_lines(self, frame: FrameType, event: str, _arg: Any) -> Any:
        if event == "line":
            self._count += 1
            if not self._event:
                self.lines.append((self._files[frame.f_code.co_filename], frame.f_lineno))
            elif self._count == self._event:
                sys.settrace(None)
                raise KeyboardInterrupt
        return self._traces[1]


def _lost(history: History) -> list[str]:
    return [fault for mirror in history.world.mirrors for fault in mirror.lost_or_doubled()]


async def _step_again(history: History, *, close: bool = False) -> None:
    """Step each Stepper once more, and close it where that is asked for."""
    for one in history.steppers:
        await one.stepper.step()
        if close:
            await one.stepper.close()
