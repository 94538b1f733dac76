"""The instruments of a call, fitted to what the setup names: opened, changed, closed one by one.

A link's voice and picture go on when the device behind them is changed or comes back.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from app.domain.clock import Clock
from app.domain.device import DeviceIdentity, DeviceKind, DeviceStatus, Presence
from app.domain.engine import CallSetup, Equipment
from app.domain.failures import Code
from app.domain.picture import Picture
from app.runtime.tasks import TaskOwner
from media.audio.echo_control import EchoControl
from media.devices.camera import Camera
from media.devices.exam_camera import ExamCamera
from media.devices.microphone import TAP_SAMPLES, Microphone
from media.devices.plugs import Plugs
from media.devices.roll_call import RollCall
from media.devices.sample_ring import SampleRing, Samples
from media.devices.sound_pace import SoundPace
from media.devices.speaker import LEAST_WISH, RATE_HZ, Speaker
from media.devices.stethoscope import Stethoscope

LOOK_ANYWAY_S = 15.0  # for what no system tells; what is plugged in is looked at when it is


class Voice:
    """Fulfils rtc's VoiceSource, whichever microphone speaks at the moment."""

    def __init__(self) -> None:
        self._rings: list[SampleRing] = []
        self._microphone: Microphone | None = None

    def tap(self) -> SampleRing:
        ring = SampleRing(TAP_SAMPLES)
        self._rings.append(ring)
        if self._microphone is not None:
            self._microphone.tap(ring)
        return ring

    def untap(self, ring: SampleRing) -> None:
        self._rings = [other for other in self._rings if other is not ring]
        if self._microphone is not None:
            self._microphone.untap(ring)

    def use(self, microphone: Microphone | None) -> None:
        for ring in self._rings:
            if self._microphone is not None:
                self._microphone.untap(ring)
            ring.clear()
            if microphone is not None:
                microphone.tap(ring)
        self._microphone = microphone


@dataclass(frozen=True, slots=True)
class _On:
    """What of it a person, or the empty seat, lets be open."""

    camera: bool
    microphone: bool
    exam_camera: bool


@dataclass(slots=True)
class _Fitted:
    """One open device and the name that it was opened by."""

    name: str
    device: AbstractAsyncContextManager[Any]


