"""How a device's state is said on every page: connected, degraded or lost, since when, and why."""

from datetime import datetime

from app.domain.device import DeviceStatus, Standing
from app.domain.failures import Code
from ui import wording
from ui.tone import Tone

# It was never there, as far as is known; any other reason is the end of something.
NEVER_THERE = {None, Code.DEVICE_MISSING, Code.NO_SOUND_DEVICE}
TONES = {Standing.CONNECTED: Tone.GOOD, Standing.DEGRADED: Tone.ATTENTION, Standing.LOST: Tone.BAD}


def state_words(status: DeviceStatus, now: datetime) -> str:
    keys = {Standing.CONNECTED: "device.found", Standing.DEGRADED: "device.degraded"}
    lost = "device.missing" if status.reason in NEVER_THERE else "device.lost"
    key = keys.get(status.standing, lost)
    return wording.text(key, time=wording.moment(status.standing_since, now))


def why_words(status: DeviceStatus) -> str:
    """Empty when all is well."""
    if status.standing is Standing.DEGRADED:
        return wording.text(f"impairment.{status.impairment}")
    if status.standing is Standing.LOST and status.reason is not None:
        return wording.failure(status.reason)
    return ""


def tone_of_status(status: DeviceStatus) -> Tone:
    return TONES[status.standing]
