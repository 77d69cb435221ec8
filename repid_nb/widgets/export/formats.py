"""Steps as JSON Lines and as a Mermaid sequence diagram."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from repid_nb.core.errors import InvalidMessageError
from repid_nb.display import words
from repid_nb.display.sentences import who
from repid_nb.printable import json_line, one_line
from repid_nb.stepping.record import Step

__all__ = ["as_json_lines", "as_mermaid", "steps_of"]


def as_json_lines(steps: Iterable[Step]) -> str:
    """Return steps as JSON Lines, one per line."""
    return "".join(f"{json_line(step.to_dict())}\n" for step in steps)


def steps_of(text: str) -> tuple[Step, ...]:
    """Return the steps that `as_json_lines` wrote.

    Raises:
        InvalidMessageError: A line is not a step, and the message says which and why; or there is no line.
    """
    steps = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            steps.append(Step.from_dict(json.loads(line)))
        except ValueError as error:
            raise InvalidMessageError(f"Line {number} is not a step: {one_line(str(error))}") from None
        except RecursionError:
            raise InvalidMessageError(f"Line {number} is not a step: it is nested too deep.") from None
    if not steps:
        raise InvalidMessageError("There is no step in it: give the JSON Lines that the workbench wrote.")
    return tuple(sorted(steps, key=lambda step: step.number))


def as_mermaid(steps: Sequence[Step]) -> str:
    """Return steps as a Mermaid sequence diagram (https://mermaid.js.org)."""
    channels = dict.fromkeys(name for step in steps for name in (step.channel, *step.published))
    queues = {name: f"q{place}" for place, name in enumerate(channels)}
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
            for child, channel in zip(step.children, step.published, strict=False):
                lines.append(f"    {actor}->>{queues[channel]}: {_escaped(f'sent {child}')}")
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
    """Return text without characters that have a meaning in Mermaid."""
    line = one_line(text)
    return "".join(one if one.isalnum() or one in " _.,:'()=/✓✗↩⚠-" else f"#{ord(one)};" for one in line)
