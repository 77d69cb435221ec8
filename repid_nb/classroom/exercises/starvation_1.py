"""Find who starves in a run."""

from collections.abc import Iterable
from dataclasses import dataclass

from repid_nb.app import Repid
from repid_nb.classroom.answers import Function, Refused, described
from repid_nb.classroom.exercise import Case, Exercise, Trial
from repid_nb.classroom.records import Finding
from repid_nb.core.memory.server import InMemoryServer
from repid_nb.core.routing.router import Router
from repid_nb.simulation.arrivals import poisson
from repid_nb.simulation.run import Run
from repid_nb.simulation.simulation import Simulation

__all__ = ["EXERCISE", "Call", "Starving", "week"]

SECONDS = 200
TOPICS = ("pipe", "tap", "fence", "shed")


@dataclass(frozen=True)
class Call:
    """Calls of one topic: how many come in a second, and their priority; None for the server's default."""

    topic: str
    per_second: float
    priority: int | None = None


def week(*calls: Call, workers: int = 1) -> Run:
    """Play some minutes of calls; each takes a worker a second."""
    app, repairs = Repid(), Router(channel="repairs")
    app.servers.register_server("default", InMemoryServer(), is_default=True)

    async def visit() -> None: ...

    for topic in TOPICS:
        repairs.actor(name=topic)(visit)
    app.include_router(repairs)
    simulation = Simulation(app, seed=1)
    for call in calls:
        simulation.produce(
            "repairs", topic=call.topic, priority=call.priority, arrivals=poisson(per_second=call.per_second)
        )
    for topic in TOPICS:
        simulation.takes(topic, 1)
    for _ in range(workers):
        simulation.worker(tasks_limit=1)
    return simulation.run(seconds=SECONDS)


@dataclass(frozen=True)
class Starving:
    """These topics starve, and no others."""

    topics: tuple[str, ...] = ()

    def judge(self, trial: Trial) -> Finding | None:
        """Return the run where a topic is missing or one too many is named, otherwise None."""
        named, run = _topics(trial.notes["answer"]), trial.notes["run"]
        missing = [topic for topic in self.topics if topic not in named]
        too_many = sorted(named - set(self.topics))
        if not missing and not too_many:
            return None
        topic = [*missing, *too_many][0]
        said = f"{'not ' if missing else ''}among those that you named"
        does = "starves" if missing else "does not starve"
        return Finding(
            happened=f"{topic!r} is {said}.",
            wanted=f"{topic!r} {does}: {_done(run, topic)}. {_others(run, topic)}",
            shown=run,
        )


def _topics(answer: object) -> set[str]:
    if isinstance(answer, str) or not isinstance(answer, Iterable):
        advice = " Is its `return` missing?" if answer is None else ""
        raise Refused(f"Your function returned {described(answer)}, not a set or a list of topics.{advice}")
    return {str(topic) for topic in answer}


def _counts(run: Run, topic: str) -> tuple[int, int]:
    messages = [message for message in run.messages if message.topic == topic]
    return sum(message.settled is not None for message in messages), len(messages)


def _done(run: Run, topic: str) -> str:
    done, messages = _counts(run, topic)
    return f"{done} of its {messages} calls are done" if messages else "it has no call at all"


def _others(run: Run, topic: str) -> str:
    others = [other for other in TOPICS if other != topic and _counts(run, other)[1]]
    return " ".join(f"Of {other!r}, {_done(run, other).removesuffix(' calls are done')} are." for other in others)


async def arrange(trial: Trial) -> None:
    """Call the answer with the run of the case."""
    calls, workers = trial.given
    trial.notes["run"] = run = week(*calls, workers=workers)
    trial.played = len(run.messages)
    trial.notes["answer"] = await trial.call(run)


def case(*calls: Call, starving: tuple[str, ...] = (), workers: int = 1, because: str = "") -> Case:
    """Make a case of calls, and of the topics that starve."""
    return Case(Starving(starving), given=[calls, workers], because=because)


EXERCISE = Exercise(
    name="starvation-1",
    level=2,
    chapter=13,
    limit=20.0,
    title="Who never has a turn?",
    asks="Pass a function that takes a run, and returns the topics that starve.",
    answer=Function("def who_starves(run)", or_async=True),
    channel="repairs",
    arrange=arrange,
    cases=(
        case(Call("pipe", 0.9, 7), Call("fence", 0.3, 1), starving=("fence",)),
        case(Call("pipe", 0.5, 7), Call("fence", 0.2, 1), because="It waits behind the others, and is done."),
        case(Call("pipe", 1.5), Call("tap", 1.5), because="There is too much to do, and both wait alike."),
        case(Call("pipe", 0.95, 9), Call("tap", 0.3), Call("fence", 0.2, 1), starving=("tap", "fence")),
        case(Call("pipe", 0.8, 9), Call("tap", 0.15, 7), Call("shed", 0.4, 6), starving=("shed",)),
        case(Call("pipe", 0.9, 7), Call("fence", 0.3, 1), workers=2, because="Two workers have time for both."),
        case(Call("tap", 0.9), Call("shed", 0.3, 0), starving=("shed",)),
        case(Call("pipe", 0.85, 7), Call("fence", 0.2, 1), because="More than half of them are done."),
        case(Call("tap", 1.2, 7), Call("shed", 0.2, 1), because="Of no other topic nine in ten are done."),
    ),
    hints=(
        "Each of `run.messages` has a `topic`, and a moment `settled`, which is None as long as it is not done.",
        "Count for each topic how many messages there are, and how many of them are done.",
        (
            "A topic starves by both rules of the statement together: fewer than half of its own are done, and of some "
            "other topic at least nine in ten."
        ),
    ),
)
