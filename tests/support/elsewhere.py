"""What another process can import and do."""


class OddError(Exception):
    """An exception that cannot be made anew from its arguments, so no pickle of it can be read."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} and {second}")


class NotThere:
    """Its pickle names something that cannot be found where it is read."""

    def __reduce__(self) -> tuple[object, ...]:
        return getattr, (NotThere, "nowhere")


def fail_oddly() -> None:
    """Raise what cannot be carried back."""
    raise OddError("one", "two")


def answer_oddly() -> object:
    """Return what cannot be carried back."""
    return NotThere()


def takes(thing: object) -> object:
    """Return what was given."""
    return thing
