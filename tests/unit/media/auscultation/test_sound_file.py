"""Files as people bring them: every form of sound, and everything that only says it is one."""

import io
import json
import resource
import struct
import wave
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from app.domain.failures import Code, Rejected
from media.auscultation import analyse
from media.auscultation.flac import flac_of
from media.auscultation.sound_file import SoundFile
from media.auscultation.wav import wav_of
from media.synthetic import heart_sounds

Sound = npt.NDArray[np.int16]
BEATS_PER_MINUTE = 72


def sound_of(rate_hz: int = 4000, seconds: float = 12.0) -> Sound:
    return heart_sounds(seconds=seconds, rate_hz=rate_hz, beats_per_minute=BEATS_PER_MINUTE)


def pcm(sound: Sound, rate_hz: int, bits: int, channels: int = 1) -> bytes:
    """As another program writes it."""
    whole = np.repeat(sound.astype(np.int64)[:, None], channels, axis=1).reshape(-1)
    width = bits // 8
    shifted = (whole << (bits - 16)).astype("<i4" if bits < 32 else "<i8")
    data = b"".join(int(one).to_bytes(width, "little", signed=True) for one in shifted)
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(channels)
        written.setsampwidth(width)
        written.setframerate(rate_hz)
        written.writeframes(data)
    return file.getvalue()


def float_wav(sound: Sound, rate_hz: int) -> bytes:
    wav = bytearray(wav_of((sound / 32_768).astype("<f4").tobytes(), rate_hz))
    struct.pack_into("<HHIIHH", wav, 20, 3, 1, rate_hz, 4 * rate_hz, 4, 32)
    return bytes(wav)


def mp3_of(sound: Sound, rate_hz: int) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=rate_hz, layout="mono")
        frame = av.AudioFrame.from_ndarray(sound.reshape(1, -1), format="s16p", layout="mono")
        frame.sample_rate = rate_hz
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def read(path: Path) -> tuple[Sound, int]:
    with SoundFile(path) as file:
        blocks = list(file.blocks())
        none = np.zeros((file.form.channels, 0), dtype=np.int16)
        return np.concatenate([none, *blocks], axis=1), file.form.rate_hz


def refusal(path: Path) -> Code:
    with pytest.raises(Rejected) as refused:
        read(path)
    return refused.value.code


def put(folder: Path, data: bytes, name: str = "sound") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


# --- what is read --------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [16, 24, 32])
@pytest.mark.parametrize("channels", [1, 2])
def test_wav_of_16_24_and_32_bit(tmp_path: Path, bits: int, channels: int) -> None:
    sound = sound_of(seconds=1)
    sound[:2] = 32_767, -32_768
    made, rate_hz = read(put(tmp_path, pcm(sound, 4000, bits, channels)))
    assert rate_hz == 4000
    assert made.shape == (channels, len(sound))
    assert all(np.array_equal(channel, sound) for channel in made)


@pytest.mark.parametrize("rate_hz", [500, 1000, 2000, 8000, 11_025, 44_100, 96_000, 192_000])
def test_any_rate(tmp_path: Path, rate_hz: int) -> None:
    sound = sound_of(rate_hz, seconds=0.5)
    made, told = read(put(tmp_path, wav_of(sound.tobytes(), rate_hz)))
    assert told == rate_hz
    assert np.array_equal(made[0], sound)


def test_float_flac_and_mp3(tmp_path: Path) -> None:
    sound = sound_of(44_100, seconds=2)
    made, _ = read(put(tmp_path, float_wav(sound, 44_100)))
    assert np.array_equal(made[0], sound)
    made, _ = read(put(tmp_path, flac_of(sound.tobytes(), 44_100)))
    assert np.array_equal(made[0], sound)
    made, rate_hz = read(put(tmp_path, mp3_of(sound, 44_100)))
    assert rate_hz == 44_100
    assert np.corrcoef(made[0][2000:60_000], sound[2000:60_000])[0, 1] > 0.9


def test_the_name_does_not_say_what_it_is(tmp_path: Path) -> None:
    flac = flac_of(sound_of(seconds=1).tobytes(), 4000)
    assert len(read(put(tmp_path, flac, "sound.wav"))[0][0]) == 4000


