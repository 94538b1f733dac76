"""One peer connection of a visit: voice, picture, control and scope channel, told as domain events.

A link never comes back on a new network: then a new link is made for the same visit. What aiortc
lacks stands in the other files of this folder.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

import av
from aiortc import RTCDataChannel, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack

from app.domain.changes import Json
from app.domain.engine import FarScreen, LiveFromFar
from app.domain.exam_camera import Focus
from app.domain.failures import Code, Rejected, Unavailable
from app.domain.relays import Way
from app.runtime.tasks import TaskOwner
from media.audio.playout_buffer import PlayoutBuffer
from media.devices.sample_ring import Samples
from media.picture.picture_sizes import HD, PictureBounds
from media.quality.arrival_count import ArrivalCount
from media.quality.line_state import LineState, PictureBudget
from media.rtc import upstream
from media.rtc.control_channel import BEATS_WAITING_BYTES, ControlChannel
from media.rtc.control_words import Beat, ControlWord, FarCamera, FarLadder, Joined, PictureHere
from media.rtc.descriptions import NOT_A_DESCRIPTION, checked
from media.rtc.empty_tracks import add_empty, fill
from media.rtc.exam_track import ExamTrack
from media.rtc.far_media import FarMedia
from media.rtc.first_picture import FirstPictureHelp
from media.rtc.line_control import LineControl
from media.rtc.link_events import (
    ExamPictureIn,
    FirstPicture,
    LinkEvent,
    LinkFailed,
    LinkLost,
    LinkUp,
    LinkWarm,
    PictureIn,
    ScopeIn,
    SignalOut,
    VoiceIn,
)
from media.rtc.link_measures import LinkMeter, loss_of_our_voice, path_of
from media.rtc.local_tracks import PictureFeed, VoiceSource, VoiceTrack
from media.rtc.new_connection import control_and_scope, new_connection, use_our_codecs
from media.rtc.picture_out import add_picture, picture_of, start_budget
from media.rtc.picture_shares import PictureShares
from media.rtc.relay_paths import way_of
from media.rtc.voice_arrival import VoiceSink
from media.rtc.voice_encoder import VoiceOut

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.1
BEAT_EVERY_S = 0.25
LOST_AFTER_S = 0.9  # and noticed within 1 s; who is well speaks four times a second or more
MEASURE_EVERY_S = 1.0
JOIN_LIMIT_S = 20.0
# From the click to the far side's first picture is how long a join took; to the open channel where
# no picture comes, be it that there is no camera.
PICTURE_LIMIT_S = 5.0
GATHER_LIMIT_S = 5.0
CLOSE_LIMIT_S = 3.0


class PeerLink:
    """Made on the loop, used on the loop. Events come on the loop, none after `close()`.

    One that is made `is_empty` carries neither sound nor picture, and shows none, until `join()`.
    """

    def __init__(
        self,
        *,
        is_offerer: bool,
        voice: VoiceSource,
        far_voice: VoiceSink,
        pictures: PictureFeed,
        on_event: Callable[[LinkEvent], None],
        is_empty: bool = False,
        exam: PictureFeed | None = None,
    ) -> None:
        """`exam`: pictures of an exam camera here, sent while it is shown."""
        upstream.fit()
        self._has_joined = self._has_far_joined = not is_empty
        self._is_join_told = not is_empty
        self._is_warm = False  # of an empty one: all is there but sound and picture
        self._is_offerer = is_offerer
        self._voice = voice
        self._voice_track: VoiceTrack | None = None
        self._voice_out = VoiceOut()
        self._pictures = pictures
        self.picture_out = picture_of(pictures)
        self.exam = ExamTrack(exam)
        self._on_event = on_event
        self._tasks = TaskOwner("peer link")
        self._pc = new_connection()
        self._scope: RTCDataChannel | None = None
        self._meter = LinkMeter()
        self._first_picture: FirstPictureHelp | None = None
        self._line: LineControl | None = None
        self._shares = PictureShares(lambda: self._budget())
        self._shares.is_face_moving = lambda: pictures.is_moving
        if exam is not None:
            self._shares.is_exam_moving = lambda: exam.is_moving
        self._shares.bound(HD)
        self._now = asyncio.get_running_loop().time
        self._control = ControlChannel(self._word_came, self._now)
        self._far = FarMedia(
            self._pc,
            self._tasks,
            sink=far_voice,
            on_picture=self._picture_heard,
            on_exam_picture=self._exam_picture_heard,
            on_voice=self._voice_heard,
            round_trip_s=lambda: self._meter.round_trip_s,
            now=self._now,
        )
        self._opened_at = self._now()
        self._join_ms: float | None = None
        self._has_heard = False
        self._is_up = False
        self._is_over = False  # failed or closed: no further events
        self._is_camera_told: bool | None = None
        self._has_picture = False
        self._is_picture_told = False

    # --- what the owner asks ---------------------------------------------------------------

    async def open(self) -> None:
        """The offerer makes its offer; the answerer waits for one. Told by events from here on."""
        self._opened_at = self._now()
        self._pc.on("connectionstatechange", self._state_changed)
        self._pc.on("track", self._track_came)
        self._tasks.start_lasting(self._watch, "watch")
        self._add_tracks()
        if self._is_offerer:
            self._add_channels()
            try:
                async with asyncio.timeout(GATHER_LIMIT_S):
                    await self._pc.setLocalDescription(await self._pc.createOffer())
            except TimeoutError:
                self._fail(Code.MEDIA_LOST)
            else:
                self._tell_description()

    async def heard(self, payload: dict[str, Json]) -> None:
        """The far side's offer or answer; Rejected(MALFORMED, TOO_LARGE) when it is none."""
        wanted = "answer" if self._is_offerer else "offer"
        description = checked(payload.get("type"), payload.get("sdp"), wanted=wanted)
        if self._has_heard or self._is_over:
            return  # told twice, or too late
        try:
            async with asyncio.timeout(GATHER_LIMIT_S):
                await self._take(description)
        except NOT_A_DESCRIPTION as error:
            raise Rejected(Code.MALFORMED, "signal") from error
        except TimeoutError as error:
            raise Unavailable(Code.PEER_AWAY, "signal") from error

    def join(self) -> None:
        """The person here is in the call: from now on it is a link like any other."""
        if self._has_joined or self._is_over:
            return
        if self._is_warm and self._is_silent(self._now()):
            self._fail(Code.MEDIA_LOST)  # whoever asked makes another one at once
            return
        self._has_joined, self._opened_at = True, self._now()
        self._voice_track = VoiceTrack(self._voice)
        self._voice_out.sender = fill(self._pc, self._voice_track, self.picture_out)
        self.exam.turn(self._shares.is_exam_on)
        self._state_changed()

    def send(self, word: FarScreen | LiveFromFar | FarCamera | FarLadder) -> None:
        """Over the control channel; Unavailable(CALL_NOT_OPEN) when the line does not carry it."""
        self._control.say(word)

    def send_scope(self, data: bytes) -> None:
        """Over the scope channel; Unavailable(CALL_NOT_OPEN) when it is not open."""
        if self._scope is None or self._scope.readyState != "open":
            raise Unavailable(Code.CALL_NOT_OPEN, "scope channel")
        self._scope.send(data)

    @property
    def scope_waiting_bytes(self) -> int:
        """What the scope channel has taken and not yet sent."""
        return self._scope.bufferedAmount if self._scope is not None else 0

    @property
    def arrival_count(self) -> ArrivalCount:
        """What the far picture had to put up with on this link so far."""
        return self._far.arrival_count

    @property
    def is_up(self) -> bool:
        return self._is_up

    @property
    def way(self) -> Way | None:
        """Direct or by a relay; None before there is any."""
        return way_of(self._pc)

    def line_state(self) -> LineState | None:
        """Of what we send over it; None before it is made."""
        return None if self._line is None else self._line.state()

    def bound(self, bounds: PictureBounds) -> None:
        """The most that is wanted of our pictures, from the next one on."""
        self._shares.bound(bounds)
        self._share()

    def show_exam(self, is_on: bool) -> None:
        """The exam camera's picture beside the face's, or no more."""
        self._shares.is_exam_on = is_on
        self._share()
        self.exam.turn(is_on and self._has_joined)

    def look_at(self, focus: Focus) -> None:
        """What the far person has large before them."""
        self._shares.focus = focus
        self._share()

    def _share(self) -> None:
        self.picture_out.bounds = self._shares.face_bounds
        if self.exam.out is not None:
            self.exam.out.bounds = self._shares.exam_bounds

    def voice_has(self, line_bit_s: int | None) -> None:
        """What of the line the voice may reckon with; None: not known."""
        self._voice_out.carries(line_bit_s)

    @property
    def is_connected(self) -> bool:
        """Packets go both ways under keys of this link; its channels may not be open yet."""
        return self._pc.connectionState == "connected"

    @property
    def playout(self) -> PlayoutBuffer:
        """Of the far voice: what it was made of so far, and how long is waited; to be read only."""
        return self._far.playout

    async def close(self) -> None:
        """The end of this link; the far side is told by the line where it still can be."""
        self._is_over = True
        self._is_up = False
        await self._tasks.close()
        if self._line is not None:
            await self._line.close()
        if self._voice_track is not None:
            self._voice_track.stop()  # stock stops what it has begun to send, and no other
        self.exam.stop()
        try:
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await self._pc.close()
        except TimeoutError:
            log.warning("a peer connection did not close in %.0f s", CLOSE_LIMIT_S)

    # --- making the connection -------------------------------------------------------------

    async def _take(self, description: RTCSessionDescription) -> None:
        await self._pc.setRemoteDescription(description)
        self._has_heard = True
        if not self._is_offerer:
            self.exam.answer(self._pc)
            self._add_channels()
            await self._pc.setLocalDescription(await self._pc.createAnswer())
            self._tell_description()

    def _add_tracks(self) -> None:
        if self._has_joined:
            self._voice_track = VoiceTrack(self._voice)
            self._voice_out.sender = self._pc.addTrack(self._voice_track)
            add_picture(self._pc, self.picture_out)
        else:
            add_empty(self._pc)
        if self._is_offerer:
            self.exam.offer(self._pc)
        use_our_codecs(self._pc)
        self._line = LineControl(self._pc, upstream.transport_of(self._pc))
        self.picture_out.budget = self._shares.face
        self.exam.budget_is(self._shares.exam)

    def _budget(self) -> PictureBudget:
        return start_budget() if self._line is None else self._line.picture_budget()

    def _add_channels(self) -> None:
        control, self._scope = control_and_scope(self._pc)
        self._control.use(control)
        control.on("open", self._state_changed)
        control.on("close", lambda: self._fail(Code.MEDIA_LOST))
        self._scope.on("message", self._scope_heard)

    def _tell_description(self) -> None:
        made = self._pc.localDescription
        self._tell(SignalOut({"type": made.type, "sdp": made.sdp}))

    def _state_changed(self) -> None:
        state = self._pc.connectionState
        if state in ("failed", "closed"):
            if upstream.transport_of(self._pc).is_impostor:
                self._fail(Code.PEER_UNTRUSTED)
            self._fail(Code.PEER_AWAY if self._join_ms is None else Code.MEDIA_LOST)
        elif state == "connected" and not self._is_over:
            if self._first_picture is None and self._has_joined:
                self._first_picture = FirstPictureHelp(self._pc)
                upstream.transport_of(self._pc).when_heard_again = self._heard_again
                self._tasks.start(self._first_picture.push(), "first picture out")
                self._tasks.start(self._first_picture.pull(), "first picture in")
            if self._control.is_open:
                self._tell_joined()
                if self._has_joined and self._has_far_joined:
                    self._come_up()
                elif not self._is_warm:
                    self._is_warm = True
                    self._tell(LinkWarm())

    def _tell_joined(self) -> None:
        if self._has_joined and not self._is_join_told:
            self._is_join_told = self._control.try_to_say(Joined())

    def _come_up(self) -> None:
        if self._join_ms is None:
            self._join_ms = (self._now() - self._opened_at) * 1000
        if not self._is_up and not self._is_over:
            self._is_up = True
            self._tell(LinkUp(self._join_ms))

    def _heard_again(self) -> None:
        if self._first_picture is not None and self._join_ms is not None and not self._is_over:
            self._first_picture.forget_gaps()
            self._tasks.start(self._first_picture.pull_again(), "picture after a gap")
            self._come_up()

    def _fail(self, code: Code) -> None:
        self._is_up = False
        self._tell(LinkFailed(code))
        self._is_over = True

    def _tell(self, event: LinkEvent) -> None:
        if not self._is_over:
            self._on_event(event)

    # --- what comes in ---------------------------------------------------------------------

    def _track_came(self, track: MediaStreamTrack) -> None:
        if not self._is_over:
            self._far.came(track)

    def _far_has_joined(self) -> None:
        """Who sends sound or picture has joined, too; the word itself may be lost for a moment."""
        if not self._has_far_joined:
            self._has_far_joined = True
            self._state_changed()

    def _picture_heard(self, frame: av.VideoFrame) -> None:
        self._far_has_joined()
        if not self._has_joined:
            return  # the far side has joined; whether it may is not known here yet
        self._meter.picture_came()
        if self._first_picture is not None:
            self._first_picture.came()
        if not self._has_picture:
            self._has_picture = True
            self._is_picture_told = self._control.try_to_say(PictureHere())
            after_ms = (self._now() - self._opened_at) * 1000
            self._tell(FirstPicture(after_ms))
            if self._meter.join_ms is None:
                self._meter.join_ms = after_ms
        self._tell(PictureIn(frame))

    def _exam_picture_heard(self, frame: av.VideoFrame, stamp: int) -> None:
        if self._has_joined:
            self._tell(ExamPictureIn(frame, stamp))

    def _voice_heard(self, samples: Samples) -> None:
        self._far_has_joined()
        if self._has_joined:
            self._tell(VoiceIn(samples))

    def _scope_heard(self, data: object) -> None:
        if isinstance(data, bytes) and self._has_joined:
            self._tell(ScopeIn(data))
        elif not isinstance(data, bytes):
            self._control.refuse(Code.MALFORMED)

    def _word_came(self, word: ControlWord) -> None:
        match word:
            case Beat():
                self._meter.beat_came(word)
            case Joined():
                self._far_has_joined()
            case _ if not self._has_joined:
                pass  # nothing is said by whoever only waits, nor listened to
            case PictureHere():
                if self._first_picture is not None:
                    self._first_picture.arrived()
            case _:
                if isinstance(word, FarCamera):
                    self._far.far_camera_is(word.is_on)
                self._tell(word)

    # --- what goes on by itself ------------------------------------------------------------

    async def _watch(self) -> None:
        looked_at = beat_at = measured_at = self._now()
        while not self._is_over:
            await asyncio.sleep(LOOK_EVERY_S)
            now = self._now()
            stood_still = now - looked_at > 3 * LOOK_EVERY_S
            looked_at = now
            if stood_still:
                continue  # who did not listen cannot say that nothing was said
            self._look(now)
            if (self._is_warm or self._join_ms is not None) and now - beat_at >= BEAT_EVERY_S:
                beat_at = now
                self._control.try_to_say(self._meter.next_beat(), BEATS_WAITING_BYTES)
            if now - measured_at >= MEASURE_EVERY_S:
                measured_at = now
                await self._measure()

    async def _measure(self) -> None:
        stats = await self._pc.getStats()
        measured = self._meter.measures(stats, self._far.playout.count)
        if not self._has_joined:
            return  # a measure of nothing
        self._tell(replace(measured, path=path_of(self.way)))
        self._voice_out.loses(loss_of_our_voice(stats), self._now())

    def _look(self, now: float) -> None:
        if self._join_ms is None:
            is_waiting = self._is_warm and not self._has_joined
            if not is_waiting and now - self._opened_at > JOIN_LIMIT_S:
                self._fail(Code.PEER_AWAY)
            self._tell_joined()
            return
        if self._meter.join_ms is None and now - self._opened_at > PICTURE_LIMIT_S:
            self._meter.join_ms = self._join_ms
        if self._is_up and self._is_silent(now):
            self._is_up = False
            self._tell(LinkLost(Code.MEDIA_LOST))
        if self._is_up:
            self._tell_how_we_are()

    def _is_silent(self, now: float) -> bool:
        return now - upstream.transport_of(self._pc).heard_at > LOST_AFTER_S

    def _tell_how_we_are(self) -> None:
        if self._shares.is_exam_on:
            self._share()  # one of the two may have begun to move, or stopped
        is_moving = self._pictures.is_moving
        if is_moving != self._is_camera_told and self._control.try_to_say(FarCamera(is_moving)):
            self._is_camera_told = is_moving
        if self._has_picture and not self._is_picture_told:
            self._is_picture_told = self._control.try_to_say(PictureHere())
