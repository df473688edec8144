"""The main window: owns the desk, knows all panels; no panel knows another. Main thread."""

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QHBoxLayout,
    QMainWindow,
    QVBoxLayout,
    QWidget,
)

from gui import settings as remembered
from gui import theme as themes
from gui.actions import MENUS, TABLE, make_actions, translated
from gui.clock import Clock
from gui.columns import Columns
from gui.deeds import Deeds
from gui.desk import Desk
from gui.footer import Footer
from gui.health import Health
from gui.heap import give_back
from gui.history import VIEWS
from gui.look import Look
from gui.meters import level_meter, removed_meter
from gui.models import Models
from gui.notice import Notice
from gui.picture import Picture
from gui.shelf import Shelf
from gui.transport import Transport
from gui.worker import Worker
from realtime.engine.preset import Preset

TEXTS_PER_SCAN = 3  # of 4 a second: a new file is listed within a second
TABS = ("strip", "network", "others")


class Window(QMainWindow):
    """Everything a user sees.

    Parameters
    ----------
    preset : Preset
        Heard first, unless another one is remembered.
    remember : bool
        False starts afresh, and leaves what is remembered as it is.
    """

    def __init__(self, preset: Preset, remember: bool = True) -> None:
        super().__init__()
        self.setWindowTitle("Unfold")
        self.setAcceptDrops(True)
        self.remember = remember
        self.settings = remembered.Settings()
        self.session = self.settings.session() if remember else {}
        self.worker = Worker(self)
        self.desk = Desk(preset, self.worker, self)
        self.look = Look(self)
        self.away = remembered.restore(self.session, self.desk, self.look)
        self.clock = Clock(self)
        self.theme = str(self.session.get("theme", "system"))
        self.shelf = Shelf(self.worker, remembered.paths_from(self.session.get("folders")), self)
        self._n_texts = 0
        self.deeds = Deeds(self)
        self.actions_by_id = make_actions(self, self.deeds.handlers())
        self._build()
        self._fill_menus()
        self._connect()
        self.set_theme(self.theme)
        self._restore_shape()
        application = QApplication.instance()
        assert application is not None
        application.installEventFilter(self)

    def _build(self) -> None:
        actions = self.actions_by_id
        self.transport = Transport(self.desk, actions)
        self.notice = Notice()
        self.models = Models(self.desk, actions)
        self.picture = Picture(self.desk, self.look, actions["freeze"])
        self.meter_in = level_meter(self.tr("In"), self.tr("Input level in dBFS"))
        self.meter_out = level_meter(self.tr("Out"), self.tr("Output level in dBFS"))
        self.meter_removed = removed_meter(self.tr("Removed"), self.tr("Noise removed in dB"))
        self.health = Health(actions["clear"])
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(4, 4, 8, 4)
        meters = QHBoxLayout()
        for meter in (self.meter_in, self.meter_out, self.meter_removed):
            meters.addWidget(meter)
        column.addLayout(meters, 1)
        column.addWidget(self.health)
        self.columns = Columns(self.models, self.picture, right)
        centre = QWidget()
        rows = QVBoxLayout(centre)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(2)
        rows.addWidget(self.transport)
        rows.addWidget(self.notice)
        rows.addWidget(self.columns, 1)
        self.setCentralWidget(centre)
        self.footer = Footer(self.desk, self.worker)
        self.setStatusBar(self.footer)

    def _fill_menus(self) -> None:
        for title in MENUS:
            menu = self.menuBar().addMenu(translated(title))
            for row in TABLE:
                if row.menu == title:
                    menu.addAction(self.actions_by_id[row.id])
        self.addActions(list(self.actions_by_id.values()))

    def _connect(self) -> None:
        self.clock.frame.connect(self._frame)
        self.clock.text.connect(self._text)
        self.desk.said.connect(self.notice.tell)
        self.desk.opened.connect(self._begin_anew)
        self.desk.changed.connect(self.refresh)
        for stack in self.desk.stacks.values():
            stack.indexChanged.connect(self.refresh)
        self.look.frozen_changed.connect(self.refresh)
        self.shelf.changed.connect(self.models.show_entries)
        self.shelf.changed.connect(self.picture.others.show_entries)
        self.picture.others.chosen.connect(self.deeds.hear_entry)
        self.shelf.failed.connect(lambda sentence: self.tell("bad", sentence))
        self.models.chosen.connect(self.deeds.hear_entry)
        self.picture.tabs.currentChanged.connect(lambda _: self.refresh())
        self.refresh()

    def begin(self) -> None:
        """Tick, list the models, and let sound flow unless it was stopped last time."""
        self.picture.input.canvas.setFocus()
        self.clock.start()
        self._tell_settings()
        if self.away.sentence:
            self.tell("bad", self.away.sentence)
        self.shelf.look()
        if self.session.get("running", True):
            self.desk.run(True)

    # What is shown

    def refresh(self) -> None:
        """Show what the desk and the look hold."""
        actions, desk, tabs = self.actions_by_id, self.desk, self.picture.tabs
        actions["match"].setChecked(desk.slots.matched)
        actions["learn"].setChecked(desk.learning.listening)
        actions["freeze"].setChecked(self.look.frozen is not None)
        actions["flac"].setChecked(desk.takes.kind == "flac")
        actions["undo"].setEnabled(desk.undo.canUndo())
        actions["redo"].setEnabled(desk.undo.canRedo())
        for i, name in enumerate(TABS):
            actions[name].setChecked(not tabs.isHidden() and tabs.currentIndex() == i)

    def tell(self, kind: str, sentence: str) -> None:
        """Show a message."""
        self.notice.tell(kind, sentence)

    def _begin_anew(self) -> None:
        self.clear_meters()
        self.health.show_status(None, self.clock)

    def clear_meters(self) -> None:
        """Put the clip lamps out."""
        for meter in (self.meter_in, self.meter_out, self.meter_removed):
            meter.clear()

    def show_tab(self, i: int, on: bool) -> None:
        """Show one of `TABS`, or none of them."""
        self.picture.tabs.setVisible(on)
        if on:
            self.picture.tabs.setCurrentIndex(i)
        self.refresh()

    def hide_for_test(self, blind: bool) -> None:
        """Show no pictures while a blind test runs: they would tell."""
        self.picture.blind = blind
        self.picture.renew()

    def set_theme(self, theme: str) -> None:
        """Wear another theme."""
        self.theme = theme if theme in themes.THEMES else "system"
        themes.apply(self.theme)
        self.transport.refresh()
        self.models.refresh()
        self.health.show_status(None, self.clock)

    # Ticks

    def _frame(self) -> None:
        removed = self.picture.advance()
        sound = self.desk.sound
        if sound is None:
            for meter in (self.meter_in, self.meter_out, self.meter_removed):
                meter.put(meter.low, meter.low)
            return
        status = sound.host.status()
        self.desk.guard.heard(status.peak_in)
        self.meter_in.put(status.peak_in, status.rms_in)
        self.meter_out.put(status.peak_out, status.rms_out)
        self.meter_removed.put(removed, removed)

    def _text(self) -> None:
        self._n_texts += 1
        self.desk.check()
        self.picture.write()
        self.footer.write()
        self.models.write()
        self.transport.write()
        for meter in (self.meter_in, self.meter_out, self.meter_removed):
            meter.describe()
        if self.desk.sound is not None:
            self.health.show_status(self.desk.sound.host.status(), self.clock)
        if self._n_texts % TEXTS_PER_SCAN == 0:
            self.shelf.look()
            self.save()
            self._tell_settings()
            give_back()

    # What is remembered

    def save(self) -> None:
        """Write what changed."""
        if not self.remember:
            return
        content = remembered.desk_as_dict(self.desk, self.look, self.away)
        content |= {"others": [str(path) for path in self.picture.others.wanted]}
        content |= {"theme": self.theme, "folders": [str(f) for f in self.shelf.folders]}
        content |= {"tab": -1 if self.picture.tabs.isHidden() else self.picture.tabs.currentIndex()}
        content |= {"view": self.picture.output.canvas.view, "view_input": self.picture.input.canvas.view}
        self.settings.write(content)

    def _tell_settings(self) -> None:
        problem = self.settings.problem()
        if problem:
            self.tell("bad", problem)

    def _restore_shape(self) -> None:
        self.resize(QSize(1280, 800).boundedTo(self.screen().availableSize()))
        for name, restore in (
            ("window", self.restoreGeometry),
            ("columns", self.columns.restore),
            ("rows", self.picture.splitter.restoreState),
        ):
            shape = self.settings.shape(name) if self.session else None
            if shape is not None:
                restore(shape)
        self.picture.others.wanted = remembered.paths_from(self.session.get("others"))
        tab = self.session.get("tab", 0)
        if tab in range(-1, len(TABS)):
            self.show_tab(max(0, tab), tab >= 0)
        for pane, key in ((self.picture.output, "view"), (self.picture.input, "view_input")):
            if self.session.get(key) in VIEWS:
                pane.set_view(self.session[key])

    def closeEvent(self, event: QCloseEvent) -> None:
        """Finish an open take, write what is remembered, leave."""
        self.save()
        if self.remember:
            self.settings.write_shape(
                {
                    "window": self.saveGeometry(),
                    "columns": self.columns.shape(),
                    "rows": self.picture.splitter.saveState(),
                }
            )
        self.clock.stop()
        self.desk.run(False)
        self.worker.wait()
        self.picture.stop()
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
        super().closeEvent(event)

    # Hands

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Leave Space to a button or a box that has the focus; elsewhere it runs the sound."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            focus = QApplication.focusWidget()
            if event.key() == Qt.Key.Key_Space and isinstance(focus, QAbstractButton | QComboBox):
                event.accept()
                return True
        return super().eventFilter(watched, event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Hear the dropped file."""
        for url in event.mimeData().urls()[:1]:
            if url.isLocalFile():
                self.deeds.drop(Path(url.toLocalFile()))
            else:
                text = self.tr("{} is no file on this machine; save it first and drop that. The sound goes on.")
                self.tell("bad", text.format(url.toString()))
        event.acceptProposedAction()
