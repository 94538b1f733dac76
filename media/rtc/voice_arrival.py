"""The far voice's packets as they arrive, past stock's jitter buffer and decoder, to our own.

Stock's receiver hands each packet to a decoder's thread and what that makes to the track: here both
let the packet through, and the track brings packets, which the playout buffer makes a voice of.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

import aiortc.codecs
from aiortc.codecs.base import Decoder
from aiortc.jitterbuffer import JitterFrame
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from aiortc.rtp import RtpPacket

from media.audio.playout_buffer import PlayoutBuffer, VoicePacket
from media.devices.sample_ring import Samples

TICK_S = 0.005
HOPES = 48_000 * 8 // 1000  # samples below what is wished for in hand, before anything is guessed
MOST_IN_A_TICK = 8  # takes; whoever wants more than this at once waits for the next tick


class VoiceSink(Protocol):
    """Who plays the voice: a loudspeaker, or the clock where there is none."""

    @property
    def surplus(self) -> int:
        """Samples in hand beyond what it likes to have; below zero it wants some."""
        ...


class VoiceFrame(JitterFrame):
    def __init__(self, packet: VoicePacket) -> None:
        super().__init__(packet.payload, packet.timestamp)
        self.packet = packet


def frame_of(packet: RtpPacket, arrived_at: float) -> VoiceFrame:
    data = packet._data  # type: ignore[attr-defined]  # set by the receiver
    voice = VoicePacket(packet.sequence_number, packet.timestamp, data, arrived_at)
    return VoiceFrame(voice)


class PassingDecoder(Decoder):
    """In the place of stock's Opus decoder."""

    def decode(self, encoded_frame: JitterFrame) -> list[VoicePacket]:  # type: ignore[override]  # see above
        assert isinstance(encoded_frame, VoiceFrame)
        return [encoded_frame.packet]


async def gather_voice(track: MediaStreamTrack, playout: PlayoutBuffer) -> None:
    """Each packet as it comes; returns when the track has ended."""
    while True:
        try:
            packet = await track.recv()
        except MediaStreamError:
            return
        assert isinstance(packet, VoicePacket)
        playout.put(packet)


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


def install() -> None:
    vars(aiortc.codecs)["OpusDecoder"] = PassingDecoder
