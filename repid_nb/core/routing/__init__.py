"""Declaring actors: routers, what they hand down, and the strategies that say who takes a message."""
