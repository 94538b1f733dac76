"""Instruments are found and missed without being opened, and their times stay true."""

from pathlib import Path

import pytest

from app.domain.device import DeviceKind, DeviceStatus, Presence
from app.domain.engine import Equipment
from app.domain.failures import Code, Unavailable
from media.devices.inputs import SoundDevice
from media.devices.roll_call import RollCall
from media.synthetic import heart_sounds, write_wav
from tests.fakes.byte_port import VirtualClock

HEADSET = SoundDevice("Headset", 1, 2, 48_000, True, True)


def by_kind(statuses: tuple[DeviceStatus, ...]) -> dict[DeviceKind, DeviceStatus]:
    return {status.identity.kind: status for status in statuses}


async def test_what_is_named_is_found_and_what_is_not_there_is_missed(tmp_path: Path) -> None:
    wav, camera = tmp_path / "heart.wav", tmp_path / "camera.avi"
    write_wav(wav, heart_sounds(seconds=0.2), 4000)
    equipment = Equipment(str(camera), None, "Loudspeaker", str(wav))
    roll = RollCall(equipment, VirtualClock(), _sounds(HEADSET))
    seen = by_kind(await roll.look())
    assert seen[DeviceKind.MICROPHONE].presence is Presence.FOUND
    assert seen[DeviceKind.STETHOSCOPE].presence is Presence.FOUND
    assert seen[DeviceKind.SPEAKER].reason is Code.DEVICE_MISSING
    assert seen[DeviceKind.CAMERA].reason is Code.DEVICE_MISSING
    camera.write_bytes(b"not read by a roll call")
    assert by_kind(await roll.look())[DeviceKind.CAMERA].presence is Presence.FOUND


async def test_since_moves_only_when_an_instrument_comes_or_goes(tmp_path: Path) -> None:
    camera = tmp_path / "camera.avi"
    camera.touch()
    clock = VirtualClock()
    roll = RollCall(Equipment(str(camera), "", "", None), clock, _sounds())
    first = by_kind(await roll.look())[DeviceKind.CAMERA].since
    await clock.sleep(30)
    assert by_kind(await roll.look())[DeviceKind.CAMERA].since == first
    camera.unlink()
    gone = by_kind(await roll.look())[DeviceKind.CAMERA]
    assert gone.presence is Presence.MISSING
    assert (gone.since - first).total_seconds() == pytest.approx(30)


async def test_an_exam_camera_is_listed_where_one_was_named(tmp_path: Path) -> None:
    exam = tmp_path / "exam.avi"
    exam.touch()
    named = Equipment(None, "", "", None, exam_camera=str(exam))
    seen = by_kind(await RollCall(named, VirtualClock(), _sounds()).look())
    assert seen[DeviceKind.EXAM_CAMERA].presence is Presence.FOUND
    assert seen[DeviceKind.CAMERA].presence is Presence.MISSING
    exam.unlink()
    seen = by_kind(await RollCall(named, VirtualClock(), _sounds()).look())
    assert seen[DeviceKind.EXAM_CAMERA].reason is Code.DEVICE_MISSING
    seen = by_kind(await RollCall(Equipment(None, "", "", None), VirtualClock(), _sounds()).look())
    assert DeviceKind.EXAM_CAMERA not in seen


async def test_without_any_sound_device_the_reason_says_so() -> None:
    async def none() -> tuple[SoundDevice, ...]:
        raise Unavailable(Code.NO_SOUND_DEVICE, "list")

    seen = by_kind(await RollCall(Equipment(None, None, None, None), VirtualClock(), none).look())
    assert seen[DeviceKind.MICROPHONE].reason is Code.NO_SOUND_DEVICE
    assert seen[DeviceKind.CAMERA].presence is Presence.MISSING
    assert seen[DeviceKind.STETHOSCOPE].presence is Presence.MISSING


def _sounds(*devices: SoundDevice):  # type: ignore[no-untyped-def]  # a small closure
    async def listed() -> tuple[SoundDevice, ...]:
        return devices

    return listed


async def test_a_folder_is_no_camera(tmp_path: Path) -> None:
    named = Equipment(str(tmp_path), "", "", None, exam_camera=str(tmp_path))
    seen = by_kind(await RollCall(named, VirtualClock(), _sounds()).look())
    assert seen[DeviceKind.CAMERA].reason is Code.DEVICE_MISSING
    assert seen[DeviceKind.EXAM_CAMERA].reason is Code.DEVICE_MISSING
