"""Let urgent messages overtake."""

from repid_nb.classroom.answers import Function
from repid_nb.classroom.exercise import Case, Exercise, Stage
from repid_nb.classroom.wants import DeadLetters, PulledInOrder
from repid_nb.core.router import Router

__all__ = ["EXERCISE", "batch"]


def batch(*mails: str) -> list[dict[str, str]]:
    """Return mails as the learner's function gets them: `batch("newsletter ada")`."""
    return [dict(zip(("kind", "to"), mail.rsplit(" ", 1), strict=True)) for mail in mails]


async def arrange(stage: Stage) -> None:
    """Let the mailer listen, and call the answer once for each batch."""
    router = Router(channel="mails")

    @router.actor
    async def send_mail(kind: str, to: str) -> None: ...

    stage.include(router)
    for mails in stage.given:
        await stage.call(stage.app, mails)


EXERCISE = Exercise(
    name="priority-1",
    level=1,
    title="Nobody waits for a password behind a newsletter",
    asks="Pass an async function that sends every mail of a list, with the priority of its kind.",
    answer=Function("async def send_mails(app, mails)"),
    channel="mails",
    arrange=arrange,
    cases=(
        Case(PulledInOrder("ada", field="to"), DeadLetters(0), given=[batch("invoice ada")]),
        Case(
            PulledInOrder("bob", "ada", field="to"),
            given=[batch("newsletter ada", "password reset bob")],
            because="Somebody waits for the password.",
        ),
        Case(
            PulledInOrder("bob", "ada", field="to"),
            given=[batch("invoice ada", "password reset bob")],
            because="Somebody waits for the password.",
        ),
        Case(
            PulledInOrder("bob", "ada", field="to"),
            given=[batch("newsletter ada", "invoice bob")],
            because="A newsletter has time.",
        ),
        Case(
            PulledInOrder("ada", "bob", field="to"),
            given=[batch("password reset ada", "password reset bob")],
            because="Mails of one kind go out in the order of the list.",
        ),
        Case(
            PulledInOrder("cy", "ada", "bob", field="to"),
            given=[batch("newsletter ada", "newsletter bob"), batch("password reset cy")],
            because="The function was called twice, and the newsletters were still waiting at the second call.",
        ),
        Case(
            PulledInOrder("cy", "di", "bob", "ada", field="to"),
            given=[batch("newsletter ada", "invoice bob"), batch("password reset cy", "password reset di")],
            because="The function was called twice, and the first mails were still waiting at the second call.",
        ),
    ),
    hints=(
        "Look at the Step: its first line shows the message's priority where it is another than 4.",
        (
            "The function is called again while earlier mails still wait. The order in which you send cannot help "
            "those; what does a message have that lets it overtake?"
        ),
        (
            "Higher numbers are pulled first, 4 is what you get when you say nothing. In a program the number goes "
            "into `server_specific_parameters` of the message, as the chapter on priority shows."
        ),
    ),
)
