"""What may happen in a history, as plain data: drawn from a seed, written in a report, left out to make it shorter."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, TypeAlias

from soak.hostile import TEXTS
from soak.world import CHANNELS, RAISES, TIMEOUT, TOPICS

__all__ = ["Operation", "Setting", "draw_history"]

# A name and its arguments; `History` has a method of that name.
Operation: TypeAlias = tuple[Any, ...]
Setting: TypeAlias = dict[str, Any]

SECONDS = (0.0, 0.01, 0.5, 1.0, 3.0, TIMEOUT + 1, 30.0)
UNWANTED = ("nobody", None, "odd", "odd_cancels", "odd_exits")


def draw_history(random: Random) -> tuple[Setting, list[Operation]]:
    """Draw what a history begins with, and what happens in it.

    Args:
        random: Where chance comes from; the same seed gives the same history.
    """
    setting = {
        "dead_letter_limits": tuple(random.choice((1, 3, 1000)) for _ in range(random.choice((1, 1, 2)))),
        "shuffle": random.randrange(1 << 30) if random.random() < 0.2 else None,
        # Where Python has eager tasks (3.12).
        "eager": random.random() < 0.3,
    }
    draws, weights = zip(*((draw, weight) for draw, weight in DRAWS), strict=True)
    chosen = random.choices(draws, weights, k=random.randint(5, 60))
    # Something to do from the beginning.
    return setting, [_send(random) for _ in range(random.randint(0, 6))] + [draw(random) for draw in chosen]


def _send(random: Random) -> Operation:
    # Sighted, matched and sent back, again and again: only sightings in a row count.
    comes_back = random.random() < 0.1
    return (
        "send",
        random.randrange(2),
        random.choice(CHANNELS),
        "sometimes" if comes_back else _topic(random),
        random.choice((4, 4, 4, 4, 0, 5, 9)),
        ((("settle", "reject"),),) * 6 if comes_back else _scripts(random),
        _text(random),
        random.choice(("json", "json", "raw", "stepper", "named")),
    )


def _topic(random: Random) -> str | None:
    return random.choice(UNWANTED) if random.random() < 0.2 else random.choice(TOPICS)


def _text(random: Random) -> str:
    return random.choice(TEXTS) if random.random() < 0.4 else ""


def _scripts(random: Random) -> tuple[Any, ...]:
    return tuple(
        tuple(_line(random) for _ in range(random.choice((0, 1, 1, 2, 3))))
        for _ in range(random.choice((0, 1, 1, 2, 6)))
    )


def _line(random: Random) -> tuple[Any, ...]:
    lines: list[tuple[Any, ...]] = [
        ("sleep", random.choice(SECONDS)),
        ("sleep", random.choice(SECONDS)),
        ("sleep", 0),
        ("resist", random.choice(SECONDS)),
        ("raise", random.choice(tuple(RAISES))),
        ("raise", random.choice(tuple(RAISES))),
        ("print", random.choice(TEXTS)),
        ("cancel_self", random.choice(("and waits", "and goes on"))),
        ("keep_task",),
        ("cancel_kept",),
        ("leave_task", random.choice(SECONDS)),
        ("set_variable",),
        ("settle", random.choice(("ack", "nack", "reject"))),
        ("settle", random.choice(("ack", "nack", "reject"))),
        ("reply", random.choice(CHANNELS)),
        ("send", random.choice(CHANNELS), random.choice(("auto", "first", "nobody"))),
        ("return", random.choice(("ack", "nack", "reject", "no_action", "other", *TEXTS))),
    ]
    return random.choice(lines)


def _pick(random: Random) -> int:
    """Draw which of several is meant; the history counts round."""
    return random.randrange(4)


def _worker(random: Random) -> Operation:
    limits = (random.choice((1, 2, 3, 5, 10, 1000, float("inf"))), random.choice((1, 1, 2, 3, 10, 1000)))
    return ("worker", random.randrange(2), *limits, random.choice((0.0, 0.5, 25.0)))


def _subscribe(random: Random) -> Operation:
    channels = tuple(random.sample(CHANNELS, random.randint(1, 2)))
    return ("subscribe", random.randrange(2), channels, random.choice((None, 0, 1, 2, 5)))


def _client(random: Random) -> Operation:
    letters = tuple((random.choice(CHANNELS), _topic(random), _scripts(random)) for _ in range(random.randint(1, 4)))
    return ("client", random.random() < 0.5, letters)


def _channel(random: Random) -> str | None:
    return random.choice((None, None, None, *CHANNELS))


Draw: TypeAlias = Callable[[Random], Operation]

DRAWS: list[tuple[Draw, int]] = [
    (_send, 30),
    (_worker, 8),
    (lambda random: ("cancel_worker", _pick(random), random.choice((0, 0, 1, 2, 5))), 5),
    (lambda random: ("stop_workers",), 2),
    (lambda random: ("sleep", random.choice(SECONDS)), 12),
    (lambda random: ("turns", random.choice((1, 1, 2, 3, 10, 100))), 10),
    (_subscribe, 3),
    (lambda random: ("pause", _pick(random)), 2),
    (lambda random: ("resume", _pick(random)), 3),
    (lambda random: ("close_subscriber", _pick(random)), 2),
    (
        lambda random: (
            "stepper",
            random.randrange(2),
            random.choice((1, 2, 3, 10)),
            random.random() < 0.7,
            random.choice((2, 1000)),
        ),
        4,
    ),
    (lambda random: ("step", _pick(random), _channel(random), random.random() < 0.2), 16),
    (lambda random: ("step_aside", _pick(random), _channel(random)), 4),
    (lambda random: ("cancel_step", _pick(random)), 3),
    (lambda random: ("cut_step", _pick(random), _channel(random), random.choice((0.1, 0.6, 1.1))), 3),
    (lambda random: ("hold_steps", _pick(random), random.choice((None, 0.0, 0.5))), 4),
    (lambda random: ("run", _pick(random), random.randint(1, 5)), 3),
    (lambda random: ("rewind", _pick(random), random.randint(0, 6)), 6),
    (lambda random: ("resend", _pick(random), random.choice(CHANNELS), random.choice((None, 0, 1, 2))), 5),
    (lambda random: ("explain", _pick(random), random.choice(CHANNELS), random.choice((*TOPICS, "nobody"))), 2),
    (lambda random: ("close_stepper", _pick(random)), 1),
    (lambda random: ("workbench", _pick(random)), 1),
    (_client, 3),
    (lambda random: ("reconnect", random.randrange(2), random.choice((0, 1, 3))), 2),
    (lambda random: ("cancel_kept",), 3),
]
