"""The window at every size: nothing is cut off, and what has no room beside the pictures is scrolled to."""

import pytest
from PySide6.QtCore import QMargins, QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from gui.flow import Flow
from gui.window import Window
from realtime.engine.preset import load_preset
from tests.gui.hands import visible_controls


@pytest.mark.parametrize("size", [(1280, 800), (1920, 1080)])
def test_nothing_is_clipped(window: Window, qtbot: QtBot, size: tuple[int, int]) -> None:
    for tab in (0, 1, 2):
        window.show_tab(tab, True)
        window.resize(*size)
        qtbot.wait(50)
        assert (window.width(), window.height()) == size
        for widget in visible_controls(window):
            least = widget.minimumSizeHint()
            assert widget.width() >= least.width() and widget.height() >= least.height(), widget
            corner = widget.mapTo(window, widget.rect().bottomRight())
            assert corner.x() < window.width() and corner.y() < window.height(), widget


def is_seen(widget: QWidget, room: QWidget) -> bool:
    """Whether all of a widget is inside another one."""
    return QRect(QPoint(0, 0), room.size()).contains(QRect(widget.mapTo(room, QPoint(0, 0)), widget.size()))


@pytest.mark.parametrize("size", [(640, 400), (960, 540)])
@pytest.mark.parametrize("tab", [0, 2])
def test_in_a_small_window_every_control_can_be_scrolled_to(
    window: Window, qtbot: QtBot, size: tuple[int, int], tab: int
) -> None:
    window.show_tab(tab, True)
    window.tell("warn", "a sentence that is long enough to need more than a single line of a window as small as this")
    window.desk.bypass(True)
    window.desk.takes.record(True)
    window.resize(*size)
    qtbot.wait(100)
    columns, room = window.columns, window.columns.viewport()
    assert (window.width(), window.height()) == size
    assert columns.narrow and room.height() > 100
    assert columns.horizontalScrollBar().maximum() == 0 < columns.verticalScrollBar().maximum()
    for widget in visible_controls(window):
        if columns.widget().isAncestorOf(widget):
            middle = widget.mapTo(columns.widget(), widget.rect().center())
            columns.ensureVisible(middle.x(), middle.y(), 0, widget.height() // 2 + 1)
            assert is_seen(widget, room) or widget.height() > room.height(), widget
        else:
            assert is_seen(widget, window), widget
    for label in window.transport.findChildren(QLabel):
        assert is_seen(label, window) and label.width() >= label.minimumSizeHint().width(), label.text()


@pytest.mark.parametrize("tab", [0, 2])
def test_no_width_needs_scrolling_sideways(window: Window, qtbot: QtBot, tab: int) -> None:
    window.show_tab(tab, True)
    seen = set()
    for width in range(640, 1300, 15):
        window.resize(width, 500)
        qtbot.wait(10)
        assert window.columns.horizontalScrollBar().maximum() == 0, width
        seen.add(window.columns.narrow)
    assert seen == {True, False}


def test_tab_scrolls_to_what_it_reaches(window: Window, qtbot: QtBot) -> None:
    window.resize(640, 400)
    window.activateWindow()
    assert QTest.qWaitForWindowActive(window)
    qtbot.wait(100)
    room, seen = window.columns.viewport(), 0
    for _ in range(60):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
        if room.isAncestorOf(focus):
            assert is_seen(focus, room) or focus.height() > room.height(), focus
            seen += 1
    assert seen > 20


def test_columns_come_back_as_they_were(window: Window, qtbot: QtBot) -> None:
    window.resize(1280, 800)
    qtbot.wait(50)
    window.columns.splitter.setSizes([300, 700, 260, 0])
    before = window.columns.splitter.sizes()
    window.resize(640, 400)
    qtbot.wait(50)
    assert window.columns.narrow and window.picture.mapTo(window, QPoint(0, 0)).y() < 200
    shape = window.columns.shape()
    window.resize(1280, 800)
    qtbot.wait(50)
    assert not window.columns.narrow and window.columns.splitter.sizes() == before
    window.close()
    again = Window(load_preset("sparse"))
    qtbot.addWidget(again)
    again.columns.restore(shape)
    again.resize(1280, 800)
    again.show()
    qtbot.wait(50)
    assert again.columns.splitter.sizes() == before
    again.close()


def test_a_bar_goes_on_in_the_next_row(qtbot: QtBot) -> None:
    bar = QWidget()
    qtbot.addWidget(bar)
    flow, buttons = Flow(bar, QMargins(5, 0, 5, 0), gap=10), []
    for _ in range(3):
        button = QToolButton()
        button.setFixedSize(100, 30)
        flow.addWidget(button)
        buttons.append(button)
    buttons.append(QToolButton())
    buttons[-1].hide()
    flow.addWidget(buttons[-1])
    bar.show()
    assert (flow.heightForWidth(330), flow.heightForWidth(329), flow.heightForWidth(200)) == (30, 65, 100)
    bar.resize(500, 30)
    assert [b.x() for b in buttons[:3]] == [5, 115, 395]  # the last one ends the row
    bar.resize(329, 65)
    assert [(b.x(), b.y()) for b in buttons[:3]] == [(5, 0), (115, 0), (5, 35)]
    assert flow.minimumSize().width() == 110
