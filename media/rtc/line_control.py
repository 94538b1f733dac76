"""The line of one connection under control: what leaves is numbered and paced, what came is told
to the far side, and what the far side tells sets the rate. The rules stand in media/quality.
"""

import asyncio
import time

from aiortc import RTCPeerConnection
from aiortc.rtp import is_rtcp

from app.runtime.tasks import TaskOwner
from media.quality.arrival_log import ArrivalLog
from media.quality.congestion_control import CongestionControl
from media.quality.feedback_pace import feedback_every_s
from media.quality.line_sender import LineSender, RateMeter
from media.quality.line_state import LineState, PictureBudget
from media.quality.pacer import PicturePacket
from media.quality.transport_feedback import parse
from media.rtc.feedback_packets import taken_out
from media.rtc.header_extensions import number_of, stamped
from media.rtc.line_transport import LineTransport
from media.rtc.picture_senders import PictureSenders
from media.rtc.picture_words import begins_key_frame
from media.rtc.repairs_in import RepairsIn
from media.rtc.repairs_out import RepairsOut
from media.rtc.transport_numbers import ExtensionNames, names_of

BESIDE_BYTES = 44  # of a packet on the wire: IP, UDP and the authentication
LEAST_SLEEP_S = 0.001  # of the pacer; it makes up for late timers
NTP_FROM_UNIX_S = 2_208_988_800


class LineControl:
    """Made on the loop before the connection is up, used on the loop; lives until `close()`."""

    def __init__(self, connection: RTCPeerConnection, transport: LineTransport) -> None:
        self._connection = connection
        self._transport = transport
        self._now = asyncio.get_running_loop().time
        self._line = LineSender(CongestionControl())
        self._arrivals = ArrivalLog()
        self._received = RateMeter()
        self._far_source = 0  # whose packet came last: with 0 Chromium ignores a feedback
        self._names = ExtensionNames(0, 0)
        self._wake = asyncio.Event()
        self._pictures = PictureSenders(
            connection,
            may_repeat=self._may_repeat,
            on_report=self._reported,
            on_estimate=self._line.control.estimated,
        )
        self._repairs_out, self._repairs_in = RepairsOut(connection), RepairsIn(connection)
        self._pictures.watch()
        self._tasks = TaskOwner("line control")
        self._tasks.start_lasting(self._pace, "pace")
        self._tasks.start_lasting(self._tell, "tell")
        transport.passage = self

    async def close(self) -> None:
        """What still waits is not sent."""
        self._transport.passage = None
        await self._tasks.close()

    def state(self) -> LineState:
        return self._line.state()

    def picture_budget(self) -> PictureBudget:
        """For all pictures of this connection together."""
        return self._line.budget(self._now())

    # --- what leaves -----------------------------------------------------------------------

    async def leaves(self, data: bytes) -> None:
        if is_rtcp(data):
            await self._transport.send_now(data)
            return
        if self._transport.state != "connected":
            raise ConnectionError
        ends = self._pictures.of(int.from_bytes(data[8:12], "big"))
        wire_bytes = len(data) + BESIDE_BYTES
        if ends is None:
            number = self._line.voice_leaves(wire_bytes, self._now())
            await self._transport.send_now(self._stamped(data, number))
            return
        source = ends.sender._ssrc
        if not ends.is_repeat and begins_key_frame(data):
            self._line.begins(source, int.from_bytes(data[2:4], "big"))
        self._put(PicturePacket(data, wire_bytes, source, ends.is_repeat))
        if not ends.is_repeat:
            control = self._line.control
            for repair in self._repairs_out.after(
                ends.sender, data, control.round_trip_s, control.target_bit_s
            ):
                wire_bytes = len(repair) + BESIDE_BYTES
                self._put(PicturePacket(repair, wire_bytes, source, is_repair=True))

    def _put(self, packet: PicturePacket) -> None:
        number = int.from_bytes(packet.data[2:4], "big")
        for source in self._line.put(packet):
            self._wish_key_frame(source)
            if source == packet.source and not (packet.is_repeat or packet.is_repair):
                self._line.begins(source, number + 1 & 0xFFFF)
        self._wake.set()

    def _wish_key_frame(self, source: int) -> None:
        sender = self._pictures.of_media(source)
        if sender is not None:
            sender._send_keyframe()

    async def _pace(self) -> None:
        while True:
            while (taken := self._line.take(self._now())) is not None:
                packet, number = taken
                data = packet.data if packet is not None else self._pictures.padding()
                if data is None:
                    self._line.may_pad = False
                    continue
                try:
                    await self._transport.send_now(self._stamped(data, number))
                except ConnectionError:
                    pass  # the path is gone: stock notices by itself
            wait_s = self._line.wait_s(self._now())
            if wait_s is None:
                self._wake.clear()
                await self._wake.wait()
            else:
                await asyncio.sleep(max(wait_s, LEAST_SLEEP_S))

    def _stamped(self, data: bytes, number: int) -> bytes:
        if not self._names.time and not self._names.number:
            self._names = names_of(self._transport)
        time_24 = int((time.time() + NTP_FROM_UNIX_S) * (1 << 18)) & 0xFFFFFF
        return stamped(data, self._names.number, number, self._names.time, time_24)

    def _may_repeat(self, source: int, number: int, payload_bytes: int) -> bool:
        wire_bytes = payload_bytes + BESIDE_BYTES + 24
        return self._line.may_repeat(source, number, wire_bytes, self._now())

    # --- what comes ------------------------------------------------------------------------

    def came(self, data: bytes, at: float) -> list[bytes]:
        if len(data) < 12:
            return [data]
        self._received.add(len(data) + BESIDE_BYTES, self._now())
        if not self._names.number:
            self._names = names_of(self._transport)
        number = number_of(data, self._names.number)
        if number is not None:
            if not self._far_source:
                self._silence_stock_estimates()
            self._far_source = int.from_bytes(data[8:12], "big") or 1
            self._arrivals.came(number, at)
        return self._repairs_in.came(data)

    def told(self, data: bytes) -> bytes:
        feedbacks, left = taken_out(data)
        for each in feedbacks:
            if (feedback := parse(each)) is not None:
                for source in self._line.heard(feedback, self._now()):
                    self._wish_key_frame(source)
        if feedbacks:
            self._wake.set()
        return left

    def _silence_stock_estimates(self) -> None:
        """The far side numbers its packets: an estimate beside the feedback would cap it."""
        for receiver in self._connection.getReceivers():
            vars(receiver)["_RTCRtpReceiver__remote_bitrate_estimator"] = None

    def _reported(self, loss_share: float, round_trip_s: float | None) -> None:
        self._line.control.reported(loss_share, round_trip_s)

    async def _tell(self) -> None:
        while True:
            target_bit_s = self._line.control.target_bit_s
            received_bit_s = self._received.bit_s(self._now())
            await asyncio.sleep(feedback_every_s(received_bit_s, target_bit_s))
            self._line.passed(self._now())
            self._repairs_out.loses(self._line.state().loss_share, self._now())
            self._pictures.tell_stock_encoders(self.picture_budget().bit_s)
            source = self._connection.getSenders()[0]._ssrc
            for feedback in self._arrivals.take(source, self._far_source):
                try:
                    await self._transport.send_now(feedback)
                except ConnectionError:
                    pass  # not up yet, or the path is gone
