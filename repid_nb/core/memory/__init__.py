"""The server in memory: its queues, how messages are pulled off them, and how changes are taken back."""
