"""Messages and parts of files over two real links: at once, whole, and not too fast."""

import asyncio
import hashlib
import random
import time
from collections.abc import Callable
from typing import cast

import pytest

from app.domain.changes import HeardRecord, Json, RecordType
from app.domain.engine import LiveFromFar
from app.domain.ids import PatientId, RecordId, VisitId, new_id
from app.domain.message_files import FilePart
from app.services.file_words import ASKED_BYTES, RATE_BITS_S
from app.services.part_line import PartLine
from app.services.ports import CallEngine
from app.services.told_words import Gathering, words_of
from media.rtc.link_events import LinkEvent
from tests.fakes.two_links import Side, two_links

pytestmark = pytest.mark.whole


class Speaks:
    """As much of ports.CallEngine as speaks: live words over this side's link."""

    def __init__(self, side: Side) -> None:
        self._side = side
        self.said_bytes = 0

    async def send_live(self, payload: dict[str, Json]) -> None:
        self.said_bytes += len(str(payload))
        self._side.link.send(LiveFromFar(payload))


async def test_the_longest_message_is_there_within_a_second() -> None:
    fields: dict[str, Json] = {"text": "\U0001f600" * 4000}
    record = HeardRecord(
        RecordType.MESSAGE, RecordId(new_id()), fields, PatientId(new_id()), VisitId(new_id())
    )
    async with two_links(is_small=True) as pair:
        await pair.open()
        await asyncio.gather(pair.clinician.up(), pair.cart.up())
        gathering, found = Gathering(), []

        def heard(event: LinkEvent) -> None:
            if isinstance(event, LiveFromFar):
                found.append(gathering.take(event.payload))

        pair.clinician.on_other = heard
        started = time.monotonic()
        for word in words_of(record):
            pair.cart.link.send(LiveFromFar(word))
        await pair.clinician.until(lambda: record in found, 5.0, "the message")
        assert time.monotonic() - started < 1.0


async def test_a_part_comes_whole_and_leaves_the_voice_its_room() -> None:
    data = random.Random(3).randbytes(ASKED_BYTES + 1000)
    part = FilePart(hashlib.sha256(data).hexdigest(), "", len(data))
    async with two_links(is_small=True) as pair:
        await pair.open()
        await asyncio.gather(pair.clinician.up(), pair.cart.up())

        async def part_for_far(name: str) -> bytes | None:
            return data if name == part.file_sha256 else None

        cart, clinician = Speaks(pair.cart), Speaks(pair.clinician)
        has = PartLine(cast(CallEngine, cart), part_for_far)
        wants = PartLine(cast(CallEngine, clinician), part_for_far)
        pair.cart.on_other = _feed(has)
        pair.clinician.on_other = _feed(wants)
        has.start()
        started = time.monotonic()
        try:
            assert await wants.fetch(part) == data
        finally:
            await has.close()
            await wants.close()
        took_s = time.monotonic() - started
        assert cart.said_bytes * 8 / took_s < 1.1 * RATE_BITS_S  # the last pause is not waited for
        assert took_s < 10.0


def _feed(line: PartLine) -> Callable[[LinkEvent], None]:
    def heard(event: LinkEvent) -> None:
        if isinstance(event, LiveFromFar):
            line.heard(event.payload)

    return heard
