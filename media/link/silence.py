"""How long the other end has said nothing while we listened. Time is an argument, monotonic."""

LOOK_EVERY_S = 0.5


class Silence:
    """Looked at every LOOK_EVERY_S. A late look counts for one: our own loop stood still."""

    def __init__(self, now: float) -> None:
        self._looked_at = now
        self._words_heard = 0
        self.seconds = 0.0

    def look(self, words_heard: int, now: float) -> None:
        passed_s, self._looked_at = now - self._looked_at, now
        if words_heard != self._words_heard:
            self._words_heard = words_heard
            self.seconds = 0.0
        else:
            self.seconds += min(passed_s, LOOK_EVERY_S)
