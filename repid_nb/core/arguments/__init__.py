"""An actor's arguments: read from a message, converted, validated, injected."""
