"""Let urgent messages overtake."""

from repid_nb.classroom.answers import Function
from repid_nb.classroom.exercise import Case, Exercise, Trial
from repid_nb.classroom.wants import DeadLetters, PulledInOrder
from repid_nb.core.routing.router import Router

__all__ = ["EXERCISE", "batch", "in_order"]


def batch(*mails: str) -> list[dict[str, str]]:
    """Return emails as the learner's function gets them: `batch("newsletter ada")`."""
    return [dict(zip(("kind", "to"), mail.rsplit(" ", 1), strict=True)) for mail in mails]


async def arrange(trial: Trial) -> None:
    """Let the mailer listen, and call the answer once for each batch."""
    router = Router(channel="mails")

    @router.actor
    async def send_mail(kind: str, to: str) -> None: ...

    trial.include(router)
    for mails in trial.given:
        await trial.call(trial.app, mails)


def in_order(*mails: str, given: list[list[dict[str, str]]], because: str = "") -> Case:
    """Make a case: the emails of these batches are pulled in this order, unchanged, and the actor reads each.

    Args:
        mails: The emails in the order in which they are to be pulled.
        given: What the answer is called with, a batch for each call.
        because: Why it is wanted, as a sentence.
    """
    return Case(PulledInOrder(*batch(*mails)), DeadLetters(0), given=given, because=because)


EXERCISE = Exercise(
    name="priority-1",
    level=1,
    chapter=5,
    title="Nobody waits for a password behind a newsletter",
    asks="Pass an async function that sends every email of a list, with the priority of its kind.",
    answer=Function("async def send_mails(app, mails)"),
    channel="mails",
    arrange=arrange,
    cases=(
        in_order("invoice ada", given=[batch("invoice ada")]),
        in_order(
            "password reset bob",
            "newsletter ada",
            given=[batch("newsletter ada", "password reset bob")],
            because="A customer waits for the password.",
        ),
        in_order(
            "password reset bob",
            "invoice ada",
            given=[batch("invoice ada", "password reset bob")],
            because="A customer waits for the password.",
        ),
        in_order(
            "invoice bob",
            "newsletter ada",
            given=[batch("newsletter ada", "invoice bob")],
            because="A newsletter has time.",
        ),
        in_order(
            "password reset ada",
            "password reset bob",
            given=[batch("password reset ada", "password reset bob")],
            because="Emails of one kind go out in the order of the list.",
        ),
        in_order(
            "password reset cy",
            "birthday card bob",
            "newsletter ada",
            given=[batch("newsletter ada", "birthday card bob", "password reset cy")],
            because="A birthday card is another kind, and belongs between the two.",
        ),
        in_order(
            "password reset cy",
            "newsletter ada",
            "newsletter bob",
            given=[batch("newsletter ada", "newsletter bob"), batch("password reset cy")],
            because="The function was called twice, and the newsletters were still waiting at the second call.",
        ),
        in_order(
            "password reset cy",
            "password reset di",
            "invoice bob",
            "newsletter ada",
            given=[batch("newsletter ada", "invoice bob"), batch("password reset cy", "password reset di")],
            because="The function was called twice, and the first emails were still waiting at the second call.",
        ),
    ),
    hints=(
        "Look at the Step: its first lines show the message's priority where it is not 4.",
        (
            "The function is called again while earlier emails still wait. The order in which you send cannot help "
            "those; what does a message have that lets it overtake?"
        ),
        (
            "Higher numbers are pulled first, 4 is what you get when you say nothing. In a program the number goes "
            "into `server_specific_parameters` of the message, as the chapter on priority shows."
        ),
    ),
)
