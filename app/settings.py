"""What the program was started with, checked once. No secret comes by argument or environment."""

import argparse
import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from app.domain.access import Role
from app.domain.camera_lease import Policy
from app.domain.vitals_policy import VitalsPolicy, policy_from

ROLE_OF_PROGRAM = {"workstation": Role.CLINICIAN, "cart": Role.PRESENTER}
FREEZE_KEY = "F9"
LOCK_AFTER_MIN, LOCK_AFTER_MOST_MIN = 5.0, 60
KEEP_DAYS_LEAST = 7  # less than a week away from the server, and today's patients would go
SERVER_DEFAULT = "http://127.0.0.1:8470"
CUFF_DRIVER_DEFAULT = "suntech"


@dataclass(frozen=True, slots=True)
class Settings:
    """`camera`, sounds and cuff: None means none was named; sound then follows the system."""

    role: Role
    server: str
    profile: Path
    ca: Path | None
    device_name: str
    camera: str | None
    microphone: str | None
    speaker: str | None
    stethoscope: str | None
    cuff: str | None
    shows_witness: bool
    has_echo_control: bool = True
    opens_to_site: bool = True
    exam_camera: str | None = None
    camera_head: str | None = None
    far_control: Policy = Policy.ASK
    freeze_key: str = FREEZE_KEY
    other_servers: tuple[str, ...] = ()  # further addresses of the same server
    vitals_policy: VitalsPolicy = field(default_factory=VitalsPolicy)
    cuff_driver: str = CUFF_DRIVER_DEFAULT
    devices: tuple[tuple[str, str], ...] = ()  # (driver, port), the cuff's among them
    lock_after_s: float | None = 300.0  # None: the screen never locks itself
    asks_pin: bool = False  # for a PIN that opens the store where the key ring does not
    renews_key: bool = False  # of the store, once, at this start
    keep_for: timedelta | None = None  # how long a patient who is done with stays on this machine
    device_traces: Path | None = None  # folder: record what goes over the instruments' lines


