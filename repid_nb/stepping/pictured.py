"""What can be drawn: the base of the records that have a picture."""

from __future__ import annotations

from repid_nb.core.record import Record
from repid_nb.picture import Picture

__all__ = ["Pictured"]


class Pictured:
    """Something with a picture, which `repid_nb.display` draws."""

    __slots__ = ()

    def picture(self, of: str | None = None) -> Picture:
        """Return a picture: SVG for a notebook, a page or a README, drawn from what really happened.

        Args:
            of: Which one, where there are several (see `repid_nb.as_picture`); None for the usual one.

        Raises:
            UnknownNameError: There is no such picture.
            DeclarationError: There is nothing to draw, as for the middleware of a step in which no actor ran.
        """
        drawn: Picture = Record.as_picture(self, of)
        return drawn
