"""The exercises: one module each, named like the exercise with underscores, that defines `EXERCISE`."""
