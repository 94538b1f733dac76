"""The far voice's packets as they arrive, to the playout buffer, which makes a voice of them.

Stock's receiver would hand each to a decoder's thread, and what that makes back to the loop: ours
ends in the buffer where stock gathers packets, and stock's track brings nothing.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from aiortc import RTCRtpReceiver
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from media.audio.playout_buffer import PlayoutBuffer, VoicePacket
from media.devices.sample_ring import Samples
from media.rtc.arrival_buffer import ArrivalBuffer
from media.rtc.voice_copies import RED, apart

TICK_S = 0.005
HOPES = 48_000 * 8 // 1000  # samples below what is wished for in hand, before anything is guessed
MOST_IN_A_TICK = 8  # takes; whoever wants more than this at once waits for the next tick


class VoiceSink(Protocol):
    """Who plays the voice: a loudspeaker, or the clock where there is none."""

    @property
    def surplus(self) -> int:
        """Samples in hand beyond what it likes to have; below zero it wants some."""
        ...


def gather_voice(receiver: RTCRtpReceiver, tell: Callable[[VoicePacket], None]) -> None:
    """From now on each packet of this receiver as it comes, and after it what it has copies of."""
    inside = vars(receiver)
    buffer, codecs = inside["_RTCRtpReceiver__jitter_buffer"], inside["_RTCRtpReceiver__codecs"]
    assert isinstance(buffer, ArrivalBuffer)

    def came(payload_type: int, packet: VoicePacket) -> None:
        codec: RTCRtpCodecParameters = codecs[payload_type]
        packets = apart(packet) if codec.mimeType.lower() == RED else [packet]
        for each in packets:
            tell(each)

    buffer.when_voice = came


async def play_voice(
    playout: PlayoutBuffer,
    sink: VoiceSink,
    tell: Callable[[Samples], None],
    now: Callable[[], float] = time.monotonic,
) -> None:
    """As much as is wanted, from the first packet on, for ever."""
    while True:
        await asyncio.sleep(TICK_S)
        for _ in range(MOST_IN_A_TICK):
            surplus = sink.surplus
            if surplus >= 0 or not playout.has_begun:
                break
            if surplus > -HOPES and not playout.is_ready:
                break
            tell(playout.take(now(), surplus))
