"""The peer connections of one call: the one in use, and a newer one that is being made beside it.

The older lives on for a moment after the newer is up here: over there it may not be up yet. Media
and words are taken from the newest that brings any.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from app.domain.changes import Json
from app.domain.engine import FarScreen, LiveFromFar, Measures
from app.domain.exam_camera import Focus
from app.domain.failures import Code, Failure
from app.domain.ids import LinkId
from app.domain.ladder import Step
from app.runtime.tasks import TaskOwner
from media.picture.picture_sizes import HD, PAUSED, SD, THUMBNAIL
from media.process_memory import give_back
from media.rtc.control_words import FarCamera, FarLadder
from media.rtc.link_events import (
    ExamPictureIn,
    LinkEvent,
    LinkFailed,
    LinkUp,
    PictureIn,
    ScopeIn,
    VoiceIn,
)
from media.rtc.local_tracks import PictureFeed, VoiceSource
from media.rtc.peer_link import PeerLink
from media.rtc.voice_arrival import VoiceSink

log = logging.getLogger(__name__)

SIGNALS_WAITING = 8
BOUNDS = {
    Step.HD: HD,
    Step.SD: SD,
    Step.THUMBNAIL: THUMBNAIL,
    Step.VOICE: PAUSED,
    Step.MESSAGES: PAUSED,
}
OVERLAP_S = 1.5


@dataclass(slots=True)
class _Link:
    id: LinkId
    order: int
    is_offerer: bool
    peer: PeerLink
    driver: asyncio.Task[None] | None = None
    fading: asyncio.Task[None] | None = None  # a newer one is up: this one is closed in a moment
    was_up: bool = False
    is_empty: bool = False  # made before both have joined
    signals: asyncio.Queue[dict[str, Json]] = field(
        default_factory=lambda: asyncio.Queue(SIGNALS_WAITING)
    )

    def cancel(self) -> None:
        for task in (self.driver, self.fading):
            if task is not None:
                task.cancel()


class CallLinks:
    """`on_event(link, event)` gets what the links tell, less what an older one still brings."""

    def __init__(
        self,
        voice: VoiceSource,
        far_voice: VoiceSink,
        pictures: PictureFeed,
        on_event: Callable[[LinkId, LinkEvent], None],
        exam: PictureFeed | None = None,
    ) -> None:
        """`exam` None: no exam camera's pictures will ever leave here."""
        self._exam = exam
        self._is_exam_on, self._focus = False, Focus.EXAM
        self._voice = voice
        self._far_voice = far_voice
        self._pictures = pictures
        self._on_event = on_event
        self._links: list[_Link] = []  # oldest first
        self._quiet_failures: list[tuple[LinkId, LinkFailed]] = []
        self._made = 0
        self._bounds = HD
        self._voice_line_bit_s: int | None = None
        self._media_order = self._words_order = 0
        self._tasks = TaskOwner("call links")

    @property
    def live(self) -> PeerLink | None:
        """The one that carries words now."""
        link = self._live_link
        return link.peer if link is not None else None

    def bound(self, step: Step) -> None:
        """On every link, those still to be made included; not on one that fades."""
        self._bounds = BOUNDS[step]
        for link in self._links:
            if link.fading is None:
                link.peer.bound(self._bounds)

    def voice_has(self, line_bit_s: int | None) -> None:
        self._voice_line_bit_s = line_bit_s
        for link in self._links:
            link.peer.voice_has(line_bit_s)

    def exam_is(self, exam: PictureFeed | None) -> None:
        """For the links that are made from now on."""
        self._exam = exam

    def show_exam(self, is_on: bool) -> None:
        self._is_exam_on = is_on
        for link in self._links:
            link.peer.show_exam(is_on)

    def look_at(self, focus: Focus) -> None:
        self._focus = focus
        for link in self._links:
            link.peer.look_at(focus)

    def exam_sequence_of(self, stamp: int) -> int | None:
        """Which picture of the exam camera's feed left with that RTP timestamp, as far as known."""
        live = self.live
        return None if live is None else live.exam.sequence_of(stamp)

    @property
    def shown(self) -> tuple[LinkId | None, bool]:
        """(the link that a new screen should know of, whether it is live)."""
        live = self._live_link
        if live is not None:
            return live.id, True
        made = [link.id for link in self._links if not link.is_empty]
        return (made[-1] if made else None), False

    @property
    def _live_link(self) -> _Link | None:
        return next((link for link in reversed(self._links) if link.peer.is_up), None)

    def connect(self, link_id: LinkId, *, is_offerer: bool, is_empty: bool = False) -> None:
        """One that was never up gives way at once; one that was may still come back by itself."""
        if self._find(link_id) is not None:
            return
        for link in [link for link in self._links if not link.was_up]:
            self._close(link)
        peer = PeerLink(
            is_offerer=is_offerer,
            voice=self._voice,
            far_voice=self._far_voice,
            pictures=self._pictures,
            on_event=lambda event: self._heard(link_id, event),
            is_empty=is_empty,
            exam=self._exam,
        )
        peer.bound(self._bounds)
        peer.look_at(self._focus)
        peer.show_exam(self._is_exam_on)
        peer.voice_has(self._voice_line_bit_s)
        self._made += 1
        link = _Link(link_id, self._made, is_offerer, peer, is_empty=is_empty)
        self._links.append(link)
        link.driver = self._tasks.start(self._drive(link), "link")

    def fill(self, link_id: LinkId) -> None:
        """Both people have joined; one that is gone is told as failed, so that another is made."""
        link = self._find(link_id)
        if link is None:
            self._on_event(link_id, LinkFailed(Code.MEDIA_LOST))
        else:
            link.is_empty = False
            link.peer.join()

    def close_empty(self) -> None:
        for link in [link for link in self._links if link.is_empty]:
            self._close(link)

    def heard_signal(self, link_id: LinkId, payload: dict[str, Json]) -> None:
        link = self._find(link_id)
        if link is None:
            log.info("a signal for a link that is not here")
        elif link.signals.full():
            log.warning("signals of a link dropped: %s", Code.OVERRUN)
        else:
            link.signals.put_nowait(payload)

    def send(self, word: LiveFromFar | FarScreen | FarLadder) -> None:
        """Over the live link, else nowhere: who sent it told the server, too, or tells it anew."""
        self.try_to_send(word)

    def try_to_send(self, word: LiveFromFar | FarScreen | FarLadder) -> bool:
        """Whether it went."""
        live = self.live
        if live is None:
            return False
        try:
            live.send(word)
        except Failure as failure:
            log.info("a word did not go over the call: %s", failure.code)
            return False
        return True

    def close_all(self) -> None:
        self._quiet_failures.clear()
        for link in tuple(self._links):
            self._close(link)

    async def close(self) -> None:
        links, self._links = self._links, []
        for link in links:
            link.cancel()
        for link in links:
            await link.peer.close()
        await self._tasks.close()

    # --- inside ------------------------------------------------------------------------------

    async def _drive(self, link: _Link) -> None:
        """Until the link is closed."""
        await link.peer.open()
        while link in self._links:
            payload = await link.signals.get()
            try:
                await link.peer.heard(payload)
            except (Failure, TimeoutError) as error:
                code = error.code if isinstance(error, Failure) else Code.PEER_AWAY
                log.warning("a signal was refused: %s", code)
                self._heard(link.id, LinkFailed(code))

    def _heard(self, link_id: LinkId, event: LinkEvent) -> None:
        link = self._find(link_id)
        if link is None:
            return  # closed meanwhile
        if isinstance(event, LinkFailed) and link.fading is not None:
            self._close(link)
            return
        if self._is_stale(link, event):
            return
        if isinstance(event, LinkUp):
            link.was_up = True
            self._quiet_failures.clear()
            self._let_fade(link.order)
            self._give_up_newer(link.order)
        if isinstance(event, LinkFailed):
            self._close(link)
            if event.code is Code.PEER_UNTRUSTED:
                self._on_event(link_id, event)  # somebody's concern at once
                return
            self._quiet_failures.append((link_id, event))
            if not self._links:
                self._tell_failures()
            return
        self._on_event(link_id, event)

    def _is_stale(self, link: _Link, event: LinkEvent) -> bool:
        """Whether a newer link has already brought what this one brings."""
        match event:
            case PictureIn() | ExamPictureIn() | VoiceIn():
                is_stale = link.order < self._media_order
                self._media_order = max(self._media_order, link.order)
                return is_stale
            case LiveFromFar() | FarScreen() | FarCamera():
                is_stale = link.order < self._words_order
                self._words_order = max(self._words_order, link.order)
                return is_stale
            case ScopeIn():
                return False  # the scope channel knows by itself what it has
            case Measures():  # of a line that nobody sees or hears
                return self._live_link not in (None, link)
        return link.fading is not None

    def _let_fade(self, order: int) -> None:
        for older in [link for link in self._links if link.order < order and link.fading is None]:
            if older.peer.is_up:
                older.peer.show_exam(False)
                older.peer.bound(PAUSED)  # two pictures would share one line with two voices
                older.fading = self._tasks.start(self._fade(older), "fade")
            else:
                self._close(older)

    async def _fade(self, link: _Link) -> None:
        await asyncio.sleep(OVERLAP_S)
        self._close(link)

    def _give_up_newer(self, order: int) -> None:
        """The older came back by itself: one that we offered and nobody reached is not needed.

        The far side, which only answers, may have it nearly up and must not do the same.
        """
        for newer in [link for link in self._links if link.order > order]:
            if newer.is_offerer and not newer.peer.is_connected:
                self._close(newer)

    def _tell_failures(self) -> None:
        """While another link is being made the end of one is nobody's concern."""
        failures, self._quiet_failures = self._quiet_failures, []
        for link_id, event in failures:
            self._on_event(link_id, event)

    def _find(self, link_id: LinkId) -> _Link | None:
        return next((link for link in self._links if link.id == link_id), None)

    def _close(self, link: _Link) -> None:
        self._links.remove(link)
        if link.order == self._media_order:
            self._media_order = 0  # an older one that lives brings what there is
        if link.order == self._words_order:
            self._words_order = 0
        link.cancel()
        self._tasks.start(self._end(link.peer), "close link")

    @staticmethod
    async def _end(peer: PeerLink) -> None:
        await peer.close()
        give_back()
