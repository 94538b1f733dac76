"""All that the media process does with body sounds: recorded, sent, heard, drawn, opened again."""

from collections.abc import Callable
from typing import Any

from app.domain.clock import Clock
from app.domain.ids import VisitId
from app.domain.ladder import Matters, Step
from media.call_devices import CallDevices
from media.ear_output import EarOutput
from media.link.messages import News
from media.link.sound_words import (
    CloseSound,
    Listen,
    OpenSound,
    PlaySound,
    ScopeKept,
    StartScope,
    StopScope,
    StopSound,
)
from media.rtc.peer_link import PeerLink
from media.scope_desk import ScopeDesk
from media.scope_ears import ScopeEars
from media.scope_line import ScopeLine
from media.scope_player import ScopePlayer

Tell = Callable[[News, int | None], bool]


class ScopeRoom:
    """`obey`: its wishes by their kind; OpenSound brings a descriptor, and has a door of its own.

    `stand`: on which step of the ladder what we send stands (VOICE: without a picture), and what
    matters most.
    """

    def __init__(
        self,
        tell: Tell,
        clock: Clock,
        devices: CallDevices,
        stand: Callable[[], tuple[Step, Matters]],
    ) -> None:
        self._devices = devices
        self._output = EarOutput(clock, lambda: devices.speaker, lambda: devices.speaker_name)
        self._ears = ScopeEars(tell, self._output.put)
        self._player = ScopePlayer(tell, self._output)
        self._desk = ScopeDesk(tell, devices.scope_runs, self._ears)
        self._line = ScopeLine(self._desk.heard_packet, stand)
        self.heard = self._desk.heard
        self.obey: dict[type[Any], Callable[[Any], None]] = {
            StartScope: self._start,
            StopScope: lambda wish: self._desk.stop(wish.recording),
            ScopeKept: lambda wish: self._desk.shelf.kept(wish.recording),
            Listen: lambda wish: self._ears.listen(wish.listening),
            CloseSound: lambda wish: self._player.close_slot(wish.slot),
            PlaySound: lambda wish: self._player.play(wish.playing),
            StopSound: lambda _: self._player.stop(),
        }

    def open(self) -> None:
        self._ears.open()
        self._desk.open()

    async def close(self) -> None:
        await self._desk.close()
        await self._line.close()
        await self._player.close()
        await self._output.close()
        await self._ears.close()

    def open_sound(self, wish: OpenSound, descriptor: int) -> None:
        self._player.open_slot(wish, descriptor)

    def visit_is(self, visit: VisitId | None) -> None:
        self._desk.visit_is(visit)

    def follow(self, live: PeerLink | None) -> None:
        """Body sounds go over the link that is up, or wait."""
        self._desk.line_is(self._line.follow(live))

    @property
    def is_recording(self) -> bool:
        return self._desk.is_recording

    def screen_came(self) -> None:
        self._desk.shelf.screen_came()
        self._ears.screen_came()

    def screen_left(self) -> None:
        self._ears.screen_left()
        self._player.screen_left()

    def _start(self, wish: StartScope) -> None:
        self._desk.start(wish.recording, wish.site, self._devices.stethoscope)
