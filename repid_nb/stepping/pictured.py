"""What can be drawn: the bases of all that has a picture, or is a film."""

from __future__ import annotations

from collections.abc import Mapping

from repid_nb.core.record import Views
from repid_nb.given import check_notes
from repid_nb.picture import Picture

__all__ = ["Filmed", "Pictured"]


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
        drawn: Picture = Views.as_picture(self, of)
        return drawn


class Filmed(Pictured):
    """Steps, which are a film too."""

    __slots__ = ()

    def film(self, notes: Mapping[int, str] | None = None, *, title: str = "") -> Picture:
        """Return the steps as a film: an SVG that moves, and where nothing may move a still of the end.

        Args:
            notes: What to say at a moment, by the number of its step; 0 is the moment before the first.
            title: What it is called.

        Returns:
            The film. Of more than thirty steps it shows the newest thirty.

        Raises:
            DeclarationError: The notes or the title have the wrong type.
        """
        check_notes(notes, title)
        drawn: Picture = Views.as_picture(self, "film", notes=notes, title=title)
        return drawn
