"""Asking a routing strategy about a message, and finding the reason of its answer."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from repid_nb.core.errors import is_from_outside
from repid_nb.core.message import BaseMessageT
from repid_nb.core.routing.strategies import CatchAllStrategy, TopicStrategy
from repid_nb.core.text import plain_text, text_of
from repid_nb.printable import beginning, contained, short
from repid_nb.stepping.exceptions import message_of
from repid_nb.stepping.lookalikes import looks_like, told_apart

__all__ = ["NOT_ASKED", "Answer", "examine", "strategy_name"]

_BUILT_IN: dict[type, str] = {TopicStrategy: "topic", CatchAllStrategy: "catch-all"}

MAX_READINGS = 8
MAX_MESSAGE = 200
# Characters of a topic up to which the answer about it is kept.
LONGEST_KEPT = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of one strategy about a message, with its reason.

    Attributes:
        answer: Whether a worker takes it for a yes; False when the strategy raised.
        outcome: The answer as a word.
        reason: The reason, in one line.
        error: The exception that the strategy raised, or None.
    """

    answer: bool
    outcome: Literal["match", "no match", "error", "not asked"]
    reason: str
    error: BaseException | None = None


NOT_ASKED = Answer(False, "not asked", "it may keep state, which asking could change")
TAKES_EVERYTHING = Answer(True, "match", "takes everything")


def examine(strategy: Callable[[BaseMessageT], Any], message: BaseMessageT, *, without_trace: bool = False) -> Answer:
    """Ask a strategy once whether it takes a message; return the answer with its reason.

    A built-in strategy is explained by its rule. A custom one gets a message that notes what the strategy reads.

    Args:
        without_trace: Whether the message stays as it is, even where the strategy changes the headers.
    """
    # Exactly these classes, as in the routing table: one that inherits from them may answer differently.
    if type(strategy) is TopicStrategy:
        return _answer_by_topic(strategy, message)
    if type(strategy) is CatchAllStrategy:
        return TAKES_EVERYTHING
    watched = WatchedMessage(message)
    try:
        answer = strategy(watched)
        counts = bool(answer)
    except BaseException as error:
        if is_from_outside(error):
            raise
        return Answer(False, "error", f"{watched.readings()}raised {_error_text(error)}", error)
    finally:
        if not without_trace:
            watched.write_back()
    if inspect.iscoroutine(answer):
        answer.close()
        return Answer(
            True,
            "match",
            "returned a coroutine, which always counts as yes: write the strategy with def, not async def",
        )
    shown = short(answer) if isinstance(answer, bool) else f"{short(answer)}, which counts as {counts}"
    return Answer(counts, _outcome(counts), f"{watched.readings() or 'read nothing of the message '}→ {shown}")


def strategy_name(strategy: Callable[..., Any], factory: Callable[..., Any] | None = None) -> str:
    """Return the name of a strategy: `topic`, `catch-all`, or the name of the function that made it."""
    if (built_in := _BUILT_IN.get(type(strategy))) is not None:
        return built_in
    name = getattr(factory, "__name__", "")
    if name == "<lambda>":
        # It says nothing; what it made may be called something.
        name = text_of(_own_name(strategy)).rsplit(".", 1)[-1]
    name = name or _own_name(strategy)
    made_by = text_of(name).split(".<locals>", maxsplit=1)[0].rsplit(".", 1)[-1]
    # repid's own strategies, on an actor that was declared with repid itself.
    return {"topic_based_routing_strategy": "topic", "catch_all_routing_strategy": "catch-all"}.get(made_by, made_by)


def _own_name(strategy: Callable[..., Any]) -> Any:
    # A learner's class may look up attributes in its own way, and raise.
    with contained():
        return getattr(strategy, "__qualname__", "") or type(strategy).__name__
    return type(strategy).__name__


def _error_text(error: BaseException) -> str:
    message = beginning(" ".join(message_of(error).split()), MAX_MESSAGE, "...")
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _outcome(answer: bool) -> Literal["match", "no match"]:
    return "match" if answer else "no match"


