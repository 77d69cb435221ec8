"""When things of a film are where, and how visible: key frames for a style sheet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Track", "visible_in"]


@dataclass(slots=True)
class _Key:
    time: float
    x: float
    y: float
    opacity: float


class Track:
    """The way of one thing through a film.

    Args:
        x: Where it is at the beginning.
        y: The same, downwards.
        opacity: How visible it is at the beginning, 0 to 1.
    """

    def __init__(self, x: float = 0.0, y: float = 0.0, opacity: float = 1.0) -> None:
        self._keys = [_Key(0.0, x, y, opacity)]

    @property
    def place(self) -> tuple[float, float]:
        """Where it is at the end."""
        return self._keys[-1].x, self._keys[-1].y

    @property
    def opacity(self) -> float:
        """How visible it is at the end."""
        return self._keys[-1].opacity

    @property
    def time(self) -> float:
        """When it came to where it is, in seconds."""
        return self._keys[-1].time

    def go(
        self, start: float, end: float, x: float | None = None, y: float | None = None, opacity: float | None = None
    ) -> None:
        """Move, or fade, from `start` to `end`, in seconds; what is None stays."""
        last = self._keys[-1]
        start = max(start, last.time)
        if start > last.time:
            self._keys.append(_Key(start, last.x, last.y, last.opacity))
        self._keys.append(
            _Key(
                max(end, start),
                last.x if x is None else x,
                last.y if y is None else y,
                last.opacity if opacity is None else opacity,
            )
        )

    def key_frames(self, name: str, length: float, *, moves: bool = True) -> str:
        """Return the track as a rule for a style sheet.

        Args:
            name: The name of the animation.
            length: Of the whole film, in seconds.
            moves: Whether it moves; otherwise it only fades.
        """
        last = self._keys[-1]
        keys = [*self._keys, _Key(length, last.x, last.y, last.opacity)]
        frames: dict[str, str] = {}
        for key in keys:
            at = f"{100 * min(key.time, length) / length:.2f}".rstrip("0").rstrip(".")
            where = f"transform:translate({key.x:.0f}px,{key.y:.0f}px);" if moves else ""
            frames[at] = f"{where}opacity:{key.opacity:g}"
        return f"@keyframes {name}{{{''.join(f'{at}%{{{frame}}}' for at, frame in frames.items())}}}"


def visible_in(spans: Iterable[tuple[float, float]], quick: float = 0.12) -> Track:
    """Return the track of something that is seen only in some spans of time, and fades in and out."""
    track = Track(opacity=0.0)
    for start, end in spans:
        track.go(start, start + quick, opacity=1.0)
        track.go(max(end - quick, start + quick), end, opacity=0.0)
    return track