# --- what is refused -----------------------------------------------------------------------------


def broken(at: int, form: str, value: int) -> bytes:
    wav = bytearray(wav_of(bytes(8000), 4000))
    struct.pack_into(form, wav, at, value)
    return bytes(wav)


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        (b"", {Code.INCOMPLETE}),
        (b"R", {Code.FILE_KIND_UNKNOWN}),
        (b"just words, and no sound at all in them", {Code.FILE_KIND_UNKNOWN}),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), {Code.FILE_KIND_UNKNOWN}),
        (b"#EXTM3U\nhttp://127.0.0.1/x.wav\n", {Code.FILE_KIND_UNKNOWN}),
        (b"RIFF\x00\x00\x00\x00WAVE", {Code.MALFORMED}),
        (b"RIFF" + bytes(4) + b"WAVEfmt " + bytes(20), {Code.MALFORMED}),
        (wav_of(bytes(8000), 4000)[:30], {Code.MALFORMED}),
        (broken(24, "<I", 0), {Code.MALFORMED, Code.OUT_OF_RANGE}),  # samples a second
        (broken(24, "<I", 499), {Code.OUT_OF_RANGE}),
        (broken(24, "<I", 4_000_000), {Code.OUT_OF_RANGE}),
        (broken(22, "<H", 0), {Code.MALFORMED}),  # channels
        (broken(22, "<H", 9), {Code.MALFORMED}),
        (broken(34, "<H", 99), {Code.MALFORMED}),  # bits
        # Fields that contradict each other: the rate would be wrong, and so would the heart's.
        (broken(22, "<H", 2), {Code.MALFORMED}),
        (broken(24, "<I", 8000), {Code.MALFORMED}),
        (broken(28, "<I", 4000), {Code.MALFORMED}),  # bytes a second
        (broken(32, "<H", 1), {Code.MALFORMED}),  # bytes of a frame
        (broken(34, "<H", 64), {Code.MALFORMED}),
        (broken(20, "<H", 0x1234), {Code.MALFORMED}),  # a coding nobody knows
        (b"fLaC" + bytes(200), {Code.MALFORMED}),
        (b"ID3" + bytes(400), {Code.MALFORMED}),
        (b"\xff\xfb" + bytes(400), {Code.MALFORMED}),
    ],
)
def test_what_is_no_sound_says_why(tmp_path: Path, data: bytes, codes: set[Code]) -> None:
    assert refusal(put(tmp_path, data)) in codes


def test_what_is_no_file_says_so(tmp_path: Path) -> None:
    assert refusal(tmp_path / "not there") is Code.FILE_UNREADABLE
    assert refusal(tmp_path) is Code.FILE_UNREADABLE
    assert refusal(Path("/dev/zero")) is Code.FILE_UNREADABLE
    assert refusal(Path("a\0b")) is Code.FILE_UNREADABLE


def test_random_damage_never_gets_through_as_anything_but_a_reason(tmp_path: Path) -> None:
    chance = np.random.default_rng(5)
    sound = sound_of(8000, seconds=1)
    for whole in (wav_of(sound.tobytes(), 8000), flac_of(sound.tobytes(), 8000)):
        for _ in range(60):
            data = bytearray(whole[: int(chance.integers(1, len(whole)))])
            for _ in range(4):
                data[int(chance.integers(0, min(len(data), 200)))] = int(chance.integers(0, 256))
            try:
                made, _ = read(put(tmp_path, bytes(data)))
            except Rejected:
                continue
            assert made.dtype == np.int16


# --- the program ---------------------------------------------------------------------------------


