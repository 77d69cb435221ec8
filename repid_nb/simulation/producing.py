"""Sending a producer's messages at their moments."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from repid_nb.app import Repid
from repid_nb.core.tasks import start
from repid_nb.simulation.ledger import Ledger
from repid_nb.simulation.loop import JumpingLoop
from repid_nb.simulation.parts import Producer
from repid_nb.simulation.randomness import stream

__all__ = ["Sender"]


class Sender:
    """Sends the messages of one producer through the app, each at its moment; a timer of the loop.

    Args:
        last: From which microsecond on none is sent; None for no end.
        ended: Called once there is none left.
        failed: Called with what a send raised; then none is sent any more.
    """

    def __init__(
        self,
        app: Repid,
        producer: Producer,
        ledger: Ledger,
        loop: JumpingLoop,
        *,
        seed: int,
        last: int | None,
        ended: Callable[[], object],
        failed: Callable[[Exception], object],
    ) -> None:
        self._app = app
        self._producer = producer
        self._ledger = ledger
        self._loop = loop
        self._last = last
        self._ended = ended
        self._failed = failed
        self._source = ledger.columns.sources.number(producer.name)
        self._parameters = None if producer.priority is None else {"priority": producer.priority}
        self._moments = producer.arrivals.times(stream(seed, "arrivals", producer.name))
        self._is_made = callable(producer.payload)
        self._number = 0
        self._moment = 0
        self._cancelled = False
        # Middleware may await anything; without it a send is over at once.
        self._send = self._send_in_task if app.producer_middlewares else self._send_at_once

    def begin(self) -> None:
        """Wait for the moment of the first message."""
        self._wait(next(self._moments, None))

    def _wait(self, moment: int | None) -> None:
        if moment is None or (self._last is not None and moment >= self._last):
            self._ended()
        else:
            self._moment = moment
            self._loop.ring(moment, self)

    def _run(self) -> None:
        following: int | None = self._moment
        payload, is_made = self._producer.payload, self._is_made
        try:
            while following == self._moment and not self._ledger.is_full:
                self._number += 1
                self._send(self._sending(payload(self._number) if is_made else payload))
                following = next(self._moments, None)
        except Exception as error:
            self._failed(error)
        else:
            self._wait(following)

    def _sending(self, payload: Any) -> Coroutine[Any, Any, None]:
        producer = self._producer
        if payload is None or isinstance(payload, bytes):
            return self._app.send_message(
                channel=producer.channel,
                payload=payload or b"",
                headers=producer.headers,
                content_type=producer.content_type,
                server_specific_parameters=self._parameters,
            )
        return self._app.send_message_json(
            channel=producer.channel,
            payload=payload,
            headers=producer.headers,
            server_specific_parameters=self._parameters,
        )

    def _send_at_once(self, sending: Coroutine[Any, Any, None]) -> None:
        ledger = self._ledger
        ledger.sender = self._source
        try:
            sending.send(None)
        except StopIteration:
            return
        finally:
            ledger.sender = 0

    def _send_in_task(self, sending: Coroutine[Any, Any, None]) -> None:
        start(self._sent(sending))

    async def _sent(self, sending: Coroutine[Any, Any, None]) -> None:
        with self._ledger.sent_by(self._source):
            try:
                await sending
            except Exception as error:
                self._failed(error)