def _answer_by_topic(strategy: TopicStrategy, message: BaseMessageT) -> Answer:
    answers, headers = strategy(message), message.headers or {}
    if "topic" not in headers:
        near = next((name for name in headers if isinstance(name, str) and _is_nearly_topic(name)), None)
        called = "" if near is None else f": it is called {told_apart(near, 'topic')[0]} here"
        return Answer(answers, _outcome(answers), f"no topic header{called}")
    topic, wanted = headers["topic"], strategy.topic
    # A header may be anything, also what has no hash, or a megabyte that would be kept.
    is_kept = type(topic) is str and type(wanted) is str and len(topic) <= LONGEST_KEPT
    answer = _answer_about if is_kept else _answer_about.__wrapped__
    return answer(topic, wanted, answers)


# Built once for each topic and actor: many are asked at each step.
@lru_cache(maxsize=4096)
def _answer_about(topic: Any, wanted: Any, answers: bool) -> Answer:
    if isinstance(topic, str) and isinstance(wanted, str) and looks_like(topic, wanted):
        there, here = told_apart(topic, wanted)
        return Answer(answers, _outcome(answers), f"wants topic {here}, and this is {there}")
    return Answer(answers, _outcome(answers), f"{'topic is' if answers else 'wants topic'} {_shown(wanted)}")


def _is_nearly_topic(name: str) -> bool:
    return name.strip().lower() == "topic" or looks_like(plain_text(name), "topic")


def _shown(value: Any) -> str:
    """Return a value as Python would write it; text of a subclass of str, such as a StrEnum, as plain text."""
    return short(plain_text(value)) if isinstance(value, str) else short(value)


class WatchedMessage:
    """A message that notes which of its parts a custom strategy reads."""

    def __init__(self, message: BaseMessageT) -> None:
        self._message = message
        self._read: dict[str, None] = {}
        self._headers: _WatchedHeaders | None = None

    @property
    def headers(self) -> dict[str, str] | None:
        headers = self._message.headers
        if headers is None:
            self._note("headers = None")
            return None
        if self._headers is None:
            self._headers = _WatchedHeaders(headers, self._note)
        return self._headers

    @property
    def payload(self) -> bytes:
        self._note(f"payload = {short(self._message.payload)}")
        return self._message.payload

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._message, name)
        self._note(f"{name}()" if callable(value) else f"{name} = {_shown(value)}")
        return value

    def __repr__(self) -> str:
        # Printing a message is not noted: a strategy does not base its answer on it.
        return repr(self._message)

    def readings(self) -> str:
        """Return what was read, in order, each part once; with a trailing space, or empty."""
        if not self._read and self._headers is not None:
            self._note("headers")
        more = len(self._read) - MAX_READINGS
        read = ", ".join(itertools.islice(self._read, MAX_READINGS))
        return f"read {read}{f' and {more} more' if more > 0 else ''} " if read else ""

    def write_back(self) -> None:
        """Copy the strategy's changes of the headers to the message, as they would reach it in a worker."""
        original = self._message.headers
        if self._headers is not None and original is not None and dict.items(self._headers) != original.items():
            changed = dict(dict.items(self._headers))
            original.clear()
            original.update(changed)

    def _note(self, what: str) -> None:
        self._read[what] = None


class _WatchedHeaders(dict[str, str]):
    """Headers that note which of them are read; otherwise a dict."""

    __slots__ = ("_note",)

    def __init__(self, headers: dict[str, str], note: Callable[[str], None]) -> None:
        super().__init__(headers)
        self._note = note

    def _looked_up(self, name: Any) -> None:
        found = dict.get(self, name)
        shown = f"headers[{_shown(name)}]"
        self._note(f"{shown} = {_shown(found)}" if name in dict.keys(self) else f"{shown} (not there)")

    def _all(self) -> None:
        self._note("all headers")

    def __getitem__(self, name: str) -> str:
        self._looked_up(name)
        return super().__getitem__(name)

    def get(self, name: Any, default: Any = None) -> Any:
        self._looked_up(name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self._looked_up(name)
        return super().__contains__(name)

    def __iter__(self) -> Iterator[str]:
        self._all()
        return super().__iter__()

    def __eq__(self, other: object) -> bool:
        self._all()
        return super().__eq__(other)

    __hash__ = None

    def __reduce__(self) -> Any:
        # A copy is an ordinary dict.
        self._all()
        return dict, (dict(dict.items(self)),)

    def keys(self) -> Any:
        self._all()
        return super().keys()

    def values(self) -> Any:
        self._all()
        return super().values()

    def items(self) -> Any:
        self._all()
        return super().items()
