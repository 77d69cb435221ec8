"""A notebook's kernel: its event loop, its interrupt button, what would end it, and its cells."""
