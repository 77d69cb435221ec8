"""Faults planted by hand in a copy of the package: what looks for faults has to see each of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import repid_nb

__all__ = ["FIRST", "MUTANTS", "Mutant", "occurrences", "seen_by"]

PACKAGE = Path(repid_nb.__file__).parent
TESTS = Path(__file__).parents[1]
HISTORIES = 1500
SECONDS = 300
# What stands before the first violation where no more than that is asked for.
FIRST = "first violation: "


@dataclass(frozen=True)
class Mutant:
    """One fault.

    Attributes:
        name: What is wrong with it, in a few words.
        file: The file, below the package.
        right: What stands there, once.
        wrong: What stands there instead.
        part: The part of `make soak` that has to see it.
    """

    name: str
    file: str
    right: str
    wrong: str
    part: str = "histories"


QUEUE, UNDO, PULLING = "core/memory/queue.py", "core/memory/undo.py", "core/memory/pulling.py"
SUBSCRIBER, CONFIRMATION = "core/memory/subscriber.py", "core/worker/confirmation.py"
WORKER, SLOTS, DELIVERY = "core/worker/worker.py", "core/worker/slots.py", "core/worker/delivery.py"
CAPACITY, GATE = "limits/capacity.py", "limits/gate.py"

MUTANTS = [
    Mutant("sent to the head of the line", QUEUE, "line.ready.append(message)", "line.ready.appendleft(message)"),
    Mutant("pulled from the tail", QUEUE, "line.ready.popleft()", "line.ready.pop()"),
    Mutant("lowest priority first", QUEUE, "sorted(self.lines, reverse=True)", "sorted(self.lines)"),
    Mutant(
        "a rejected message loses its priority",
        QUEUE,
        "partial(self.put, queued, priority)",
        "partial(self.put, queued, DEFAULT_PRIORITY)",
    ),
    Mutant(
        "a released message goes to the tail",
        QUEUE,
        "heapq.heappush(self.lines[received.priority].returned, (received.position, received.queued))",
        "self.lines[received.priority].ready.append(received.queued)",
    ),
    Mutant(
        "released messages come back in reverse",
        QUEUE,
        ".returned, (received.position, received.queued))",
        ".returned, (-received.position, received.queued))",
    ),
    Mutant("a nacked message is dropped", QUEUE, "self.dead.append(burial.dead)", "pass"),
    Mutant("the newest dead letter gives way", QUEUE, "self.dead.popleft()", "self.dead.pop()"),
    Mutant(
        "one dead letter too many",
        QUEUE,
        "len(self.dead) >= self._queues.dead_letter_limit",
        "len(self.dead) > self._queues.dead_letter_limit",
    ),
    Mutant(
        "a resent message loses its priority",
        QUEUE,
        "self.put(dead.message, dead.priority)",
        "self.put(dead.message, DEFAULT_PRIORITY)",
    ),
    Mutant("a resent message stays dead, too", QUEUE, "del self.dead[place]", "pass"),
    Mutant("one that ends gives back what others hold", QUEUE, "if one.owner is owner]", "]"),
    Mutant("the observers hear of no message", QUEUE, "            observer(event)", "            pass"),
    Mutant("a settlement that is undone still counts", UNDO, "received.action = None", "pass"),
    Mutant("what was sent stays after a rewind", UNDO, "line.ready.pop()", "pass"),
    Mutant("a rewind leaves dead letters", UNDO, "letters.pop()", "pass"),
    Mutant("an undone pull goes to the tail", UNDO, "line.ready.appendleft(message)", "line.ready.append(message)"),
    Mutant(
        "a rewind stops one change too early",
        "core/memory/journal.py",
        "self._changes[-1][0] >= mark.position",
        "self._changes[-1][0] > mark.position",
    ),
    Mutant(
        "a worker that is woken for nothing tells no other",
        PULLING,
        "                queue.tell()",
        "                pass",
    ),
    Mutant("a closed puller keeps what it holds", PULLING, "self._all.release_all(self.owner)", "pass"),
    Mutant("a paused subscriber loses a slot", SUBSCRIBER, "                self._free_slot()\n", ""),
    Mutant("a subscriber has no limit", SUBSCRIBER, "await self._slots.acquire()", "pass"),
    Mutant("a stopped puller goes on", PULLING, "if self._stopped:\n", "if False:\n"),
    Mutant("poison one sighting later", WORKER, "if seen < limit:", "if seen <= limit:"),
    Mutant(
        "sightings are not forgotten at a match",
        WORKER,
        "self.sightings.forget(message)\n            await delivery.run",
        "await delivery.run",
    ),
    Mutant("one message too many at once", SLOTS, "< self._tasks_limit", "<= self._tasks_limit"),
    Mutant(
        "an unrouted message counts",
        SLOTS,
        "                    else:\n                        self._left += 1\n",
        "",
    ),
    Mutant("a kept task carries on", SLOTS, "(kept > 0 and kept > references_of_waking()) or ", ""),
    Mutant("a context variable stays for the next message", SLOTS, " or copy_context() != context", ""),
    Mutant("a request to cancel stays for the next message", SLOTS, "return task.cancelling() > 0 or ", "return "),
    Mutant("who ends a worker is not known", SLOTS, "self._requests.ending = True", "pass"),
    Mutant("no time limit", DELIVERY, "deadline.begin(actor.timeout)", "pass"),
    Mutant("a time limit that has come is a cancellation", DELIVERY, "if deadline.end():", "if not deadline.end():"),
    Mutant("always_ack follows on_error", CONFIRMATION, 'if mode == "always_ack":', 'if mode == "never":'),
    Mutant(
        "ack_first acks last",
        DELIVERY,
        'if actor.confirmation_mode == "ack_first" and',
        'if actor.confirmation_mode == "never" and',
    ),
    Mutant("manual_explicit takes any word", CONFIRMATION, 'if mode != "manual_explicit":', "if True:"),
    Mutant(
        "a rewind keeps the sightings",
        "stepping/timeline.py",
        "self._sightings.set(kept.message, kept.seen_before)",
        "pass",
    ),
    Mutant(
        "a step goes on listening to the server",
        "stepping/recorder.py",
        "            end_observing()",
        "            pass",
    ),
    Mutant(
        "a step that is cut short counts as a sighting",
        "stepping/recorder.py",
        "self.sightings.set(message, seen_before)",
        "pass",
    ),
    Mutant("a step shows no result", "stepping/step_builder.py", "self._result = copy_of(result)", "pass"),
    Mutant(
        "a step does not say what it sent",
        "stepping/step_builder.py",
        "self._published = (*self._published, channel)",
        "pass",
    ),
    Mutant(
        "a closed Stepper keeps the connection",
        "stepping/memory.py",
        "                self._let_go()",
        "                pass",
    ),
    Mutant("control characters are printed", "printable.py", "if text.isprintable():", "if True:"),
    Mutant("a worker leaves its timer on the loop", WORKER, "            self.close()\n", ""),
    Mutant(
        "a limit is one too high",
        CAPACITY,
        "return self.used + cost <= self.size",
        "return self.used + cost <= self.size + 1",
        "limits",
    ),
    Mutant("a limit is not given back", CAPACITY, "capacity.used -= cost", "pass", "limits"),
    Mutant("a large payload runs beside others", CAPACITY, "return not self.holders", "return True", "limits"),
    Mutant(
        "a door stays shut",
        "limits/doors.py",
        "                    self._puller.resume(channel)",
        "                    pass",
        "limits",
    ),
    Mutant("leases are kept", GATE, "await self.leases.pop().release()", "self.leases.pop()", "limits"),
    Mutant("a policy's pause stays", GATE, "self._set_paused(channels, reservation, shut=False)", "pass", "limits"),
]


def occurrences(mutant: Mutant) -> int:
    """Return how often the text that a mutant replaces stands in its file."""
    return (PACKAGE / mutant.file).read_text(encoding="utf-8").count(mutant.right)


def seen_by(mutant: Mutant, folder: Path, python: str = sys.executable) -> str:
    """Plant a fault in a copy of the package, and return the first violation there; nothing where all holds.

    Args:
        mutant: The fault.
        folder: Where the copy is made.
        python: The interpreter.
    """
    copy = folder / mutant.name.replace(" ", "_").replace(",", "")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(PACKAGE, copy / "repid_nb", ignore=shutil.ignore_patterns("__pycache__"))
    file = copy / "repid_nb" / mutant.file
    file.write_text(file.read_text(encoding="utf-8").replace(mutant.right, mutant.wrong), encoding="utf-8")
    path = os.pathsep.join((str(copy), str(TESTS)))
    try:
        done = subprocess.run(  # noqa: S603  (this interpreter, or one that the caller names)
            [python, "-m", "soak", mutant.part, "--histories", str(HISTORIES), "--first"],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"not done after {SECONDS} s"
    finally:
        shutil.rmtree(copy, ignore_errors=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout.partition(FIRST)[2].strip()
