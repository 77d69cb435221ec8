"""One pull at a time, recorded."""
