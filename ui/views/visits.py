"""One visit, the same page on both sides: who it is about, the call, values and words."""

from dataclasses import dataclass

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from ui import theme
from ui.tone import Tone
from ui.view_models.bp_protocol import BpProtocolIntents
from ui.view_models.call import CallIntents, CallScreen
from ui.view_models.exam_camera import ExamIntents
from ui.view_models.messages import MessagesIntents
from ui.view_models.news2 import News2Intents
from ui.view_models.notes import NotesIntents
from ui.view_models.recordings import RecordingsIntents
from ui.view_models.scope import ScopeIntents
from ui.view_models.stills import StillsIntents
from ui.view_models.tray import TrayIntents
from ui.view_models.visits import VisitIntents, VisitScreen
from ui.view_models.vitals import VitalsIntents
from ui.views.call import CallBar, CallView
from ui.views.exam_camera import ExamControlsView
from ui.views.messages import MessagesView
from ui.views.notes import NotesView
from ui.views.recordings import RecordingsView
from ui.views.scope import ScopeView
from ui.views.stills import StillsView
from ui.views.visit_places import VisitPlaces
from ui.views.vitals import VitalsModels, VitalsView
from ui.widgets.ask import Ask
from ui.widgets.button import Button
from ui.widgets.curve_feed import CurveFeed, StripSource, no_strips
from ui.widgets.dress import keep_room, mark, show_when
from ui.widgets.patient_banner import PatientBanner
from ui.widgets.status_banner import StatusBanner
from ui.widgets.video_surface import PictureSources
from ui.widgets.words import Words
from ui.wording import text


@dataclass(frozen=True, slots=True)
class VisitModels:
    """The features of which the page of a visit is made."""

    visit: VisitIntents
    call: CallIntents
    vitals: VitalsIntents
    bp_protocol: BpProtocolIntents
    news2: News2Intents
    tray: TrayIntents
    notes: NotesIntents
    recordings: RecordingsIntents
    scope: ScopeIntents
    messages: MessagesIntents
    exam: ExamIntents
    stills: StillsIntents


