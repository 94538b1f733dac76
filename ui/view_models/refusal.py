"""The last refusal of a person's act, said while the visit stands open that it was about."""

from app.domain.failures import Code
from app.domain.ids import VisitId
from app.services.chart import Chart


class Refusal:
    def __init__(self, chart: Chart) -> None:
        self._chart = chart
        self._code: Code | None = None
        self._visit: VisitId | None = None

    @property
    def code(self) -> Code | None:
        return self._code if self._visit == self._open_visit() else None

    def say(self, code: Code | None) -> None:
        """None: a new act was begun, the old words go."""
        self._code, self._visit = code, self._open_visit()

    def _open_visit(self) -> VisitId | None:
        row = self._chart.state.value.row
        return None if row is None else row.visit.id
