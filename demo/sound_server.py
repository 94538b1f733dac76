"""A private sound server with four sound devices: a microphone and a speaker for each side.

What is played into a microphone's sink is what that side's program hears; what a program plays can
be recorded from its speaker's sink.
"""

from pathlib import Path

from demo.programs import Program, Programs, run
from demo.waiting import NotSo, wait_for

RATE_HZ = 48_000
START_LIMIT_S = 30.0


class SoundServer:
    def __init__(self, programs: Programs, folder: Path, environment: dict[str, str]) -> None:
        self._programs = programs
        self._environment = {**environment, "PULSE_SERVER": f"unix:{folder / 'sound'}"}
        self._socket = folder / "sound"

    def open(self, sides: tuple[str, ...]) -> None:
        loads = [f"--load=module-native-protocol-unix socket={self._socket} auth-anonymous=1"]
        for side in sides:
            for what in ("microphone", "speaker"):
                loads.append(
                    f"--load=module-null-sink sink_name={side}-{what} rate={RATE_HZ} channels=1"
                )
        server = self._programs.start(
            "sound-server",
            [
                *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1"),
                *("--disallow-exit", "--use-pid-file=no", *loads),
            ],
            self._environment,
        )
        try:
            wait_for("sound devices", lambda: self._sinks() == len(sides) * 2, START_LIMIT_S)
        except NotSo as error:
            raise NotSo(f"no private sound: {error} {server.words()[-300:]}") from error

    def _sinks(self) -> int:
        question = ["pactl", "list", "short", "sinks"]
        return len(run(question, self._environment, START_LIMIT_S).splitlines())

    def environment_of(self, side: str) -> dict[str, str]:
        """Makes a program hear and speak with this side's devices."""
        return {
            "PULSE_SERVER": f"unix:{self._socket}",
            "PULSE_SOURCE": f"{side}-microphone.monitor",
            "PULSE_SINK": f"{side}-speaker",
        }

    def play(self, side: str, wav: Path) -> Program:
        """Into the microphone of a side."""
        return self._programs.start(
            f"play-{side}",
            ["paplay", f"--device={side}-microphone", str(wav)],
            self._environment,
        )

    def record(self, side: str, raw: Path) -> Program:
        """What the speaker of a side is given, as 16-bit samples, until it is ended."""
        return self._programs.start(
            f"record-{side}",
            [
                *("parec", f"--device={side}-speaker.monitor", "--raw", "--format=s16le"),
                *(f"--rate={RATE_HZ}", "--channels=1", "--latency-msec=20", str(raw)),
            ],
            self._environment,
        )

    def silence(self, side: str, *, is_silent: bool) -> None:
        """The speaker of a side is muted where nobody of the product sees it."""
        run(
            ["pactl", "set-sink-mute", f"{side}-speaker", "1" if is_silent else "0"],
            self._environment,
            START_LIMIT_S,
        )
