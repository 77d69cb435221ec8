"""The worker: pull, route, run, settle."""
