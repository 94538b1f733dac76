"""Exported stills before other people's programs: dciodvfy, dcmtk, an Orthanc of this machine."""

import json
import re
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.domain.failures import Code, Failure
from media.link import still_export
from media.link.still_export import StillExporter
from tests.unit.media.stills.given import GivenStill, given_still

pytestmark = pytest.mark.whole
START_LIMIT_S = 20.0


def program(*names: str) -> str:
    """The first that is here; else the test says aloud what it needs."""
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"needs {' or '.join(names)} (tools/apt-test.txt)")
    return found


def run(*command: str | Path) -> str:
    """What it said, to whichever stream; it must end well."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def raw(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:
        data: bytes = answer.read()
    return data


async def exported(folder: Path, given: GivenStill) -> Path:
    path = folder / "still.dcm"
    path.write_bytes(await StillExporter().dicom(given.told, given.png))
    return path


@pytest.mark.parametrize("coding", ["", "YUYV", "MJPG"])
async def test_dciodvfy_finds_no_fault(tmp_path: Path, coding: str) -> None:
    told = run(program("dciodvfy"), await exported(tmp_path, given_still(coding=coding)))
    assert "VLPhotographicImage" in told
    assert re.findall("^Error.*", told, re.M) == []


async def test_dcmtk_reads_it_and_makes_the_same_pixels_of_it(tmp_path: Path) -> None:
    given = given_still(width=162, height=120)
    path = await exported(tmp_path, given)
    dump = run(program("dcmdump"), path)
    assert "VLPhotographicImageStorage" in dump
    assert given.told.patient.record_number in dump
    made = tmp_path / "still.ppm"
    run(program("dcm2img", "dcmj2pnm"), "--write-raw-pnm", path, made)
    head, pixels = made.read_bytes().split(b"255\n", 1)
    assert head.startswith(b"P6")
    seen = np.frombuffer(pixels, dtype=np.uint8).reshape(given.pixels.shape)
    assert np.array_equal(seen, given.pixels)


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@contextmanager
def orthanc(folder: Path) -> Iterator[tuple[int, int]]:
    """One of our own on the loopback, ended by its id; its two ports: HTTP and DICOM."""
    http, dicom = free_port(), free_port()
    settings = folder / "orthanc.json"
    settings.write_text(
        json.dumps(
            {
                "StorageDirectory": str(folder / "store"),
                "IndexDirectory": str(folder / "store"),
                "HttpPort": http,
                "DicomPort": dicom,
                "RemoteAccessAllowed": False,
                "AuthenticationEnabled": False,
                "DicomAlwaysAllowStore": True,
                "Plugins": [],
            }
        )
    )
    process = subprocess.Popen(
        [program("Orthanc"), str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(http, process)
        yield http, dicom
    finally:
        process.terminate()
        process.wait(10)


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_LIMIT_S
    while time.monotonic() < until:
        assert process.poll() is None, "Orthanc ended by itself"
        with socket.socket() as asking:
            if asking.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("Orthanc does not listen")


def told_by(port: int, path: str) -> Any:
    return json.loads(raw(f"http://127.0.0.1:{port}{path}"))


async def test_an_archive_takes_it_and_gives_the_same_file_back(tmp_path: Path) -> None:
    given = given_still()
    path = await exported(tmp_path, given)
    send = program("storescu")
    with orthanc(tmp_path) as (http, dicom):
        for _ in range(2):  # sent twice it is there once
            run(send, "127.0.0.1", str(dicom), path)
        [instance] = told_by(http, "/instances")
        tags = told_by(http, f"/instances/{instance}/simplified-tags")
        pixels = raw(f"http://127.0.0.1:{http}/instances/{instance}/frames/0/raw")
    assert tags["PatientID"] == given.told.patient.record_number
    assert tags["PatientName"] == "Åström^Ana^^Mrs"
    assert tags["SOPInstanceUID"] == f"2.25.{given.told.still.id.int}"
    assert pixels[: given.pixels.size] == given.pixels.tobytes()


async def test_a_process_that_dies_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    given = given_still()
    monkeypatch.setattr(still_export, "PROGRAM", "this")  # prints and knows nothing
    with pytest.raises(Failure) as failed:
        await StillExporter().dicom(given.told, given.png)
    assert failed.value.code is Code.EXPORT_FAILED


async def test_a_refusal_of_the_process_comes_back_with_its_reason() -> None:
    given, other = given_still(), given_still(width=160)
    with pytest.raises(Failure) as failed:
        await StillExporter().dicom(given.told, other.png)
    assert failed.value.code is Code.HASH_MISMATCH


async def test_no_word_of_a_patient_stands_in_the_arguments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[str] = []
    real = subprocess.Popen

    def noted(command: list[str], **options: Any) -> Any:
        started.append(" ".join([*command, json.dumps(options["env"])]))
        return real(command, **options)

    monkeypatch.setattr(subprocess, "Popen", noted)
    given = given_still()
    await StillExporter().dicom(given.told, given.png)
    for word in (given.told.patient.family_name, given.told.patient.record_number):
        assert word not in started[0]
