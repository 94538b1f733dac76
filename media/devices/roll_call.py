"""Which of the named instruments are there, without opening one: for a cart before its visit.

A camera or microphone that nobody uses stays off; whether it works shows when it is used.
"""

import os
from collections.abc import Awaitable, Callable
from dataclasses import replace

from app.domain.clock import Clock
from app.domain.device import DeviceIdentity, DeviceKind, DeviceStatus, Presence
from app.domain.engine import Equipment
from app.domain.failures import Code, Unavailable
from media.devices.camera_list import FoundCamera, camera_at, cameras
from media.devices.inputs import SoundDevice, sound_devices
from media.devices.scope_capture import Input, find_input
from media.devices.stethoscope import Stethoscope

ListSounds = Callable[[], Awaitable[tuple[SoundDevice, ...]]]
ListCameras = Callable[[], tuple[FoundCamera, ...]]


class RollCall:
    """`look()` may be asked again and again; `since` moves only when one comes or goes."""

    def __init__(
        self,
        equipment: Equipment,
        clock: Clock,
        list_sounds: ListSounds = sound_devices,
        list_cameras: ListCameras = cameras,
    ) -> None:
        self._equipment = equipment
        self._clock = clock
        self._list_sounds = list_sounds
        self._list_cameras = list_cameras
        self._sounds: tuple[SoundDevice, ...] = ()
        self._scope = Stethoscope(equipment.scope, clock=clock, find=self._find_scope)
        self._seen: dict[DeviceKind, DeviceStatus] = {}

    async def look(self) -> tuple[DeviceStatus, ...]:
        try:
            self._sounds = await self._list_sounds()
        except Unavailable:
            self._sounds = ()
        named, sounds = self._equipment, self._sounds
        self._note(self._camera(DeviceKind.CAMERA, named.camera))
        if named.exam_camera is not None:
            self._note(self._camera(DeviceKind.EXAM_CAMERA, named.exam_camera))
        self._note(_sound(DeviceKind.MICROPHONE, named.microphone, sounds, self._clock))
        self._note(_sound(DeviceKind.SPEAKER, named.speaker, sounds, self._clock))
        self._note(await self._scope.look())
        return tuple(self._seen.values())

    async def _find_scope(self, name: str, before: Input | None) -> Input:
        async def listed() -> tuple[SoundDevice, ...]:
            return self._sounds

        return await find_input(name, before, list_sounds=listed)

    def _camera(self, kind: DeviceKind, named: str | None) -> DeviceStatus:
        path = f"/dev/video{named}" if named is not None and named.isdecimal() else named
        is_there = path is not None and os.path.exists(path) and not os.path.isdir(path)
        found = camera_at(path, self._list_cameras()) if path and is_there else None
        model = os.path.basename(named or "none") if found is None else found.name
        status = _status(
            DeviceIdentity(kind, model, named or ""), is_there, Code.DEVICE_MISSING, self._clock
        )
        return status if found is None else replace(status, firmware=found.usb.release)

    def _note(self, status: DeviceStatus) -> None:
        before = self._seen.get(status.identity.kind)
        if before is not None and before.presence is status.presence:
            status = replace(status, since=before.since)
        self._seen[status.identity.kind] = status


def _sound(
    kind: DeviceKind, named: str | None, sounds: tuple[SoundDevice, ...], clock: Clock
) -> DeviceStatus:
    """`named` None: the system's default; "": none is wanted."""
    identity = DeviceIdentity(kind, named or "default", named or "default")
    if named == "":
        return _status(identity, False, Code.NO_SOUND_DEVICE, clock)
    if kind is DeviceKind.SPEAKER:
        fitting = [one for one in sounds if one.outputs > 0]
    else:
        fitting = [one for one in sounds if one.inputs > 0]
    is_there = any(named is None or one.name == named for one in fitting)
    code = Code.DEVICE_MISSING if sounds else Code.NO_SOUND_DEVICE
    return _status(identity, is_there, code, clock)


def _status(identity: DeviceIdentity, is_there: bool, code: Code, clock: Clock) -> DeviceStatus:
    if is_there:
        return DeviceStatus(identity, Presence.FOUND, clock.now())
    return DeviceStatus(identity, Presence.MISSING, clock.now(), code)
