"""What the program was started with, checked once. No secret comes by argument or environment."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.domain.access import Role

ROLE_OF_PROGRAM = {"workstation": Role.CLINICIAN, "cart": Role.PRESENTER}
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
    other_servers: tuple[str, ...] = ()  # further addresses of the same server
    cuff_driver: str = CUFF_DRIVER_DEFAULT
    device_traces: Path | None = None  # folder: record what goes over the instruments' lines


def read_settings(
    arguments: list[str], host_name: str, *, cuff_drivers: Sequence[str] = (CUFF_DRIVER_DEFAULT,)
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
        "--no-echo-control",
        action="store_true",
        help="send the voice as the microphone brings it (the room or the device sees to echo)",
    )
    parser.add_argument(
        "--show-witness",
        action="store_true",
        help="print the newest audit digest this profile holds of the server, and end",
    )
    given = parser.parse_args(arguments)
    cuff_driver, separator, port = (given.cuff or "").partition("=")
    if separator and cuff_driver not in cuff_drivers:
        parser.error(f"--cuff: no driver {cuff_driver!r}; there are {', '.join(cuff_drivers)}")
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
        cuff=port if separator else given.cuff,
        cuff_driver=cuff_driver if separator else CUFF_DRIVER_DEFAULT,
        device_traces=given.trace_devices,
        shows_witness=given.show_witness,
        has_echo_control=not given.no_echo_control,
        other_servers=tuple(given.other_server),
    )
