"""The names of `repid.serializer`, for code that imports them from there, as repid's documentation does."""

from repid_nb.core.message import SerializerT
from repid_nb.core.serializer import default_serializer

__all__ = ["SerializerT", "default_serializer"]
