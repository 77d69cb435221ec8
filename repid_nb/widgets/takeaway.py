"""A session to take away: as a cell of Python, as JSON Lines of Steps, as a Mermaid sequence diagram."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from repid_nb.core.errors import InvalidMessageError
from repid_nb.core.worker import MAX_UNROUTED_RETRIES
from repid_nb.display import words
from repid_nb.stepping.record import Step
from repid_nb.widgets.story import who

__all__ = ["Deeds", "as_cell", "as_json_lines", "as_mermaid", "steps_of"]


@dataclass(slots=True)
class Deeds:
    """What was done with a Stepper, as lines of Python; only the newest are kept.

    Attributes:
        limit: How many lines are kept.
    """

    limit: int = 2000
    _lines: list[tuple[str, int]] = field(default_factory=list)
    _dropped: int = 0

    def add(self, call: str) -> None:
        """Add a call of the Stepper, such as `await stepper.step()`; the same call again is counted."""
        if self._lines and self._lines[-1][0] == call:
            self._lines[-1] = (call, self._lines[-1][1] + 1)
            return
        self._lines.append((call, 1))
        if len(self._lines) > self.limit:
            del self._lines[0]
            self._dropped += 1

    def send(self, channel: str, payload: Any, options: Mapping[str, Any], count: int = 1) -> None:
        """Add the sending of a message."""
        given = "".join(f", {name}={value!r}" for name, value in options.items() if value not in (None, {}))
        for _ in range(count):
            self.add(f"await stepper.send({channel!r}, {payload!r}{given})")

    def lines(self) -> Iterable[str]:
        """Yield the lines, repeated calls as loops."""
        if self._dropped:
            yield f"# {words.counted(self._dropped, 'earlier call')} left out"
        for call, times in self._lines:
            if times == 1:
                yield call
            else:
                yield f"for _ in range({times}):"
                yield f"    {call}"


def as_cell(deeds: Deeds, *, max_unrouted_retries: int) -> str:
    """Return a session as a cell that does it all again, with the same actors and empty queues.

    Args:
        deeds: What was done.
        max_unrouted_retries: The Stepper's own.
    """
    option = "" if max_unrouted_retries == MAX_UNROUTED_RETRIES else f", max_unrouted_retries={max_unrouted_retries}"
    lines = [
        "from repid_nb import InMemoryServer, Repid, Stepper",
        "",
        "again = Repid()",
        'again.servers.register_server("default", InMemoryServer(), is_default=True)',
        "again.include_router(app.router)  # the actors of your app",
        f"stepper = Stepper(again{option})",
        "",
        *deeds.lines(),
        "stepper.history",
    ]
    return "\n".join(lines) + "\n"


def as_json_lines(steps: Iterable[Step]) -> str:
    """Return steps as JSON Lines, one a line."""
    return "".join(f"{json.dumps(step.to_dict(), ensure_ascii=False)}\n" for step in steps)


def steps_of(text: str) -> tuple[Step, ...]:
    """Return the steps that `as_json_lines` wrote.

    Raises:
        InvalidMessageError: A line is no step; the message says which and why. Or there is none.
    """
    steps = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            steps.append(Step.from_dict(json.loads(line)))
        except ValueError as error:
            raise InvalidMessageError(f"Line {number} is not a step: {error}") from None
    if not steps:
        raise InvalidMessageError("There is no step in it: give the JSON Lines that the workbench wrote.")
    return tuple(sorted(steps, key=lambda step: step.number))


def as_mermaid(steps: Sequence[Step]) -> str:
    """Return steps as a Mermaid sequence diagram (https://mermaid.js.org)."""
    queues = {step.channel: f"q{place}" for place, step in enumerate({one.channel: one for one in steps}.values())}
    actors = {
        name: f"a{place}" for place, name in enumerate(dict.fromkeys(step.winner for step in steps if step.winner))
    }
    lines = ["sequenceDiagram"]
    lines += [f"    participant {key} as {_escaped(f'queue {name}')}" for name, key in queues.items()]
    lines += ["    participant w as worker"]
    lines += [f"    participant {key} as {_escaped(name)}" for name, key in actors.items()]
    lines += ["    participant d as dead letters"]
    for step in steps:
        queue, message = queues[step.channel], words.message_name(step.message)
        settled = _escaped(f"{words.SETTLEMENTS[step.settlement.action][0]}: {step.settlement.reason}")
        lines.append(
            f"    {queue}->>w: {_escaped(f'{step.number}. {message}, {words.topic_text(step.message)}')}",
        )
        if step.winner is None:
            lines.append(f"    Note over w: {_escaped(who(None, step.verdicts))}")
        else:
            actor = actors[step.winner]
            lines.append(f"    w->>{actor}: run")
            ended = f"raised {step.exception.type}" if step.exception is not None else "returned"
            lines.append(f"    {actor}-->>w: {_escaped(ended)}")
        match None if step.settlement.action is None else step.settlement.action.value:
            case "nacked":
                lines.append(f"    w-xd: {settled}")
            case "rejected":
                lines.append(f"    w-->>{queue}: {settled}")
            case _:
                lines.append(f"    Note over w: {settled}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    """Return text in which nothing means anything to Mermaid."""
    line = words.one_line(text)
    return "".join(one if one.isalnum() or one in " _.,:'()=/✓✗↩⚠-" else f"#{ord(one)};" for one in line)
