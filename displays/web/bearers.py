"""What the bearers of codes ask for, on its way to the hub: outbox first, then the wire.

`web` has a stream of its own for the public. Nothing here knows a page: a command goes in, its
result comes out, or nothing within the time somebody waits before a page.
"""

import asyncio
import contextlib
import logging
from random import Random

from broker.clock import Clock
from broker.hall.commands import Cancel, Hold
from broker.log import kv
from broker.outbox import Outbox
from broker.store import StoreError
from broker.wire.delivery import Sender
from broker.wire.giving import give_of
from broker.wire.messages import (
    Birth,
    HubState,
    Place,
    Result,
    encode,
    read_ack,
)
from broker.wire.topics import Kind, Topic
from displays.web.wires import Wire

log = logging.getLogger(__name__)

ANSWER_WITHIN_S = 3.0
"""So long somebody who pressed waits before the page; the result may come later all the same."""

BIRTH_AGAIN_S = (1.0, 2.0, 4.0, 8.0, 15.0)
LOOK_EVERY_S = 15.0
KEEP_AFTER_S = 0.1
KEEP_AGAIN_S = 60.0


class Bearers:
    """Sends commands of the public's stream, and gives back their results.

    Args:
        outbox: Open; nobody else appends to it.
        birth: Who this process is; its session, stream and rows are filled in.
    """

    def __init__(  # noqa: PLR0913 - its parts, each by name
        self, *, hall: str, birth: Birth, outbox: Outbox, wire: Wire, clock: Clock, random: Random
    ) -> None:
        self._hall = hall
        self._birth = birth
        self._outbox = outbox
        self._wire = wire
        self._clock = clock
        self._sender = Sender(stream=outbox.stream, rows=outbox.rows, gen=outbox.gen, random=random)
        self._session = ""
        self._births = 0
        self._birth_s = self._keep_s = float("inf")
        self._hub_start = ""
        self._is_hub_new = False
        self._asked: dict[tuple[str, int], asyncio.Future[Result]] = {}
        self._give: Place | None = None
        self._disowned: list[tuple[str, str]] = []
        self._something = asyncio.Event()

    @property
    def depth(self) -> int:
        """How many rows have no result."""
        return self._sender.depth

    async def ask(self, command: Hold | Cancel) -> Result | None:
        """Commit the command, send it, and return its result; None when none came in time.

        Raises:
            StoreError: It could not be kept, so it is not asked.
        """
        # Shielded: whoever asked may hang up, and an append that is cut off would be the last.
        key, answered = await asyncio.shield(self._append(command))
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await answered
        except TimeoutError:
            return None
        finally:
            self._asked.pop(key, None)

    async def _append(
        self, command: Hold | Cancel
    ) -> tuple[tuple[str, int], asyncio.Future[Result]]:
        now_s = self._clock.mono_s()
        (row,) = await self._outbox.append_all((command,), made_s=now_s)
        answered: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        key = (row.stream, row.seq)
        self._asked[key] = answered
        self._sender.appended(row, now_s)
        self._something.set()
        return key, answered

    async def run(self) -> None:
        """Send what is due until cancelled."""
        while True:
            now_s = self._clock.mono_s()
            birth_s = None if self._sender.is_answered else self._birth_s
            dues = (birth_s, self._keep_s, self._sender.wake_s())
            due_s = min(due for due in dues if due is not None)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, min(due_s - now_s, LOOK_EVERY_S))):
                    await self._something.wait()
            self._something.clear()
            await self._keep()
            self._send(self._clock.mono_s())

    def connected(self, session: str) -> None:
        """Begin a connection: the birth is due."""
        now_s = self._clock.mono_s()
        self._session, self._births = session, 0
        self._birth_s = now_s
        self._sender.connected(now_s)
        self._something.set()

    def disconnected(self) -> None:
        """End a connection."""
        self._session = ""
        self._birth_s = float("inf")
        self._sender.disconnected()

    def hub_seen(self, state: HubState) -> None:
        """Take a live heartbeat."""
        self._sender.hub_seen(state, self._clock.mono_s())
        if self._hub_start not in {"", state.start} and self._session:
            self._is_hub_new = True  # its journal may be another than before
        self._hub_start = state.start
        self._something.set()

    def acked(self, payload: bytes) -> None:
        """Take an ack: results, or what the hub wants.

        Raises:
            WireError: It is none.
        """
        now_s = self._clock.mono_s()
        ack = read_ack(payload)
        for row, result in self._sender.acked(ack, now_s):
            self._outbox.note(row, result)
            self._keep_s = min(self._keep_s, now_s + KEEP_AFTER_S)
            answered = self._asked.pop((row.stream, row.seq), None)
            if answered is not None and not answered.done():
                answered.set_result(result)
        if ack.gen == self._sender.gen:
            self._give = ack.give
        if self._sender.disowned(ack, now_s):
            self._disowned.append((ack.stream, ack.owner))
        self._something.set()

    def _topic(self, kind: Kind) -> Topic:
        return Topic(self._hall, kind, "web")

    async def _keep(self) -> None:
        """Write what has come: results, the generation, streams given up; later if it can't be."""
        now_s = self._clock.mono_s()
        is_due = self._keep_s <= now_s or self._give is not None
        try:
            if self._sender.gen != self._outbox.gen:
                await self._outbox.set_gen(self._sender.gen)
            while self._disowned:
                await self._outbox.disown(*self._disowned[0], ())
                del self._disowned[0]
            if is_due:
                await self._outbox.flush()
                self._keep_s = float("inf")
            if (after := self._give) is not None:
                self._give = None
                rows, is_all = await self._outbox.decided_after(after)
                stream = self._outbox.stream
                give = give_of(rows, after=after, stream=stream, is_all=is_all)
                self._wire.publish(self._topic(Kind.UP), encode(give))
        except StoreError as error:
            log.error("results not kept", extra=kv(why=str(error)))  # noqa: TRY400 - expected
            self._keep_s = now_s + KEEP_AGAIN_S

    def _send(self, now_s: float) -> None:
        if not self._session:
            return
        if self._is_hub_new or (self._birth_s <= now_s and not self._sender.is_answered):
            self._say_birth(now_s)
        for up in self._sender.outgoing(now_s):
            self._wire.publish(self._topic(Kind.UP), encode(up))

    def _say_birth(self, now_s: float) -> None:
        self._is_hub_new = False
        stream, first = self._sender.birth()
        birth = Birth(
            session=self._session,
            online=True,
            role=self._birth.role,
            version=self._birth.version,
            boot=self._birth.boot,
            stream=stream,
            first=first,
            gen=self._sender.gen,
            held=self._outbox.held,
        )
        self._wire.publish(self._topic(Kind.BIRTH), encode(birth))
        self._birth_s = now_s + BIRTH_AGAIN_S[min(self._births, len(BIRTH_AGAIN_S) - 1)]
        self._births += 1
