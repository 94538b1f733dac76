"""Which size and frame rate the picture has at which bit rate; pure, the time is an argument.

Few sharp frames before small ones. A new size costs a key frame, which at 128 kbit/s is half a
second of the line: so up and down are slow enough not to feed themselves.
"""

from collections import deque
from dataclasses import dataclass

from media.picture.scene_difficulty import SceneDifficulty, usual_bit_s

NONE_BELOW_BIT_S = 8_000
AGAIN_FROM_BIT_S = 12_000
USUAL_SHAPE = 3 / 4  # short side to long side, of the table
UP_FACTOR, UP_AFTER_S = 1.15, 2.5
UP_AFTER_AT_START_S, START_S = 1.0, 5.0
FAR_UP_FACTOR, FAR_UP_AFTER_S = 2.0, 0.7
SMOOTHER_FACTOR, SMOOTHER_AFTER_S = 1.05, 0.7
FAR_DOWN_FACTOR = 0.5
MEAN_S, DOWN_MEAN_S = 1.0, 2.0
SAG = 0.85  # a rate that is found out by trying sags so far below its mean every few seconds
FAR_DOWN_AFTER_S = 0.3
REST_AFTER_CHANGE_S = 3.0
LOCK_S, LONGEST_LOCK_S = 10.0, 80.0
# Of a key frame, at the coarsest that the encoder takes for one; the very first, on a line that
# nobody knows yet, is to be through soon even when the line carries half of what is assumed.
KEY_BITS_A_PIXEL = 0.2
FIRST_KEY_S = 0.2


@dataclass(frozen=True, slots=True)
class PictureBounds:
    """The most that is wanted, whatever the line carries. None sent: a long side of 0."""

    long_side: int
    frames_per_s: float


HD = PictureBounds(1280, 30)
SD = PictureBounds(640, 30)
THUMBNAIL = PictureBounds(320, 15)
PAUSED = PictureBounds(0, 0)


@dataclass(frozen=True, slots=True)
class PictureForm:
    """Even sizes. `least_bit_s`: below it an ordinary scene is better off smaller."""

    width: int
    height: int
    frames_per_s: float
    least_bit_s: float

    @property
    def size(self) -> tuple[int, int]:
        return self.width, self.height


# Long side, pictures a second, bit/s of a 4:3 picture of an ordinary scene.
_TABLE = (
    (1280, 30, 1_200_000),
    (960, 30, 700_000),
    (640, 30, 200_000),
    (480, 30, 160_000),
    (480, 20, 110_000),
    (320, 15, 60_000),
    (320, 10, 30_000),
    (240, 8, 18_000),
    (160, 6, 10_000),
)


def forms_of(width: int, height: int, bounds: PictureBounds) -> tuple[PictureForm, ...]:
    """All a source of that size may be sent in, best first; none when nothing is wanted."""
    long_side = max(width, height)
    share = min(width, height) / long_side / USUAL_SHAPE
    found: dict[tuple[int, int, float], PictureForm] = {}
    for rung, frames_per_s, bit_s in _TABLE:
        if rung > bounds.long_side:
            continue
        scale = min(rung, long_side) / long_side
        frames = min(frames_per_s, bounds.frames_per_s)
        form = PictureForm(_even(width * scale), _even(height * scale), frames, bit_s * share)
        found[(*form.size, frames)] = form  # of two alike the cheaper one, which comes later
    return tuple(found.values())


def _even(length: float) -> int:
    return max(2, 2 * round(length / 2))


