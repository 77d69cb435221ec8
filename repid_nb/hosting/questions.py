"""Questions to a class, over the broker that it shares: the teacher asks and counts, each notebook hears and answers.

The question stands in one stream, its last entry, so that a notebook that comes late hears it too. Answers go into
another; of each notebook the last one counts. A notebook may leave at any time.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, RedisError

from repid_nb.core.logger import logger
from repid_nb.hosting.shared_redis import ANSWERS, LONGEST_STREAM, NOT_LET_IN, QUESTION, nothing_answers

__all__ = ["Listener", "Poll", "Question", "Standing"]

# A server that is gone without a word is noticed after this time, and looked for again after the other. The client's
# own time limit would swallow a cancellation (asyncio.wait_for before Python 3.12).
SILENCE_SECONDS = 15
RETRY_SECONDS = 1.0
BLOCK_MILLISECONDS = 1000
MOST_VOTERS = 1000


@dataclass(frozen=True)
class Question:
    """What a class is asked.

    Attributes:
        id: Tells it from the questions before.
        text: "Who gets m7?"
        choices: What the buttons say.
        about: What is to be known for an answer: "topic ship · {"number": 7}".
        truth: The right choice, once it is told; then nothing can be answered any more.
    """

    id: str
    text: str
    choices: tuple[str, ...]
    about: str = ""
    truth: str | None = None


@dataclass(frozen=True)
class Standing:
    """How a question stands.

    Attributes:
        question: The last question; None before the first.
        joined: How many notebooks listen.
        tallies: For each choice, how many notebooks have chosen it.
    """

    question: Question | None = None
    joined: int = 0
    tallies: tuple[int, ...] = ()

    @property
    def answered(self) -> int:
        """How many notebooks have answered."""
        return sum(self.tallies)


class Poll:
    """The teacher's side."""

    def __init__(self, dsn: str, changed: Callable[[Standing], None]) -> None:
        """Make it; nothing is connected before the first question.

        Args:
            dsn: The shared broker, with the teacher's password.
            changed: Is called with each new standing, on the loop that asked.
        """
        self.standing = Standing()
        self._changed = changed
        self._client = Redis.from_url(dsn, decode_responses=True)
        self._votes: dict[str, int] = {}
        self._counting: asyncio.Task[None] | None = None

    async def ask(self, text: str, choices: Sequence[str], about: str = "") -> None:
        """Ask the class; an earlier question is over.

        Args:
            choices: Different texts, in the order of the buttons.
            about: What is to be known for an answer.
        """
        self._votes.clear()
        await self._put(Question(secrets.token_hex(4), text, tuple(choices), about))
        if self._counting is None or self._counting.done():
            self._counting = asyncio.create_task(self._count())

    async def tell(self, truth: str) -> None:
        """Say what was right. What is answered after that does not count."""
        question = self.standing.question
        if question is not None and question.truth is None:
            await self._put(replace(question, truth=truth))

    async def close(self) -> None:
        """Hear no more answers."""
        if self._counting is not None:
            self._counting.cancel()
            await asyncio.wait({self._counting})
        await self._client.aclose()

    async def _put(self, question: Question) -> None:
        await self._client.xadd(QUESTION, {"question": json.dumps(asdict(question))}, maxlen=1, approximate=False)
        self._stand(question, self.standing.joined)

    async def _count(self) -> None:
        last = "0"
        while True:
            try:
                async with asyncio.timeout(SILENCE_SECONDS):
                    answer = await self._client.xread({ANSWERS: last}, count=500, block=BLOCK_MILLISECONDS)
                    joined = await self._joined()
            except (RedisError, OSError):
                logger.warning("class.poll.error", exc_info=True)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            for _, entries in answer or ():
                for last, fields in entries:  # noqa: B007  (the last one is where the next read goes on)
                    self._take(fields)
            self._stand(self.standing.question, joined)

    def _take(self, fields: Mapping[str, str]) -> None:
        """Count an answer. The class may send anything: what does not answer this question is left out."""
        question, voter, choice = self.standing.question, fields.get("voter", "")[:32], fields.get("choice", "")
        if question is None or question.truth is not None or fields.get("question") != question.id:
            return
        is_known = voter in self._votes or len(self._votes) < MOST_VOTERS
        if is_known and choice.isascii() and choice.isdigit() and int(choice[:4]) < len(question.choices):
            self._votes[voter] = int(choice[:4])

    async def _joined(self) -> int:
        # A notebook that listens waits in a read of its own; there is no more to know of it.
        clients = await self._client.client_list()
        return sum(client["user"] == "class" and client["cmd"] == "xread" for client in clients)

    def _stand(self, question: Question | None, joined: int) -> None:
        chosen = list(self._votes.values())
        choices = range(len(question.choices)) if question is not None else range(0)
        standing = Standing(question, joined, tuple(chosen.count(choice) for choice in choices))
        if standing != self.standing:
            self.standing = standing
            self._changed(standing)


class Listener:
    """The side of one notebook of the class."""

    def __init__(
        self,
        dsn: str,
        heard: Callable[[Question], None],
        reached: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Make it.

        Args:
            dsn: The shared broker, with the password of the class.
            heard: Is called with each question, and again with its truth.
            reached: Is called with an empty text once the broker answers, and with what is wrong when it does not.
        """
        self._client = Redis.from_url(dsn, decode_responses=True)
        parts = urlsplit(dsn)
        self._address = f"{parts.hostname}:{parts.port}"
        self._heard = heard
        self._reached = reached
        self._trouble: str | None = None
        self._voter = secrets.token_hex(8)

    async def listen(self) -> None:
        """Hear questions until cancelled, the one that stands first; a broker that goes away is waited for."""
        last = "0"
        try:
            while True:
                try:
                    async with asyncio.timeout(SILENCE_SECONDS):
                        entries = await self._newer(last)
                except (RedisError, OSError) as error:
                    refused = isinstance(error, AuthenticationError)
                    self._note(NOT_LET_IN if refused else nothing_answers(self._address))
                    await asyncio.sleep(RETRY_SECONDS)
                    continue
                self._note("")
                if entries:
                    last = entries[-1][0]
                    self._heard(_question(entries[-1][1]))
                elif last == "0":
                    last = "0-0"  # none yet: from now on, the first that comes
        finally:
            await self._client.aclose()

    def _note(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self._reached(trouble)

    async def _newer(self, last: str) -> Sequence[tuple[str, Mapping[str, str]]]:
        if last == "0":
            newest: Any = await self._client.xrevrange(QUESTION, count=1)
            return newest or ()
        answer: Any = await self._client.xread({QUESTION: last}, block=BLOCK_MILLISECONDS)
        return [entry for _, entries in answer or () for entry in entries]

    async def answer(self, question: Question, choice: int) -> None:
        """Answer by the number of a choice, from 0; a later answer to the same question takes the place of this one."""
        fields: dict[Any, Any] = {"question": question.id, "voter": self._voter, "choice": str(choice)}
        async with asyncio.timeout(SILENCE_SECONDS):
            await self._client.xadd(ANSWERS, fields, maxlen=LONGEST_STREAM)


def _question(fields: Mapping[str, str]) -> Question:
    given = json.loads(fields["question"])
    return Question(given["id"], given["text"], tuple(given["choices"]), given["about"], given["truth"])
