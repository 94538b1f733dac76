"""The first picture soon: asked for until it is here, and a key frame pushed until it is there.

Stock sends one key frame and never asks again for it: lost, it is missed until a decoder complains.
After a gap in a link that lives, what waits for packets nobody has any more is thrown away.
"""

import asyncio
from collections.abc import Iterable
from typing import TypeVar

from aiortc import RTCPeerConnection, RTCRtpReceiver, RTCRtpSender, sdp

from media.rtc.picture_arrival import parts_of

EndT = TypeVar("EndT", RTCRtpSender, RTCRtpReceiver)

ASK_EVERY_S = 0.15
ASK_LIMIT_S = 20.0
PUSH_AT_S = (0.1, 0.2, 0.35, 0.6, 1.0, 1.5)


class FirstPictureHelp:
    """Of one connection that has just come up."""

    def __init__(self, connection: RTCPeerConnection) -> None:
        self._connection = connection
        self._is_here = asyncio.Event()
        self._is_there = False
        self._far_ssrc: int | None = None

    def came(self) -> None:
        """A picture of the far side was decoded here."""
        self._is_here.set()

    def arrived(self) -> None:
        """The far side says that it has a picture of ours."""
        self._is_there = True

    async def push(self) -> None:
        """Key frames in our picture until the far side has one, or the burst is over."""
        waited_s = 0.0
        for at_s in PUSH_AT_S:
            await asyncio.sleep(at_s - waited_s)
            waited_s = at_s
            if self._is_there:
                return
            for sender in self._of_video(self._connection.getSenders()):
                sender._send_keyframe()

    async def pull(self) -> None:
        """Ask for a key frame until a picture was decoded."""
        for _ in range(int(ASK_LIMIT_S / ASK_EVERY_S)):
            try:
                async with asyncio.timeout(ASK_EVERY_S):
                    await self._is_here.wait()
                return
            except TimeoutError:
                await self._ask()

    def forget_gaps(self) -> None:
        """The link lives again: old pictures will never be complete, so begin anew."""
        for receiver in self._of_video(self._connection.getReceivers()):
            forget_gaps(receiver)
        self._is_here.clear()

    async def pull_again(self) -> None:
        await self._ask()
        await self.pull()

    async def _ask(self) -> None:
        if self._far_ssrc is None:  # stays the same: a whole description is read for it
            self._far_ssrc = far_video_ssrc(self._connection)
        for receiver in self._of_video(self._connection.getReceivers())[:1]:  # the face's
            if self._far_ssrc is not None:
                await receiver._send_rtcp_pli(self._far_ssrc)

    @staticmethod
    def _of_video(ends: Iterable[EndT]) -> list[EndT]:
        return [end for end in ends if end.track is not None and end.track.kind == "video"]


def far_video_ssrc(connection: RTCPeerConnection) -> int | None:
    """The source number of the far picture, as the far side's description tells it."""
    for media in sdp.SessionDescription.parse(connection.remoteDescription.sdp).media:
        if media.kind == "video" and media.ssrc:
            return media.ssrc[0].ssrc
    return None


def forget_gaps(receiver: RTCRtpReceiver) -> None:
    """What waits in the jitter buffer is not shown, what is missing is not asked for again."""
    buffer, asking = parts_of(receiver)
    buffer.begin_anew()
    asking.begin_anew()