class PictureSizes:
    """Of one stream. Asked before each frame, told after it."""

    def __init__(self) -> None:
        self._started_at_s: float | None = None
        self._difficulty = SceneDifficulty()
        self._rates: deque[tuple[float, int]] = deque()  # of the last 2.5 s
        self._asked_for: tuple[int, int, PictureBounds] | None = None
        self._forms: tuple[PictureForm, ...] = ()
        self._now: PictureForm | None = None
        self._changed_at_s = -1e9
        self._climbed_at_s = -1e9
        self._fell_from: PictureForm | None = None
        self._locked_until_s = -1e9
        self._lock_s = LOCK_S
        self._is_starved = False

    def form(
        self, now_s: float, bit_s: int, width: int, height: int, bounds: PictureBounds
    ) -> PictureForm | None:
        """What the next picture of a source of that size is sent in; None: it is not sent."""
        self._remember(now_s, bit_s)
        if (width, height, bounds) != self._asked_for:
            self._asked_for = (width, height, bounds)
            self._forms = forms_of(width, height, bounds)
            self._now = self._counterpart(self._now)
        if not self._forms or self._starves(now_s):
            self._now = None
        elif self._started_at_s is None:
            self._started_at_s = now_s
            self._take(now_s, self._first(bit_s))
        elif self._now is None:
            self._take(now_s, self._best(bit_s / self._difficulty.factor))
        else:
            self._step(now_s, self._now)
        return self._now

    def told(
        self, now_s: float, form: PictureForm, *, quantizer: int | None, is_key: bool = False
    ) -> None:
        """What became of a frame in that form; no quantizer: it was left out."""
        self._difficulty.told(
            now_s,
            bit_s=self._mean(now_s, MEAN_S),
            usual=usual_bit_s(form.width * form.height, form.frames_per_s),
            quantizer=quantizer,
            is_key=is_key,
        )

    def _counterpart(self, form: PictureForm | None) -> PictureForm | None:
        """After other bounds: the same form if it may stay; else it is chosen anew."""
        if form is None:
            return None
        same = (form.size, form.frames_per_s)
        return next((one for one in self._forms if (one.size, one.frames_per_s) == same), None)

    def _step(self, now_s: float, form: PictureForm) -> None:
        factor = self._difficulty.factor
        rested = now_s - self._changed_at_s >= REST_AFTER_CHANGE_S
        long_mean = self._mean(now_s, DOWN_MEAN_S) / factor
        mean = self._mean(now_s, MEAN_S) / factor
        newest = self._mean(now_s, FAR_DOWN_AFTER_S) / factor
        if self._most(now_s, FAR_DOWN_AFTER_S) / factor < FAR_DOWN_FACTOR * form.least_bit_s:
            self._fall(now_s, form, self._best(newest))
        elif long_mean < form.least_bit_s or mean < SAG * form.least_bit_s:
            lower = self._best(min(mean, newest))
            if rested or lower.size == form.size:
                self._fall(now_s, form, lower)
        else:
            self._climb(now_s, form, factor, rested)

    def _climb(self, now_s: float, form: PictureForm, factor: float, rested: bool) -> None:
        is_start = self._started_at_s is not None and now_s - self._started_at_s < START_S
        after_s = UP_AFTER_AT_START_S if is_start else UP_AFTER_S
        best = form
        for wait_s, spare, is_free in (
            (after_s, UP_FACTOR, rested or is_start),
            (FAR_UP_AFTER_S, FAR_UP_FACTOR, True),
        ):
            least = self._least(now_s, wait_s)
            if least is None or not is_free:
                continue
            sure = min(self._mean(now_s, wait_s) / spare, least / SAG) / factor
            higher = self._best(sure)
            if self._is_locked(now_s, higher, sure * spare):
                continue
            if higher.least_bit_s > best.least_bit_s:
                best = higher
        if best == form:
            best = self._smoother(now_s, form, factor)
        if best != form:
            if best.size != form.size:
                self._climbed_at_s = now_s
            self._take(now_s, best)

    def _smoother(self, now_s: float, form: PictureForm, factor: float) -> PictureForm:
        """The same size with more pictures a second, which costs no key frame and needs no rest."""
        least = self._least(now_s, SMOOTHER_AFTER_S)
        if least is None:
            return form
        most_bit_s = least / factor / SMOOTHER_FACTOR
        alike = [one for one in self._forms if one.size == form.size]
        return next((one for one in alike if one.least_bit_s <= most_bit_s), form)

    def _fall(self, now_s: float, form: PictureForm, lower: PictureForm) -> None:
        if lower == form:
            return
        if lower.size != form.size:
            in_vain = now_s - self._climbed_at_s < LOCK_S
            self._lock_s = min(2 * self._lock_s, LONGEST_LOCK_S) if in_vain else LOCK_S
            self._fell_from, self._locked_until_s = form, now_s + self._lock_s
        self._take(now_s, lower)

    def _is_locked(self, now_s: float, form: PictureForm, rate: float) -> bool:
        """What did not hold is tried again soon only on a line that is clearly better."""
        fell_from = self._fell_from
        return (
            fell_from is not None
            and now_s < self._locked_until_s
            and form.least_bit_s >= fell_from.least_bit_s
            and rate < FAR_UP_FACTOR * fell_from.least_bit_s
        )

    def _take(self, now_s: float, form: PictureForm) -> None:
        if self._now is None or self._now.size != form.size:
            self._changed_at_s = now_s
        self._now = form

    def _first(self, bit_s: int) -> PictureForm:
        most_pixels = FIRST_KEY_S * bit_s / KEY_BITS_A_PIXEL
        for form in self._forms:
            if form.least_bit_s <= bit_s and form.width * form.height <= most_pixels:
                return form
        return self._forms[-1]

    def _best(self, bit_s: float) -> PictureForm:
        for form in self._forms:
            if form.least_bit_s <= bit_s:
                return form
        return self._forms[-1]

    def _starves(self, now_s: float) -> bool:
        bound = AGAIN_FROM_BIT_S if self._is_starved else NONE_BELOW_BIT_S
        self._is_starved = self._mean(now_s, MEAN_S) < bound
        return self._is_starved

    # --- the rates of the last seconds -------------------------------------------------------

    def _remember(self, now_s: float, bit_s: int) -> None:
        self._rates.append((now_s, bit_s))
        while self._rates[0][0] < now_s - 2 * UP_AFTER_S:
            self._rates.popleft()

    def _mean(self, now_s: float, over_s: float) -> float:
        found = [bit_s for at_s, bit_s in self._rates if at_s > now_s - over_s]
        return sum(found) / len(found) if found else 0.0

    def _most(self, now_s: float, over_s: float) -> int:
        return max((bit_s for at_s, bit_s in self._rates if at_s > now_s - over_s), default=0)

    def _least(self, now_s: float, over_s: float) -> int | None:
        """The lowest within that time; None when it is not known for so long."""
        if not self._rates or self._rates[0][0] > now_s - over_s:
            return None
        return min(bit_s for at_s, bit_s in self._rates if at_s >= now_s - over_s)
