"""What a link that never came up leaves behind: nothing."""

import asyncio

from media.rtc.local_tracks import PictureFeed
from media.rtc.peer_link import PeerLink
from tests.fakes.two_links import NobodyListens, ToneVoice


async def test_a_link_that_nobody_offered_anything_leaves_no_tap_and_no_task() -> None:
    voice, before = ToneVoice(440.0), asyncio.all_tasks()
    link = PeerLink(
        is_offerer=False,
        voice=voice,
        far_voice=NobodyListens(),
        pictures=PictureFeed(),
        on_event=lambda event: None,
    )
    await link.open()
    assert len(voice._rings) == 1
    await link.close()
    assert voice._rings == []
    assert asyncio.all_tasks() == before
