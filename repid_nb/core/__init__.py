"""The queue core: messages, an in-memory server, routers, actors, the worker and the app."""
