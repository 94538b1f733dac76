"""Body sounds in a media process without ears: a test says what is opened and what plays."""

from collections.abc import Callable

from app.domain.curve import SoundShape
from app.domain.engine import EngineEvent, SoundOpened, SoundPlaying, SoundStopped
from app.domain.failures import Failure
from app.domain.ids import RecordId
from app.domain.listening import Listening, Playing, Slot, SoundBand

SHAPE = SoundShape(
    seconds=2.0,
    peaks=bytes(8),
    pairs=bytes(4 * 480),
    columns=bytes(60 * 64),
    column_bytes=64,
    columns_per_s=30.0,
)


class FakeSounds:
    """Fulfils ports.SoundRoom. `wavs` is what it was given to open."""

    def __init__(self, tells: Callable[[EngineEvent], None]) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.wavs: dict[Slot, bytes] = {}
        self.refusal: Failure | None = None
        self._tells = tells

    # --- what a test does ------------------------------------------------------------------

    def opens(
        self, slot: Slot, recording: RecordId, bands: tuple[SoundBand, ...] = (SoundBand.BELL,)
    ) -> None:
        self._tells(
            SoundOpened(
                slot=slot,
                recording=recording,
                sample_rate_hz=4000,
                bands=bands,
                shape=SHAPE,
                peak=8000,
                heart_rate_bpm=72.0,
                heart_confidence=0.9,
                faults=(),
            )
        )

    def is_at(self, slot: Slot, at_s: float, *, is_heard: bool = True) -> None:
        self._tells(SoundPlaying(slot, at_s, is_heard))

    def ends(self, slot: Slot, at_s: float) -> None:
        self._tells(SoundStopped(slot, at_s))

    # --- ports.SoundRoom -----------------------------------------------------------------------

    async def listen(self, listening: Listening) -> None:
        self._take("listen", listening)

    async def open_sound(self, slot: Slot, recording: RecordId, wav: bytes) -> None:
        self._take("open", slot, recording)
        self.wavs[slot] = wav

    async def close_sound(self, slot: Slot) -> None:
        self._take("close", slot)

    async def play_sound(self, playing: Playing) -> None:
        self._take("play", playing)

    async def stop_sound(self) -> None:
        self._take("stop")

    def _take(self, *wish: object) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.asked.append(wish)