def read_settings(
    arguments: list[str],
    host_name: str,
    *,
    cuff_drivers: Sequence[str] = (CUFF_DRIVER_DEFAULT,),
    device_drivers: Sequence[str] = (),
    is_freeze_key: Callable[[str], bool] = bool,
) -> Settings:
    """Exits with a clear sentence when an argument is wrong (argparse)."""
    parser = argparse.ArgumentParser(
        prog="bedside", description="Bedside: a visit that survives everything."
    )
    parser.add_argument("--role", choices=sorted(ROLE_OF_PROGRAM), default="workstation")
    parser.add_argument("--server", default=SERVER_DEFAULT, metavar="URL")
    parser.add_argument(
        "--other-server",
        action="append",
        default=[],
        metavar="URL",
        help="another address of the same server, for when the first does not answer",
    )
    parser.add_argument("--profile", type=Path, required=True, metavar="DIR")
    parser.add_argument("--ca", type=Path, metavar="FILE", help="trust this CA for the server")
    parser.add_argument("--name", default=host_name, help="how the server lists this device")
    parser.add_argument("--camera", metavar="DEVICE_OR_FILE", help="number, /dev/video*, or a file")
    parser.add_argument("--microphone", metavar="NAME", help="sound device; empty for none")
    parser.add_argument("--speaker", metavar="NAME", help="sound device; empty for none")
    parser.add_argument("--stethoscope", metavar="NAME_OR_WAV")
    parser.add_argument(
        "--cuff",
        metavar="[DRIVER=]PORT",
        help=f"port of a blood pressure monitor; a SunTech cuff or {', '.join(cuff_drivers)}",
    )
    parser.add_argument(
        "--trace-devices",
        type=Path,
        metavar="DIR",
        help="record what goes over the instruments' lines, without patients' identifiers",
    )
    parser.add_argument(
        "--vitals-policy",
        type=Path,
        metavar="TOML",
        help="how this clinic takes pressures and how long a value is shown (docs/vitals.md)",
    )
    parser.add_argument(
        "--exam-camera", metavar="DEVICE_OR_FILE", help="number, /dev/video*, or a file"
    )
    parser.add_argument(
        "--camera-head", metavar="PORT", help="serial port of the exam camera's VISCA head"
    )
    parser.add_argument(
        "--far-control",
        choices=[str(policy) for policy in Policy],
        default=str(Policy.ASK),
        help="who asks from afar to move the exam camera: ask here, always or never allowed",
    )
    parser.add_argument(
        "--freeze-key",
        default=FREEZE_KEY,
        metavar="KEY",
        help=f"key or foot pedal that takes a still, as F9 or Ctrl+K (default: {FREEZE_KEY})",
    )
    parser.add_argument(
        "--device",
        action="append",
        default=[],
        type=_driver_and_port,
        metavar="DRIVER=PORT",
        help="an instrument on a serial port, such as suntech=/dev/ttyUSB0; may be said again",
    )
    parser.add_argument(
        "--no-site",
        action="store_true",
        help="while the server is away, neither look for desks on the same site nor be found there",
    )
    parser.add_argument(
        "--no-echo-control",
        action="store_true",
        help="send the voice as the microphone brings it (the room or the device sees to echo)",
    )
    parser.add_argument(
        "--lock-after",
        type=float,
        default=LOCK_AFTER_MIN,
        metavar="MINUTES",
        help="lock a screen that nobody touches; 0: never (default: %(default)g)",
    )
    parser.add_argument(
        "--ask-pin",
        action="store_true",
        help="ask for a PIN, unless one is set: it opens the store where the key ring does not",
    )
    parser.add_argument(
        "--renew-key",
        action="store_true",
        help="encrypt the store anew under another key, then start (a key may have become known)",
    )
    parser.add_argument(
        "--keep-days",
        type=int,
        metavar="DAYS",
        help="shred what the server has of patients about whom nothing is newer (default: never)",
    )
    parser.add_argument(
        "--show-witness",
        action="store_true",
        help="print the newest audit digest this profile holds of the server, and end",
    )
    given = parser.parse_args(arguments)
    try:
        vitals_policy = _vitals_policy(given.vitals_policy)
    except ValueError as wrong:
        parser.error(f"--vitals-policy: {wrong}")
    if not is_freeze_key(given.freeze_key):
        parser.error(f"--freeze-key: {given.freeze_key!r} is no key that is free; name another one")
    cuff_driver, separator, port = (given.cuff or "").partition("=")
    if separator and cuff_driver not in cuff_drivers:
        parser.error(f"--cuff: no driver {cuff_driver!r}; there are {', '.join(cuff_drivers)}")
    if not separator:
        cuff_driver, port = CUFF_DRIVER_DEFAULT, given.cuff
    if not 0 <= given.lock_after <= LOCK_AFTER_MOST_MIN:
        parser.error(f"--lock-after: from 0 to {LOCK_AFTER_MOST_MIN} minutes")
    if given.keep_days is not None and given.keep_days < KEEP_DAYS_LEAST:
        parser.error(f"--keep-days: at least {KEEP_DAYS_LEAST}")
    unknown = [
        driver for driver, _ in given.device if device_drivers and driver not in device_drivers
    ]
    if unknown:
        parser.error(f"--device: no driver {unknown[0]!r}; there are {', '.join(device_drivers)}")
    if given.trace_devices is not None and _is_no_folder(given.trace_devices):
        parser.error(f"--trace-devices: {given.trace_devices} is no folder")
    devices = (*given.device, *([] if port is None else [(cuff_driver, port)]))
    ports = Counter(named for _, named in devices)
    twice = next((named for named, count in ports.items() if count > 1), None)
    if twice is not None:
        parser.error(f"--device, --cuff: {twice} is named twice; behind a port is one instrument")
    return Settings(
        role=ROLE_OF_PROGRAM[given.role],
        server=given.server,
        profile=given.profile.expanduser().absolute(),
        ca=given.ca,
        device_name=given.name[:200],
        camera=given.camera,
        microphone=given.microphone,
        speaker=given.speaker,
        stethoscope=given.stethoscope,
        cuff=port,
        cuff_driver=cuff_driver,
        device_traces=given.trace_devices,
        shows_witness=given.show_witness,
        lock_after_s=given.lock_after * 60 or None,
        asks_pin=given.ask_pin,
        renews_key=given.renew_key,
        keep_for=None if given.keep_days is None else timedelta(days=given.keep_days),
        has_echo_control=not given.no_echo_control,
        opens_to_site=not given.no_site,
        exam_camera=given.exam_camera,
        camera_head=given.camera_head,
        far_control=Policy(given.far_control),
        freeze_key=given.freeze_key,
        other_servers=tuple(given.other_server),
        vitals_policy=vitals_policy,
        devices=devices,
    )


def _vitals_policy(path: Path | None) -> VitalsPolicy:
    """ValueError when it is not understood whole: a clinic's rule is not guessed at."""
    if path is None:
        return VitalsPolicy()
    try:
        return policy_from(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read") from error


def _is_no_folder(path: Path) -> bool:
    """A folder that is not there yet is made."""
    return path.exists() and not path.is_dir()


def _driver_and_port(told: str) -> tuple[str, str]:
    driver, separator, port = told.partition("=")
    if not (separator and driver and port):
        raise argparse.ArgumentTypeError(f"{told!r} is not DRIVER=PORT")
    return driver, port
