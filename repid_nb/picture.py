"""A picture: SVG that needs nothing beside it, and the same in words."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

__all__ = ["Picture"]


@dataclass(frozen=True, slots=True, repr=False)
class Picture:
    """A picture of a record, as a notebook, a web page and a README show it.

    Attributes:
        svg: The picture as SVG. It holds its style for a light and for a dark page, asks for no other file, and carries
            `text` for a screen reader.
        text: What it shows, in words.
    """

    svg: str
    text: str

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the picture to a file, such as `picture.svg`, and return its path.

        Raises:
            OSError: The file cannot be written.
        """
        file = Path(path)
        file.write_text(self.svg, encoding="utf-8")
        return file

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        # JupyterLab shows an SVG as an image: as wide as it is drawn, in the system's theme, without its words. As part
        # of the page it becomes narrow with it, knows the page's theme, and is read aloud.
        html = f'<div class="mathjax_ignore tex2jax_ignore">{self.svg}</div>'
        return {"text/html": html, "image/svg+xml": self.svg, "text/plain": self.text}
