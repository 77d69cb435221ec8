"""Every deliberate difference from repid 2.1.4, by name.

`test_differences.py` has one test a row, which asserts both sides. `notebooks/differences.md` shows these rows in these
sections; run as a script, this file prints them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["DIFFERENCES", "LIMIT_DIFFERENCES", "SECTIONS", "Difference", "as_table"]


@dataclass(frozen=True)
class Difference:
    """One difference: its name, and what is different in one sentence."""

    name: str
    sentence: str

    @property
    def test(self) -> str:
        """The name of the test that shows it."""
        return "test_" + re.sub(r"\W", "_", self.name.lower())


ON_THE_QUEUE = [
    Difference(
        "bytes only",
        "`send_message` refuses a payload that is not bytes and headers that are not text, with the fix in the "
        "message; repid queues them and the actor fails.",
    ),
    Difference(
        "dead letters",
        "A nacked message is kept in the channel's dead letters, with the reason, and can be sent again; repid's "
        "in-memory server drops it.",
    ),
    Difference(
        "equal messages",
        "Two messages with equal content and id are two messages; in repid's in-memory server the second cannot "
        "be settled while both are in work.",
    ),
    Difference(
        "own headers",
        "A queued message keeps the headers that it was sent with; in repid's in-memory server it follows what "
        "the sender later does to the dict.",
    ),
    Difference(
        "fields of a message",
        "Assigning to a field of a received message, such as `message.headers = {}`, changes it for the code that "
        "reads it next; repid raises AttributeError.",
    ),
    Difference(
        "queues of a server",
        "`InMemoryServer.queues` is an object of our own, and `snapshot()` shows what is queued; repid's is a dict "
        "of its queues.",
    ),
    Difference(
        "priority",
        '`InMemoryServer` delivers by `server_specific_parameters={"priority": 0..9}`, 4 where none is given, and'
        " first in first out within one; repid's ignores it.",
    ),
    Difference(
        "other threads",
        "A message that is sent from another thread wakes a waiting worker; repid's worker sleeps on.",
    ),
    Difference(
        "paused subscriber",
        "A paused subscriber takes nothing; repid's in-memory one still takes the next message.",
    ),
    Difference(
        "closed subscriber",
        "A closed subscriber ends its callbacks and gives back what they have not settled; repid's lets them run on.",
    ),
    Difference(
        "ended loops",
        "What a subscription held when its event loop ended is back in its place; repid's in-memory server keeps it "
        "in work for ever.",
    ),
]

IN_THE_WORKER = [
    Difference(
        "sightings in a row",
        "Only sightings in a row count towards the ten of a poison message: a match forgets them; repid adds up "
        "all that one worker ever had.",
    ),
    Difference(
        "answers of on_error",
        "A message whose `on_error` function raises, or answers with an unknown word, is nacked with the "
        "reason; in repid it stays in work.",
    ),
    Difference(
        "failing strategies",
        "A message for which a routing strategy raised goes back to its place when the worker ends; in repid it "
        "is lost from the in-memory queue.",
    ),
    Difference(
        "unsettled messages",
        "A message that was not settled goes back to its place when the worker ends; repid's in-memory server "
        "keeps it in work for ever.",
    ),
    Difference(
        "cancelled worker",
        "A worker that is cancelled stops pulling, and what it held is back in its place; repid's worker still "
        "listens and takes the next message.",
    ),
    Difference(
        "shutdown time over",
        "A message whose actor did not finish within `graceful_shutdown_time` goes back to its place in the "
        "queue; repid rejects it to the tail.",
    ),
    Difference(
        "leaving the program",
        "An actor that calls `sys.exit` ends the worker: SystemExit is raised where the worker is awaited, and the "
        "message is back in its place; in repid it ends the event loop, and the message is lost.",
    ),
    Difference(
        "exact messages_limit",
        "`messages_limit` is exact, and 0 runs nothing; repid starts what it has already taken.",
    ),
    Difference(
        "small tasks_limit",
        "A worker with a small `tasks_limit` works on; repid's with ten or fewer stops for good once it had to pause.",
    ),
    Difference(
        "limits of a worker",
        "`run_worker` refuses a limit or a shutdown time of the wrong type before it pulls anything; repid "
        "runs with it, and fails on the way or not at all.",
    ),
    Difference(
        "signal handlers",
        "When a worker ends, the earlier signal handlers are back; repid leaves the default ones.",
    ),
    Difference(
        "interrupt of a kernel",
        "In a notebook kernel `run_worker` leaves the kernel's own SIGINT handler alone; repid replaces it.",
    ),
    Difference(
        "context in threads",
        "Plain actors and dependencies see the context variables of their message; in repid's threads they do not.",
    ),
    Difference(
        "stop iteration",
        "A plain actor that raises StopIteration, as `next()` does at the end, fails at once with a RuntimeError; in "
        "repid on Python 3.11 it hangs until its timeout.",
    ),
    Difference(
        "processes",
        "`run_in_process` refuses a function that no other process can import, such as one of a notebook "
        "cell, and a pool of processes that broke is replaced; in repid such a function, or a process that "
        "dies, breaks every later actor with `run_in_process`.",
    ),
    Difference(
        "no HTTP servers",
        "The health-check and AsyncAPI HTTP servers are refused by `run_worker`; repid has them.",
    ),
]

ACTORS_AND_ARGUMENTS = [
    Difference(
        "early refusals",
        "An unknown confirmation mode or `on_error` word, a name, channel, routing strategy, middleware, time or pool "
        "of the wrong type, and `FullPayload()` on a type that is not a model are refused where they are declared; "
        "repid accepts them and fails later, or never.",
    ),
    Difference(
        "one strategy an actor",
        "A routing strategy's factory is called once, when its actor is declared; repid calls it each time the "
        "router is read.",
    ),
    Difference(
        "routers of both",
        "`include_router` takes routers of repid too; repid takes its own.",
    ),
    Difference(
        "channels in sets",
        "Equal channels have equal hashes; repid's hash differs with the title.",
    ),
    Difference(
        "functions that never run",
        "A function with `yield` is refused as an actor, middleware, `on_error` or dependency, an "
        "asynchronous `on_error` too, and the coroutine that a plain decorator hands on is awaited; in repid "
        "nothing in them runs, and the message is acked or left open.",
    ),
    Difference(
        "asynchronous callables",
        "`Depends` awaits any asynchronous callable, also a partial and an object with `async __call__`; repid "
        "refuses the one and hands on the other's coroutine.",
    ),
    Difference(
        "forgotten parentheses",
        "`FullPayload` without parentheses, one `Header()` object under two names and `Depends(...)` as a default "
        "value warn; in repid they are silent.",
    ),
    Difference(
        "markers inside types",
        "A marker behind a type alias or a NewType, or with `| None` around it, is found, and one deeper "
        "inside a type is refused; in repid the payload fills the parameter.",
    ),
    Difference(
        "fields of a dependency",
        "What a dependency asks for is read beside `FullPayload()` and beside a positional-only parameter of "
        "that name too, as the AsyncAPI document says; in repid the dependency lacks it, and `FullPayload()` "
        "in a dependency is silent instead of refused.",
    ),
    Difference(
        "errors name the actor",
        "An error at declaration or of the AsyncAPI document names its actor, and a parameter may be called "
        "`json` or `schema`; repid hands on pydantic's error, and its warning.",
    ),
]

ASYNCAPI = [
    Difference(
        "valid AsyncAPI",
        "The AsyncAPI document passes the official JSON schema also where repid's does not: names of tags that "
        "need escaping, repeated tags, discriminators, empty links, values that JSON does not have.",
    ),
    Difference(
        "clashing names in AsyncAPI",
        "Of two different models with one name each is a schema of its own in the AsyncAPI document, and a "
        "send operation with the id of an actor's operation stands beside that; in repid the later one takes "
        "the other's place.",
    ),
    Difference(
        "page without network",
        "`asyncapi_html()` is one page that needs nothing from the network; repid's loads its viewer from a CDN.",
    ),
]

IN_A_NOTEBOOK = [
    Difference(
        "bounded stepping",
        "A `Stepper` never waits on an empty queue and `run` is bounded; repid has no stepper, and its worker waits.",
    ),
    Difference(
        "a cell run twice",
        "In a notebook a cell that runs again replaces its actors: the newest function wins. In repid, and in a "
        "script, both stay and the older one wins. Actors of one name that one run declares (a loop, a helper) "
        "are two actors.",
    ),
    Difference(
        "a mended cell",
        "In a notebook an actor whose arguments cannot be read gives way when its mended cell runs; in repid its "
        "router stays broken.",
    ),
    Difference(
        "returned exceptions",
        "In a `TestClient` an actor that returns an exception has returned it; repid counts it as raised.",
    ),
]

DIFFERENCES = [*ON_THE_QUEUE, *IN_THE_WORKER, *ACTORS_AND_ARGUMENTS, *ASYNCAPI, *IN_A_NOTEBOOK]


# Of limits, from repid 2.2.0a1; `test_limits.py` has one test a row.
LIMIT_DIFFERENCES = [
    Difference(
        "left for other workers",
        "What a full limit of a worker or a channel keeps out stays on its queue, for other workers; repid 2.2 "
        "takes one more message of each channel, and holds it.",
    ),
    Difference(
        "a pause at once",
        "While a message waits for an actor's limit, nothing more is taken from its channel; in repid 2.2 what was on "
        "the in-memory queue before the pause still runs.",
    ),
    Difference(
        "all limits or none",
        "A message gets all its limits at once and holds none while it waits; in repid 2.2 it may hold its router's "
        "while it waits for its actor's, and keep other actors of the router from it.",
    ),
    Difference(
        "in order",
        "The message that has waited longest for a limit goes first; in repid 2.2 a later one that fits overtakes.",
    ),
    Difference(
        "after a pause",
        "When a limit has come down to `resume_at`, all messages that wait for it start as far as there is room; in "
        "repid 2.2 each of them waits until it is down there again.",
    ),
    Difference(
        "back in its place",
        "What waited or ran when its worker ended is back in its place; repid 2.2 rejects it to the tail.",
    ),
    Difference(
        "tasks_limit",
        "`tasks_limit` stays what it is in repid 2.1.4; in repid 2.2 it is another word for `limits`, and warns.",
    ),
    Difference(
        "no limits given",
        "`run_worker(limits=None)` means none given; repid 2.2 refuses None.",
    ),
    Difference(
        "policies without reserve",
        "A limit policy that cannot `reserve` is refused where it is declared; repid 2.2 fails at its first message.",
    ),
]


SECTIONS = {
    "On the queue": ON_THE_QUEUE,
    "In the worker": IN_THE_WORKER,
    "Actors and their arguments": ACTORS_AND_ARGUMENTS,
    "The AsyncAPI document": ASYNCAPI,
    "In a notebook and in tests": IN_A_NOTEBOOK,
    "Limits, as in repid 2.2": LIMIT_DIFFERENCES,
}


def as_table(differences: list[Difference]) -> str:
    """Return rows as the page shows them."""
    rows = [f"| {one.name} | {one.sentence} |" for one in differences]
    return "\n".join(["| difference | what is different |", "|---|---|", *rows])


if __name__ == "__main__":
    print(*(f"## {heading}\n\n{as_table(rows)}" for heading, rows in SECTIONS.items()), sep="\n\n")