class CallDevices:
    """`on_status` is told all that is known, on every change."""

    def __init__(
        self,
        clock: Clock,
        on_picture: Callable[[Picture], None],
        on_status: Callable[[tuple[DeviceStatus, ...]], None],
        on_exam_picture: Callable[[Picture], None] = lambda picture: None,
    ) -> None:
        self._clock = clock
        self._on_picture = on_picture
        self._on_exam_picture = on_exam_picture
        self._on_status = on_status
        self._fitted: dict[DeviceKind, _Fitted] = {}
        self._statuses: dict[DeviceKind, DeviceStatus] = {}
        self._changing = asyncio.Lock()
        self._tasks = TaskOwner("call devices")
        self._is_muted = False
        self._is_scope_running = False
        self._is_fitted = False  # a call is prepared: its own devices tell
        self._equipment: Equipment | None = None
        self._microphone: Microphone | None = None
        self._speaker: Speaker | None = None
        self._no_speaker = SoundPace(RATE_HZ)
        self._echo: EchoControl | None = None  # of the microphone that is open
        self._has_echo_control = False
        self._scope_source: str | None = None
        self._plugs = Plugs()
        self.voice = Voice()
        self.stethoscope: Stethoscope | None = None
        self.exam_camera: ExamCamera | None = None

    # --- asked by the call -------------------------------------------------------------------

    def fit(
        self,
        setup: CallSetup | None,
        *,
        is_camera_on: bool,
        is_microphone_on: bool,
        is_exam_on: bool = False,
    ) -> None:
        """Begin to make it so; what is fitted already stays open. The stethoscope is there now."""
        self._is_fitted = setup is not None
        if setup is not None:
            self._has_echo_control = setup.has_echo_control
            self._fit_scope(setup.scope)
            if setup.camera is None:
                self._no_camera()
        on = _On(is_camera_on, is_microphone_on, is_exam_on)
        self._tasks.start(self._fit(setup, on), "fit devices")

    def look_for(self, equipment: Equipment) -> None:
        """Between calls: which of these are there."""
        if equipment != self._equipment:
            self._equipment = equipment
            self._plugs.open()
            self._tasks.start(self._call_the_roll(RollCall(equipment, self._clock)), "roll call")

    async def _call_the_roll(self, roll: RollCall) -> None:
        equipment = self._equipment
        while equipment is self._equipment:
            count = self._plugs.count
            if not self._is_fitted:
                for status in await roll.look():
                    if not self._is_fitted:
                        self._seen(status)
            await self._plugs.newer_than(count, LOOK_ANYWAY_S)

    def mute(self, is_muted: bool) -> None:
        self._is_muted = is_muted
        if self._microphone is not None:
            self._microphone.mute(is_muted)
        if self._echo is not None:
            self._echo.forget()

    def play(self, samples: Samples) -> None:
        if self._speaker is not None:
            self._speaker.play(samples)
        else:
            self._no_speaker.add(len(samples))

    @property
    def speaker(self) -> Speaker | None:
        """The call's, while one is open."""
        return self._speaker

    @property
    def speaker_name(self) -> str | None:
        """Of the machine's loudspeaker between calls."""
        return None if self._equipment is None else self._equipment.speaker

    @property
    def surplus(self) -> int:
        """Fulfils rtc's VoiceSink, whichever loudspeaker plays at the moment."""
        if self._speaker is None:
            return self._no_speaker.in_hand - LEAST_WISH
        return self._speaker.surplus

    @property
    def levels(self) -> tuple[float, float]:
        """Of our own voice and of the far one."""
        own = self._microphone.level if self._microphone is not None else 0.0
        return own, self._speaker.level if self._speaker is not None else 0.0

    @property
    def statuses(self) -> tuple[DeviceStatus, ...]:
        return tuple(self._statuses.values())

    def scope_runs(self, is_running: bool) -> None:
        """While a recording runs nobody else opens the instrument."""
        self._is_scope_running = is_running
        if self.stethoscope is not None:
            self._seen(self.stethoscope.status)

    async def close(self) -> None:
        await self._tasks.close()
        await self._plugs.close()
        await self._fit(None, _On(False, False, False))

    # --- inside ------------------------------------------------------------------------------

    async def _fit(self, setup: CallSetup | None, on: _On) -> None:
        async with self._changing:
            camera = setup.camera if setup is not None and on.camera else None
            await self._change(DeviceKind.CAMERA, camera, self._new_camera)
            exam = setup.exam_camera if setup is not None and on.exam_camera else None
            await self._change(DeviceKind.EXAM_CAMERA, exam, self._new_exam_camera)
            name = _sound_name(setup.microphone) if setup is not None else None
            microphone = name if on.microphone else None
            await self._change(DeviceKind.MICROPHONE, microphone, self._new_microphone)
            speaker = _sound_name(setup.speaker) if setup is not None else None
            await self._change(DeviceKind.SPEAKER, speaker, self._new_speaker)

    async def _change(
        self,
        kind: DeviceKind,
        name: str | None,
        make: Callable[[str], AbstractAsyncContextManager[Any]],
    ) -> None:
        """`name` None: closed on purpose; its status stays what was last seen."""
        present = self._fitted.get(kind)
        if present is not None and present.name == name:
            return
        if present is not None:
            del self._fitted[kind]
            self._forget(kind)
            await present.device.__aexit__(None, None, None)
        if name is not None:
            device = make(name)
            await device.__aenter__()
            self._fitted[kind] = _Fitted(name, device)

    def _forget(self, kind: DeviceKind) -> None:
        if kind is DeviceKind.MICROPHONE:
            self.voice.use(None)
            self._microphone = None
            if self._echo is not None:
                self._echo.close()
                self._echo = None
        elif kind is DeviceKind.SPEAKER:
            self._speaker = None
        elif kind is DeviceKind.EXAM_CAMERA:
            self.exam_camera = None

    def _new_camera(self, name: str) -> Camera:
        return Camera(name, clock=self._clock, on_picture=self._on_picture, on_status=self._seen)

    def _new_exam_camera(self, name: str) -> ExamCamera:
        self.exam_camera = ExamCamera(
            name, clock=self._clock, on_picture=self._on_exam_picture, on_status=self._seen
        )
        return self.exam_camera

    def _new_microphone(self, name: str) -> Microphone:
        device = _device_name(name)
        microphone = Microphone(device, clock=self._clock, on_status=self._seen)
        microphone.mute(self._is_muted)
        self._microphone = microphone
        if self._has_echo_control:
            self._echo = EchoControl(
                microphone.spoken, self._sound_latency_s, lambda: microphone.is_tapped
            )
            microphone.when_heard = self._echo.heard
            self._echo.open()
        self.voice.use(microphone)
        return microphone

    def _new_speaker(self, name: str) -> Speaker:
        device = _device_name(name)
        self._speaker = Speaker(device, clock=self._clock, on_status=self._seen)
        self._speaker.when_played = self._played
        return self._speaker

    def _played(self, block: Samples) -> None:
        """On the loudspeaker's callback thread."""
        echo = self._echo
        if echo is not None:
            echo.played(block)

    def _sound_latency_s(self) -> float:
        """From a sample given to the loudspeaker to its echo given by the microphone, at least."""
        devices = (self._microphone, self._speaker)
        return sum(device.latency_s for device in devices if device is not None)

    def _fit_scope(self, source: str | None) -> None:
        if self.stethoscope is None or self._scope_source != source:
            self._scope_source = source
            self._plugs.open()
            self.stethoscope = Stethoscope(
                source,
                clock=self._clock,
                on_status=self._seen,
                pause=lambda pause_s: self._plugs.newer_than(self._plugs.count, pause_s),
            )
            if source is not None:  # where there shall be none, none is missing
                self._tasks.start(self._look_for_scope(self.stethoscope), "look for stethoscope")

    async def _look_for_scope(self, stethoscope: Stethoscope) -> None:
        """Nothing is opened for it; while a recording runs, that itself tells how it is."""
        while stethoscope is self.stethoscope:
            count = self._plugs.count
            if not self._is_scope_running:
                await stethoscope.look()
                self._seen(stethoscope.status)
            await self._plugs.newer_than(count, LOOK_ANYWAY_S)

    def _no_camera(self) -> None:
        identity = DeviceIdentity(DeviceKind.CAMERA, "none", "")
        known = self._statuses.get(DeviceKind.CAMERA)
        if known is None or known.identity != identity:
            now = self._clock.now()
            self._seen(DeviceStatus(identity, Presence.MISSING, now, Code.DEVICE_MISSING))

    def _seen(self, status: DeviceStatus) -> None:
        kind = status.identity.kind
        if self._statuses.get(kind) != status:
            self._statuses[kind] = status
            self._on_status(self.statuses)


def _sound_name(wanted: str | None) -> str:
    """A key for what a setup asks for: "" and None both mean something, but not the same."""
    return "default" if wanted is None else f"device {wanted}"


def _device_name(key: str) -> str | None:
    return None if key == "default" else key.removeprefix("device ")
