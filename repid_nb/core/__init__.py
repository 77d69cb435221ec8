"""The queue core: messages, an in-memory server, routers, actors and the worker."""
