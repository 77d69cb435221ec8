"""Stepping brokers through repid's server objects; nothing of repid is imported before one of them is registered."""
