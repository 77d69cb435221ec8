"""Runs as plain data, for files and data frames."""

from __future__ import annotations

import base64
from itertools import pairwise
from typing import Any

from repid_nb.core.errors import SimulationError
from repid_nb.core.message import MessageData
from repid_nb.simulation.columns import NOT_YET, OUTCOMES, Columns
from repid_nb.simulation.records import WorkerLife

__all__ = ["from_dict", "to_dict", "to_frame"]

VERSION = 1


def to_dict(run: Any) -> dict[str, Any]:
    """Return a run as plain data; see `Run.to_dict`."""
    return {
        "version": VERSION,
        "seed": run.seed,
        "micros": run.micros,
        "ended_by": run.ended_by,
        "notes": list(run.notes),
        "printed": run.printed,
        "workers": [{name: getattr(life, name) for name in WorkerLife.__dataclass_fields__} for life in run.lives],
        "sources": list(run.columns.sources),
        "actors": list(run.columns.actors),
        "messages": [_message(run, number) for number in range(len(run.columns.sent))],
    }


def from_dict(data: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of the run that `to_dict` made `data` from.

    Raises:
        SimulationError: The data is not that of a run.
    """
    try:
        if data["version"] != VERSION:
            raise SimulationError(f"This is a run of version {data['version']!r}; only {VERSION} is known.")
        lives = tuple(WorkerLife(**one) for one in data["workers"])
        columns = _columns(data, [life.name for life in lives])
        return {
            "seed": data["seed"],
            "micros": data["micros"],
            "ended_by": data["ended_by"],
            "notes": tuple(data["notes"]),
            "printed": data["printed"],
            "lives": lives,
            "columns": columns,
        }
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise SimulationError(f"This is not the data of a run: {type(error).__name__} {error}.") from None


def to_frame(run: Any) -> Any:
    """Return a DataFrame; see `Run.to_frame`."""
    try:
        import pandas as pd  # type: ignore[import-untyped, unused-ignore]  # noqa: PLC0415  (only here it is needed)
    except ImportError:
        raise ImportError("to_frame() needs pandas, which is not installed: pip install pandas") from None
    names = ("id", "channel", "topic", "priority", "source", "sent", "pulled", "started", "settled", "worker", "actor")
    figures = ("sightings", "outcome", "waited", "worked")
    return pd.DataFrame([{name: getattr(one, name) for name in (*names, *figures)} for one in run.messages])


def _message(run: Any, number: int) -> dict[str, Any]:
    columns: Columns = run.columns
    headers = columns.all_headers[columns.headers[number]]
    made = {
        "sent": columns.sent[number],
        "source": columns.sources[columns.source[number]],
        "channel": columns.channels[columns.channel[number]],
        "priority": columns.priority[number],
        "headers": None if headers is None else dict(headers),
        "content_type": columns.content_types[columns.content_type[number]],
        "payload": _text(columns.payload(number)),
        "pulls": [_pull(run, row) for row in run.messages.rows_of(number)],
    }
    if columns.parent[number] != NOT_YET:
        made["sent_for"] = columns.parent[number]
    if columns.waits_since[number] != NOT_YET:
        made["waits_since"] = columns.waits_since[number]
    return made


def _pull(run: Any, row: int) -> dict[str, Any]:
    columns: Columns = run.columns
    actor = columns.actor[row]
    return {
        "row": row,
        "since": columns.since[row],
        "pulled": columns.pulled[row],
        "started": columns.started[row],
        "ended": columns.ended[row],
        "worker": run.lives[columns.worker[row]].name,
        "actor": None if actor == NOT_YET else columns.actors[actor],
        "outcome": OUTCOMES[columns.outcome[row]],
        "reason": columns.reasons[columns.reason[row]],
        "error": columns.errors[columns.error[row]],
    }


def _columns(data: dict[str, Any], workers: list[str]) -> Columns:
    columns = Columns()
    for source in data["sources"]:
        columns.sources.number(source)
    # In the order of registration, in which a run shows them; runs of before did not say it.
    for actor in data.get("actors", ()):
        columns.actors.number(actor)
    pulls = []
    for place, one in enumerate(data["messages"]):
        parent = one.get("sent_for", NOT_YET)
        if not NOT_YET <= parent < place:
            raise SimulationError(f"This is not the data of a run: message {place} is sent for {parent!r}.")
        message = MessageData(payload=_bytes(one["payload"]), headers=one["headers"], content_type=one["content_type"])
        source = columns.sources.number(one["source"])
        number = columns.add_message(one["sent"], source, one["channel"], message, one["priority"], parent=parent)
        pulls += [(pull["row"], number, pull) for pull in one["pulls"]]
    pulls.sort(key=lambda pull: pull[0])
    if any(after[0] != before[0] + 1 for before, after in pairwise(pulls)):
        raise SimulationError("This is not the data of a run: a pull is missing.")
    for _, number, pull in pulls:
        row = columns.add_pull(number, pull["pulled"], workers.index(pull["worker"]))
        columns.since[row], columns.started[row], columns.ended[row] = pull["since"], pull["started"], pull["ended"]
        columns.actor[row] = NOT_YET if pull["actor"] is None else columns.actors.number(pull["actor"])
        columns.outcome[row] = OUTCOMES.index(pull["outcome"])
        columns.reason[row] = columns.reasons.number(pull["reason"])
        columns.error[row] = columns.errors.number(pull["error"])
    columns.trim()
    for number, one in enumerate(data["messages"]):
        columns.waits_since[number] = one.get("waits_since", NOT_YET)
    return columns


def _text(payload: bytes) -> dict[str, str]:
    try:
        return {"text": payload.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(payload).decode()}


def _bytes(given: dict[str, str]) -> bytes:
    return given["text"].encode() if "text" in given else base64.b64decode(given["base64"], validate=True)