def told(path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = analyse.main([str(path)])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize("kind", ["16", "24", "32", "flac", "mp3", "stereo"])
def test_it_prints_one_line_of_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    rate_hz = 44_100 if kind == "mp3" else 4000
    sound = sound_of(rate_hz)
    data = {
        "flac": lambda: flac_of(sound.tobytes(), rate_hz),
        "mp3": lambda: mp3_of(sound, rate_hz),
        "stereo": lambda: pcm(sound, rate_hz, 16, 2),
    }.get(kind, lambda: pcm(sound, rate_hz, int(kind)))()
    code, out, err = told(put(tmp_path, data), capsys)
    assert (code, err, out.count("\n")) == (0, "", 1)
    answer = json.loads(out)
    assert answer["heart_rate_bpm"] == pytest.approx(BEATS_PER_MINUTE, abs=3)
    assert answer["confidence"] >= 0.8
    assert answer["duration"] == pytest.approx(12.0, abs=0.1)
    assert (answer["clipping"], answer["clipped_share"]) == (False, 0.0)


def test_clipping_of_any_channel_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sound = sound_of(seconds=6)
    loud = np.clip(sound.astype(np.int32) * 20, -32_768, 32_767).astype(np.int16)
    both = np.stack((sound, loud), axis=1).reshape(-1)
    wav = bytearray(wav_of(both.tobytes(), 4000))
    struct.pack_into("<HHIIHH", wav, 20, 1, 2, 4000, 16_000, 4, 16)
    _, out, _ = told(put(tmp_path, bytes(wav)), capsys)
    answer = json.loads(out)
    assert answer["clipping"] is True
    assert 0.01 < answer["clipped_share"] < 0.5
    assert answer["channels"] == 2


@pytest.mark.parametrize("level", [0, 3000])
def test_where_no_heart_is_heard_there_is_no_rate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], level: int
) -> None:
    noise = np.random.default_rng(1).normal(0, level or 1e-9, 60_000).astype(np.int16)
    code, out, _ = told(put(tmp_path, wav_of(noise.tobytes(), 4000)), capsys)
    answer = json.loads(out)
    assert code == 0
    assert answer["heart_rate_bpm"] is None
    assert answer["confidence"] == 0.0
    assert answer["duration"] == 15.0


@pytest.mark.parametrize(
    "data",
    [b"", b"words", b"RIFF", b"RIFF\x00\x00\x00\x00WAVE", wav_of(b"", 4000), broken(24, "<I", 0)],
)
def test_a_file_of_no_use_gets_a_sentence_and_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes
) -> None:
    code, out, err = told(put(tmp_path, data), capsys)
    assert (code, out) == (2, "")
    assert err.startswith("The file")
    assert err.rstrip().endswith(".")
    assert err.count("\n") == 1
    assert "Traceback" not in err


@pytest.mark.parametrize("missing", [1, 4000])
def test_a_file_cut_short_is_analysed_as_far_as_it_goes_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], missing: int
) -> None:
    code, out, err = told(put(tmp_path, wav_of(sound_of().tobytes(), 4000)[:-missing]), capsys)
    assert code == 0
    assert json.loads(out)["duration"] == pytest.approx(12.0, abs=0.51)
    assert err == analyse.CUT_SHORT + "\n"


@pytest.mark.parametrize("length", [0, 0xFFFFFFFF])
def test_a_length_never_filled_in_promises_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], length: int
) -> None:
    """As a program leaves it that writes to a pipe."""
    wav = bytearray(wav_of(sound_of().tobytes(), 4000))
    struct.pack_into("<I", wav, 40, length)
    code, out, err = told(put(tmp_path, bytes(wav)), capsys)
    assert (code, err) == (0, "")
    assert json.loads(out)["duration"] == 12.0


def test_every_reason_has_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(tmp_path / "no", capsys)[0] == 2
    with pytest.raises(SystemExit) as ended:
        analyse.main([])
    assert ended.value.code == 2


def test_ten_minutes_need_no_more_memory_than_one(tmp_path: Path) -> None:
    """Two hours are read in tests/whole; here at a rate at which it takes two seconds."""
    minute = sound_of(500, seconds=60)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    path = tmp_path / "long.wav"
    with wave.open(str(path), "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(500)
        for _ in range(10):
            written.writeframes(minute.tobytes())
    answer, is_cut_short = analyse.analysed(path)
    assert not is_cut_short
    assert answer["duration"] == 600.0
    assert answer["heart_rate_bpm"] == pytest.approx(BEATS_PER_MINUTE, abs=3)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 60_000  # KiB
