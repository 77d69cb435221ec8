"""Each scene, cut before each turn of the loop: its task is cancelled once or twice there, or the loop ends there."""

from __future__ import annotations

import asyncio
import gc
import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass

from soak.history import FaultError, History
from soak.scenarios import FOREIGN, SCENES, ForeignMirror
from soak.simulated_loop import HAS_EAGER_TASKS, NeverEndsError, SimulatedLoop, run

__all__ = ["Cut", "cuts_of", "faults_of_cut"]

SETTING = {"dead_letter_limits": (1000,), "shuffle": None, "eager": False}
GAPS = (1, 2, 3, 5)


@dataclass(frozen=True)
class Cut:
    """One scene, cut once.

    Attributes:
        scene: The name of the scene.
        turn: Before which of its turns it is cut; 0 for not at all.
        again_after: After how many turns its task is cancelled once more; 0 for no second time.
        ends: Whether the loop ends there, instead.
        eager: Whether tasks begin to run where they are made.
    """

    scene: str
    turn: int
    again_after: int = 0
    ends: bool = False
    eager: bool = False


def cuts_of(scene: str) -> Iterator[Cut]:
    """Yield every cut of a scene, and where Python has eager tasks, each with them too."""
    for eager in (False, True) if HAS_EAGER_TASKS else (False,):
        for turn in range(1, _turns_of(Cut(scene, 0, eager=eager)) + 1):
            yield Cut(scene, turn, eager=eager)
            yield Cut(scene, turn, eager=eager, ends=True)
            for gap in GAPS:
                yield Cut(scene, turn, eager=eager, again_after=gap)


def _turns_of(cut: Cut) -> int:
    return _Cutting(cut).tell()[1]


def faults_of_cut(cut: Cut) -> tuple[str, ...]:
    """Return what does not hold after a cut; empty where all does."""
    return _Cutting(cut).tell()[0]


class _Cutting:
    def __init__(self, cut: Cut) -> None:
        self._cut = cut
        self._history: History | None = None
        self._turns = 0
        self._ended = False

    def tell(self) -> tuple[tuple[str, ...], int]:
        """Play the scene, cut it, end all; return what does not hold, and the turns of the scene."""
        logging.disable(logging.CRITICAL)
        loop = SimulatedLoop()
        failed: list[str] = []
        warned: list[warnings.WarningMessage] = []
        try:
            with redirect_stdout(io.StringIO()), warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always")
                try:
                    run(self._play(loop), loop, eager=self._cut.eager)
                finally:
                    if self._cut.ends:
                        # What the loop has left warns here, and not in the middle of the next cut.
                        gc.collect()
        except FaultError:
            pass
        except RuntimeError as error:
            if not self._ended:
                failed.append(f"RuntimeError: {error}")
        except NeverEndsError as error:
            failed.append(str(error))
        finally:
            logging.disable(logging.NOTSET)
        assert self._history is not None
        world = self._history.world
        if self._cut.ends and not world.faults:
            with suppress(FaultError):
                run(self._look_again())
        # A server lives as long as what listens to it, and the world listens.
        world.end()
        # A loop that ends closes what has not begun.
        if not self._cut.ends:
            failed += [str(warning.message) for warning in warned]
        return (*world.faults, *failed), self._turns

    async def _play(self, loop: SimulatedLoop) -> None:
        history = self._history = History(SETTING)
        if self._cut.scene in FOREIGN:
            mirror = history.world.mirrors[0] = ForeignMirror()
            history.world.app.servers.register_server("server 0", mirror.server)
        for mirror in history.world.mirrors:
            await mirror.server.connect()
        self._arm(loop)
        try:
            await SCENES[self._cut.scene](history)
        except asyncio.CancelledError:
            if self._cut.ends:
                raise
        loop.before_turn = None
        history.world.is_cut = True
        if self._cut.scene in FOREIGN:
            # After a second cancellation the subscription is closed without the worker.
            history.turns_to_close = 150
        await history.end_all()
        history.hold()
        if self._cut.scene not in FOREIGN:
            await history.drain()
            if history.world.faults:
                raise FaultError

    def _arm(self, loop: SimulatedLoop) -> None:
        """Cut when its turn has come."""
        task, start, cut = asyncio.current_task(), loop.turns, self._cut
        assert task is not None
        assert self._history is not None
        world = self._history.world

        def before_turn(turn: int) -> None:
            self._turns = turn - start
            if cut.turn and self._turns == cut.turn and cut.ends:
                world.is_cut = self._ended = True
                loop.stop()
            elif cut.turn and self._turns in (cut.turn, cut.turn + cut.again_after):
                world.is_cut = True
                task.cancel()

        loop.before_turn = before_turn

    async def _look_again(self) -> None:
        """Look, on the next loop, at what the one before has left."""
        assert self._history is not None
        history = self._history
        history.world.check_places()
        if history.world.faults:
            raise FaultError
        if self._cut.scene in FOREIGN:
            return
        for mirror in history.world.mirrors:
            await mirror.server.connect()
        for owner in history.subscribers:
            if not owner.over:
                await owner.thing.close()
        history.subscribers.clear()
        history.tasks.clear()
        history.world.left.clear()
        await history.end_all()
        await history.drain()
