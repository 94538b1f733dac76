"""The server's audit chain, followed by its leaves from where it was last seen: it only grew."""

import asyncio

from app.domain.audit import Witness, verify_extension
from app.domain.failures import Code, Failure, Untrusted
from app.domain.server_words import ChainPart
from app.runtime.aside import aside
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.ports import ServerApi


class ServerChain:
    def __init__(self, server_api: ServerApi, acts: Acts, tasks: TaskOwner) -> None:
        self._server_api = server_api
        self._acts = acts
        self._tasks = tasks

    async def follow(self, held: Witness, to: Witness | None) -> None:
        """From what is held to the head that was told; None: to the end, wherever that is.

        Untrusted when the leaves do not lead there. The next of them are on their way while those
        before are hashed and the place is kept.
        """
        asked: asyncio.Task[ChainPart | Failure] | None = None
        try:
            while held != to:
                part = await (asked or self._part_after(held.count))
                asked = None
                if isinstance(part, Failure):
                    raise part
                if part.has_more:
                    asked = self._tasks.start(self._part_after(part.head.count), "chain")
                seen = await _extended(held, part)
                if seen != held:
                    await self._keep(seen)
                if not part.has_more:
                    return
                held = seen
        finally:
            if asked is not None:
                asked.cancel()

    async def _part_after(self, count: int) -> ChainPart | Failure:
        """A failure is an answer, too: it is raised when it is that part's turn."""
        try:
            return await self._server_api.chain(count)
        except Failure as no:
            return no

    async def _keep(self, seen: Witness) -> None:
        await self._acts.read(lambda unit: unit.audit.keep_server_witness(seen))


async def _extended(held: Witness, part: ChainPart) -> Witness:
    if part.since != held.count:
        raise Untrusted(Code.AUDIT_MISMATCH, "the server's chain is shorter than seen")
    size_bytes = len(part.leaves) * len(held.digest)
    return await aside(size_bytes, lambda: verify_extension(held, part.leaves, part.head))
