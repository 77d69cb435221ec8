"""A real broker on this machine, for one notebook or for a class."""
