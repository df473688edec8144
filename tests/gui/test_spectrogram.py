"""Oracles: where a sine of a known frequency and time must stand, and a picture drawn in one go."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QScrollArea
from pytestqt.qtbot import QtBot

from gui.colours import COLOUR_MAPS, pixel_table
from gui.history import VIEWS, History
from gui.look import Look
from gui.rolling import RollingImage
from gui.scales import SCALES, hz_to_share, row_weights, share_to_hz
from gui.spectrogram import Spectrogram
from realtime.engine.chain import Chain
from realtime.plugins.denoise import Denoise
from realtime.render import Stream
from realtime.watch import Columns, Watch
from tests.test_model import make_model

BIN_HZ, COLUMN_S = 31.25, 0.008
RATE = 16000


def columns(magnitudes: np.ndarray, mask: float = 0.5, n_lost: int = 0) -> Columns:
    shape = magnitudes.shape
    return Columns(
        magnitudes.astype(np.float32),
        np.full(shape, mask, np.float32),
        np.full((shape[0], 1, shape[1]), mask / 2, np.float32),
        np.zeros((shape[0], 0), np.float32),
        n_lost,
    )


def history_of(magnitudes: np.ndarray, seconds: float = 60.0) -> History:
    history = History(magnitudes.shape[1], 1, BIN_HZ, COLUMN_S, seconds)
    history.append(columns(magnitudes), 0.0, False)
    return history


def shown(qtbot: QtBot, history: History, look: Look | None = None, view: str = "noisy") -> Spectrogram:
    pane = Spectrogram(look or Look(), view)
    qtbot.addWidget(pane)
    pane.resize(500, 260)
    pane.show_history(history)
    with qtbot.waitExposed(pane):
        pane.show()
    return pane


@pytest.mark.parametrize("scale", SCALES)
def test_rows_stand_where_their_frequency_does(scale: str) -> None:
    weights = row_weights(scale, 257, BIN_HZ, 300)
    assert weights.sum(axis=0) == pytest.approx(np.ones(300), abs=1e-5)
    centres = (np.arange(257) * BIN_HZ) @ weights
    for row in (3, 60, 150, 240):
        assert centres[row] == pytest.approx(share_to_hz(scale, 1 - (row + 0.5) / 300, 8000.0), rel=0.01)
    assert hz_to_share(scale, share_to_hz(scale, 0.37, 8000.0), 8000.0) == pytest.approx(0.37)


@pytest.mark.parametrize("scale", SCALES)
def test_a_chirp_through_the_engine_stands_where_it_must(qtbot: QtBot, scale: str) -> None:
    seconds, low, high = 3.0, 500.0, 6500.0
    t = np.arange(int(RATE * seconds)) / RATE
    x = 0.5 * np.sin(2 * np.pi * (low * t + (high - low) / (2 * seconds) * t**2))
    chain = Chain([Denoise(make_model())], RATE)
    stream, watch = Stream(chain), Watch(chain)
    history = History(watch.n_bins, 0, watch.bin_hz, watch.column_s)
    for start in range(0, len(x), RATE):
        stream.process(x[start : start + RATE].astype(np.float32))
        history.append(watch.read(), 0.0, False)
    look = Look()
    look.set(scale=scale, colours="grey", low_db=-60, high_db=0)
    pane = shown(qtbot, history, look)
    picture = pane._image.in_order() & 0xFF
    assert history.end == int(len(x) / RATE / COLUMN_S)
    for column in range(100, history.end - 10, 7):
        middle_s = (column + 1) * COLUMN_S - 0.016  # a column ends where its window does, its sound is in the middle
        wanted = low + (high - low) * middle_s / seconds
        x_px = picture.shape[1] - (history.end - column)
        row = int(np.argmax(picture[:, x_px]))
        y = pane.plot().top() + row + 0.5
        assert abs(y - pane.y_of(wanted)) <= 2 + abs(pane.y_of(wanted) - pane.y_of(wanted + BIN_HZ))
        assert pane.level_at(column, wanted) == pytest.approx(20 * np.log10(0.5), abs=3)
        assert pane.place_at(QPointF(pane.x_of(column) + 0.5, pane.y_of(wanted))) == (
            column,
            pytest.approx(wanted, abs=1),
        )


@pytest.mark.parametrize("sizes", [[1] * 700, [3, 499, 1, 500, 501, 7], [2000], [250, 250, 250, 1]])
def test_the_ring_of_pixels_shows_the_newest_columns_in_order(sizes: list[int]) -> None:
    image = RollingImage(500, 3)
    pixels = 0xFF000000 | np.random.default_rng(0).integers(0, 1 << 24, (sum(sizes), 3)).astype(np.uint32)
    start = 0
    for n in sizes:
        image.push(pixels[start : start + n])
        start += n
    kept = pixels[-500:].T
    assert np.array_equal(image.in_order()[:, 500 - kept.shape[1] :], kept)


def test_what_is_painted_is_the_ring_in_order(qtbot: QtBot) -> None:
    rng = np.random.default_rng(1)
    history = history_of(rng.uniform(0, 1, (300, 257)))
    pane = shown(qtbot, history)
    for n in (1, 40, 333, 2, 77):
        history.append(columns(rng.uniform(0, 1, (n, 257))), 0.0, False)
        pane.advance()
    rolled = pane._image.in_order()
    plot = pane.plot()
    grabbed = pane.grab(plot).toImage().convertToFormat(pane._image._image.format())
    seen = np.frombuffer(grabbed.constBits(), np.uint32).reshape(grabbed.height(), grabbed.width())
    inside = slice(3, -3)  # the focus ring is around it
    assert np.array_equal(seen[inside, inside], rolled[inside, inside])
    pane.rebuild()
    pane.advance()
    assert np.array_equal(pane._image.in_order(), rolled)


def test_views_add_up_and_the_amount_and_bypass_show() -> None:
    history = history_of(np.ones((4, 257)))
    noisy, enhanced, removed = (history.values(v, 0, 4) for v in ("noisy", "enhanced", "removed"))
    assert np.allclose(enhanced + removed, noisy) and np.allclose(history.values("mask", 0, 4), 0.5)
    assert history.removed_db(0, 4) == pytest.approx(20 * np.log10(2))
    assert history.removed_db(0, 4, tap=0) == pytest.approx(20 * np.log10(4))
    history.append(columns(np.ones((1, 257))), 0.75, False)
    history.append(columns(np.ones((1, 257))), 0.0, True)
    assert history.values("mask", 4, 6)[:, 0].tolist() == [0.75, 1.0]


def test_history_forgets_the_oldest_and_leaves_room_for_what_was_lost() -> None:
    history = History(2, 1, BIN_HZ, COLUMN_S, seconds=10 * COLUMN_S)
    history.append(columns(np.arange(16).reshape(8, 2) + 1.0, n_lost=3), 0.0, False)
    assert (history.first, history.end) == (1, 11)
    assert history.values("noisy", 1, 11)[:, 0].tolist() == [3, 5, 7, 9, 11, 13, 15, 0, 0, 0]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("colours", COLOUR_MAPS)
def test_levels_run_through_the_colours(qtbot: QtBot, view: str, colours: str) -> None:
    look = Look()
    look.set(colours=colours, low_db=-100, high_db=0)
    low, high = history_of(np.full((9, 257), 1e-9)), history_of(np.full((9, 257), 1e3))
    pane = shown(qtbot, low, look, view)
    table = pixel_table(colours)
    middle = round(255 * (1 + 20 * np.log10(0.5) / 40))  # of a mask of 0.5, from -40 to 0 dB
    for history, level in ((low, 0), (high, 255)):
        pane.show_history(history)
        pane.advance()
        wanted = middle if view == "mask" else level
        assert abs(int(np.flatnonzero(table == pane._image.in_order()[5, -1])[0]) - wanted) <= 1


def test_nothing_is_drawn_when_idle_or_hidden(qtbot: QtBot) -> None:
    history = history_of(np.ones((10, 257)))
    pane = shown(qtbot, history)
    qtbot.wait(30)
    painted = pane.n_painted
    for _ in range(5):
        pane.advance()
        qtbot.wait(5)
    assert pane.n_painted == painted
    pane.hide()
    drawn = pane._drawn
    history.append(columns(np.ones((10, 257))), 0.0, False)
    pane.advance()
    qtbot.wait(20)
    assert (pane.n_painted, pane._drawn) == (painted, drawn)
    pane.show()
    assert pane._drawn == history.end


def test_freeze_holds_the_picture_and_scrolls_while_columns_come(qtbot: QtBot) -> None:
    rng = np.random.default_rng(2)
    history = history_of(rng.uniform(0, 1, (900, 257)))
    look = Look()
    pane = shown(qtbot, history, look)
    look.freeze(history.end)
    before = pane._image.in_order()
    history.append(columns(rng.uniform(0, 1, (50, 257))), 0.0, False)
    pane.advance()
    assert np.array_equal(pane._image.in_order(), before)
    qtbot.keyClick(pane, Qt.Key.Key_PageUp)
    assert look.frozen == 875
    assert np.array_equal(pane._image.in_order()[:, 25:], before[:, :-25])
    for _ in range(4):
        qtbot.keyClick(pane, Qt.Key.Key_PageDown)
    assert look.frozen is None and pane.end == 950


def test_the_wheel_scrolls_time_and_where_the_page_scrolls_only_sideways_or_with_shift(qtbot: QtBot) -> None:
    history, look = history_of(np.ones((900, 257))), Look()
    pane = shown(qtbot, history, look)

    def turn(x: int, y: int, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> bool | None:
        look.freeze(None)
        place, none = QPointF(pane.rect().center()), Qt.MouseButton.NoButton
        phase = Qt.ScrollPhase.NoScrollPhase
        event = QWheelEvent(place, place, QPoint(), QPoint(x, y), none, modifier, phase, False)
        QApplication.sendEvent(pane, event)
        return look.frozen == 875 if event.isAccepted() else None

    assert turn(0, 120) and turn(120, 0)
    page = QScrollArea()
    qtbot.addWidget(page)
    page.resize(300, 100)
    page.setWidget(pane)
    page.show()
    qtbot.waitUntil(lambda: page.verticalScrollBar().maximum() > 0)
    assert turn(120, 0) and turn(0, 120, Qt.KeyboardModifier.ShiftModifier)
    assert turn(0, 120) is None, "it is left to the page"


def test_the_cursor_is_linked_and_moves_with_keys(qtbot: QtBot) -> None:
    look, history = Look(), history_of(np.ones((100, 257)))
    one, other = shown(qtbot, history, look), shown(qtbot, history, look)
    place = QPointF(one.x_of(50) + 0.5, one.y_of(1000.0))
    qtbot.mouseMove(one, place.toPoint())
    assert look.cursor is not None and abs(look.cursor[0] - 50) <= 1 and abs(look.cursor[1] - 1000) < 40
    column, hz = look.cursor
    qtbot.keyClick(other, Qt.Key.Key_Left)
    qtbot.keyClick(other, Qt.Key.Key_Up)
    assert look.cursor == (column - 1, hz + 31.25)


def test_axes_that_make_no_sense_are_brought_into_range() -> None:
    look = Look()
    look.set(low_db=5.0, scale="bark", colours="jet", zoom=3)
    assert look.axes.high_db - look.axes.low_db >= 10
    assert (look.axes.scale, look.axes.colours, look.axes.zoom) == ("linear", "magma", 1)


def test_what_was_never_heard_is_not_drawn_as_silence(qtbot: QtBot) -> None:
    pane = shown(qtbot, history_of(np.zeros((50, 257))))
    image, plot = pane.grab().toImage(), pane.plot()
    never, silence = (image.pixelColor(x, plot.center().y()) for x in (plot.left() + 5, plot.right() - 5))
    assert never == pane.palette().base().color()
    assert silence.rgb() == pixel_table(Look().axes.colours)[0]