class VisitView(QWidget):
    """Beside the call stand values and words; what is opened has their place (visit_places.py)."""

    def __init__(
        self,
        models: VisitModels,
        look: theme.Look,
        sources: PictureSources,
        strips: StripSource = no_strips,
    ) -> None:
        super().__init__()
        self._feed = CurveFeed(strips)
        mark(self, "surface", "ground")
        self._banner = PatientBanner()
        self._outage = StatusBanner("visit.outage")
        self._far_screen = StatusBanner("visit.far-screen")
        self._message = StatusBanner("visit.message")
        self._state = Words("on-dark", gives_way=True, identifier="visit.state")
        self.call = CallView(
            models.call, models.exam, models.stills, sources, beside_state=self._state
        )
        self._bar = CallBar(models.call)
        self._ask = Ask("visit.finish", text("visit.finish-confirm"), text("visit.finish-cancel"))
        self._ask_sign = Ask("visit.sign", text("visit.sign-confirm"), text("visit.sign-cancel"))
        self.vitals = VitalsView(
            VitalsModels(models.vitals, models.bp_protocol, models.news2, models.tray), look
        )
        self._recordings = RecordingsView(models.recordings, look, self._feed, models.scope.open)
        self._scope = ScopeView(models.scope, look, self._feed)
        self._notes = NotesView(models.notes, look)
        self._messages = MessagesView(models.messages, look)
        self.stills = StillsView(models.stills, look)
        self._exam_controls = ExamControlsView(models.exam, look)
        self._build_bar()
        self._places = VisitPlaces(
            (models.exam, models.stills, models.scope),
            self._lay_out(),
            values=self.vitals,
            notes=self._notes,
            sides=(self._recordings, self._messages),
            moves=self._exam_controls,
            stills=self.stills,
            scope=self._scope,
        )
        self._finish.clicked.connect(self.ask_finish)
        self._ask.confirmed.connect(models.visit.finish)
        self._sign.clicked.connect(self.ask_sign)
        self._ask_sign.confirmed.connect(models.visit.sign)
        self._back.clicked.connect(models.visit.back)
        self._model = models.visit
        self._bar.focus_freed.connect(self._notes.take_focus)
        self.call.ladder.asked_for_messages.connect(self._messages.take_focus)
        models.visit.changed.connect(self.draw)
        models.call.changed.connect(self._draw_outage)
        self.draw(models.visit.screen)
        self._draw_outage(models.call.screen)

    def _build_bar(self) -> None:
        self._check_in_label = Words("small-on-dark", identifier="visit.since-check-in-caption")
        self._contact_label = Words("small-on-dark", identifier="visit.in-contact-caption")
        keep_room(self._check_in_label)  # a caption without its value says nothing
        keep_room(self._contact_label)
        self._check_in_label.say(text("visit.since-check-in"))
        self._contact_label.say(text("visit.in-contact"))
        self._check_in = Words("clock", identifier="visit.since-check-in")
        self._contact = Words("clock", identifier="visit.in-contact")
        self._back = Button("visit.back", text("visit.back"), drawing="back", on_dark=True)
        self._back.say(text("visit.back"), text("visit.back-name"))
        self._finish = Button("visit.finish", text("visit.finish"), drawing="check", on_dark=True)
        self._sign = Button("visit.sign", text("visit.sign"), drawing="check", on_dark=True)
        clocks = QGridLayout()
        clocks.setHorizontalSpacing(18)
        clocks.setVerticalSpacing(0)
        clocks.addWidget(self._check_in_label, 1, 0)
        clocks.addWidget(self._check_in, 2, 0)
        clocks.addWidget(self._contact_label, 1, 1)
        clocks.addWidget(self._contact, 2, 1)
        clocks.setRowStretch(0, 1)
        clocks.setRowStretch(3, 1)
        row = self._bar.layout_of_bar
        row.addSpacing(12)
        row.addLayout(clocks)
        row.addStretch(1)
        row.addWidget(self._back)
        row.addSpacing(28)
        row.addWidget(self._finish)
        row.addWidget(self._sign)

    def _lay_out(self) -> tuple[QHBoxLayout, QVBoxLayout]:
        """Of the columns beside each other, and of the one with the call."""
        talk, side, body = QVBoxLayout(), QVBoxLayout(), QHBoxLayout()
        talk.addWidget(self.call, 62)
        talk.addWidget(self._notes, 38)
        talk.addWidget(self._scope.body, 40)
        talk.addWidget(self._scope.outside, 40)
        side.addWidget(self._recordings, 52)
        side.addWidget(self._messages, 48)
        side.addWidget(self._exam_controls, 100)
        body.setContentsMargins(8, 6, 8, 6)
        body.addLayout(talk, 46)
        body.addWidget(self.vitals, 27)
        body.addLayout(side, 27)
        body.addWidget(self.stills, 0)
        body.addWidget(self._scope, 0)
        for layout in (talk, side, body):
            layout.setSpacing(theme.GAP)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for part in (self._banner, self._outage, self._far_screen, self._message):
            layout.addWidget(part)
        layout.addLayout(body, 1)
        layout.addWidget(self._ask)
        layout.addWidget(self._ask_sign)
        layout.addWidget(self._bar)
        return body, talk

    def draw(self, screen: VisitScreen) -> None:
        show_when(self._banner, screen.banner is not None)
        if screen.banner is not None:
            self._banner.show_patient(
                name=screen.banner.name,
                born=screen.banner.born,
                sex=screen.banner.sex,
                record_number=screen.banner.record_number,
                allergies=screen.banner.allergies,
                has_allergies=screen.banner.has_allergies,
            )
        self._message.tell(screen.message, tone=screen.message_tone)
        self._state.say_or_hide(screen.state, screen.state_tone, signed=True)
        self._check_in.say(screen.since_check_in)
        self._contact.say(screen.in_contact)
        show_when(self._check_in_label, bool(screen.since_check_in))
        show_when(self._contact_label, bool(screen.in_contact))
        self._contact_label.say(
            screen.contact_note or text("visit.in-contact"), screen.contact_tone
        )
        show_when(self._finish, screen.shows_finish)
        self._finish.allow(screen.can_finish)
        if not screen.can_finish:
            self._ask.close_unanswered()
        show_when(self._sign, screen.can_sign)
        if not screen.can_sign:
            self._ask_sign.close_unanswered()

    def _draw_outage(self, screen: CallScreen) -> None:
        self._outage.tell(screen.outage, screen.outage_detail, Tone.BAD)
        self._far_screen.tell(screen.far_screen, tone=Tone.ATTENTION)

    def ask_finish(self) -> None:
        """One press never finishes a visit."""
        self._ask.open(self._model.screen.finish_question)

    def ask_sign(self) -> None:
        self._ask_sign.open(self._model.screen.sign_question)

    def look_at_curves(self) -> None:
        """What is new on them is drawn now, and not when their turn comes."""
        self._feed.look()

    def take_focus(self) -> None:
        self._bar.take_focus()
