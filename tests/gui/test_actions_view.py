"""Every action of "View", "Edit" and "Help" is done by its key; what it does is looked up where it must show."""

from pathlib import Path

import numpy as np
from pytestqt.qtbot import QtBot

from gui.actions import TABLE
from gui.dialogs import KeyList, Palette
from gui.window import Window
from tests.gui.acting import act, dialog_of, give, heard, press


def test_freeze(window: Window, qtbot: QtBot) -> None:
    act(window, "freeze")
    canvas, history = window.picture.output.canvas, window.picture.history
    assert history is not None
    held, drawn = canvas.end, history.end
    qtbot.waitUntil(lambda: history.end > drawn + 20)
    assert canvas.end == held and canvas._drawn == held
    act(window, "freeze")
    assert canvas.end == history.end


def test_view(window: Window) -> None:
    seen = []
    for _i in range(4):
        act(window, "view")
        seen.append(window.picture.output.canvas.view)
    assert seen == ["mask", "removed", "noisy", "enhanced"]


def test_scale(window: Window) -> None:
    act(window, "scale")
    assert window.look.axes.scale == "log" and window.picture.bar.scale.currentText() == "log"


def test_colours(window: Window) -> None:
    act(window, "colours")
    assert window.look.axes.colours == "inferno" and window.picture.bar.colours.currentText() == "inferno"


def test_zoom(window: Window) -> None:
    before = window.picture.input.canvas.seconds_shown
    act(window, "zoom")
    assert window.picture.input.canvas.seconds_shown == before / 2


def test_theme(window: Window) -> None:
    colours = set()
    for _i in range(3):
        act(window, "theme")
        colours.add(window.palette().window().color().name())
    assert len(colours) == 3 and window.theme == "contrast"


def test_export(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    for name in ("p.png", "t.csv", "a.npz"):
        act(window, "export")
        give(window, qtbot, tmp_path / name)
        qtbot.waitUntil(lambda n=name: n in window.notice.sentence and "Exported" in window.notice.sentence)
    table = np.loadtxt(tmp_path / "t.csv", delimiter=",", skiprows=1)
    arrays = np.load(tmp_path / "a.npz")
    assert table.shape[1] == 258 and (tmp_path / "p.png").stat().st_size > 1000
    n = min(len(table), len(arrays["magnitudes"]))
    enhanced = 20 * np.log10(np.maximum(arrays["magnitudes"] * arrays["gains"], 1e-9))
    assert np.allclose(table[:n, 1:], enhanced[:n], atol=1e-3)


def test_full(window: Window) -> None:
    act(window, "full")
    assert window.isFullScreen()
    act(window, "full")
    assert not window.isFullScreen()


def test_undo(window: Window, qtbot: QtBot) -> None:
    window.desk.set_depth(7)
    window.desk.set_amount(20)
    act(window, "undo")
    act(window, "undo")
    qtbot.waitUntil(lambda: heard(window, "layers") == 25 and heard(window, "amount") == 100)


def test_redo(window: Window, qtbot: QtBot) -> None:
    window.desk.set_depth(7)
    act(window, "undo")
    act(window, "redo")
    qtbot.waitUntil(lambda: heard(window, "layers") == 7)


def test_folder(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    act(window, "folder")
    give(window, qtbot, tmp_path / "elsewhere")
    qtbot.waitUntil(lambda: window.desk.takes.folder == tmp_path / "elsewhere")


def test_flac(window: Window, tmp_path: Path) -> None:
    act(window, "flac")
    act(window, "record")
    act(window, "record")
    assert len(list((tmp_path / "takes").glob("*.flac"))) == 2


def test_keys(window: Window, qtbot: QtBot) -> None:
    act(window, "keys")
    text = dialog_of(window, qtbot, KeyList).text.toPlainText()
    assert all(row.tip in text and row.key in text for row in TABLE)


def test_palette(window: Window, qtbot: QtBot) -> None:
    act(window, "palette")
    dialog = dialog_of(window, qtbot, Palette)
    qtbot.keyClicks(dialog.search, "fade silence")
    press(dialog.search, "Return")
    assert window.desk.muted
