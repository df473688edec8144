"""What a frame of the window costs, against `pg.ImageItem`, and what the window costs the sound.

Two spectrograms of 257 bins and 1000 columns and a strip of six depths of 160 columns, 2 new columns a frame, on a
screen in memory, one thread. Both sides get the same numbers, do their own conversion, and paint inside the clock.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QApplication, QGridLayout, QWidget
from threadpoolctl import threadpool_limits

from gui.history import History
from gui.look import Look
from gui.spectrogram import Spectrogram
from realtime.watch import Columns
from tests.rig.jack_server import JackServer, JackServerError

N_BINS, N_COLUMNS, N_STRIP, N_PANES, PER_FRAME = 257, 1000, 160, 6, 2
WARM_UP, FRAMES = 100, 600
RATE, BLOCK, SECONDS, REPEATS = 48000, 128, 8.0, 3
KINDS = ("no window", "compiled", "python")


def _frames(draw: Callable[[], None], application: QApplication) -> np.ndarray:
    took = np.empty(WARM_UP + FRAMES)
    for i in range(len(took)):
        began = time.perf_counter()
        draw()
        application.processEvents()
        took[i] = time.perf_counter() - began
    return 1000 * took[WARM_UP:]


def _column_source() -> Callable[[], Columns]:
    rng = np.random.default_rng(0)
    pool = rng.uniform(1e-5, 1, (512, N_BINS)).astype(np.float32)
    taps = rng.uniform(0, 1, (512, N_PANES, N_BINS)).astype(np.float32)
    place = 0

    def new() -> Columns:
        nonlocal place
        place = (place + PER_FRAME) % (len(pool) - PER_FRAME)
        rows = slice(place, place + PER_FRAME)
        return Columns(pool[rows], taps[rows, 0], taps[rows], taps[rows, :0, 0], 0)

    return new


def _window(panes: list[QWidget]) -> QWidget:
    window = QWidget()
    grid = QGridLayout(window)
    for i, pane in enumerate(panes):
        if i < 2:
            pane.setFixedSize(N_COLUMNS, N_BINS)
            grid.addWidget(pane, i, 0, 1, N_PANES)
        else:
            pane.setFixedSize(N_STRIP, 100)
            grid.addWidget(pane, 2, i - 2)
    window.show()
    return window


def _ours(application: QApplication) -> np.ndarray:
    look, new = Look(), _column_source()
    history = History(N_BINS, N_PANES, 31.25, 0.008)
    panes = [Spectrogram(look, "noisy", with_axes=False), Spectrogram(look, "enhanced", with_axes=False)]
    panes += [Spectrogram(look, "enhanced", tap=i, with_axes=False) for i in range(N_PANES)]
    window = _window(list(panes))
    for pane in panes:
        pane.show_history(history)

    def draw() -> None:
        history.append(new(), 0.0, False)
        for pane in panes:
            pane.advance()

    took = _frames(draw, application)
    painted = [pane.n_painted for pane in panes]
    if min(painted) < FRAMES:
        raise AssertionError(f"only {min(painted)} of {FRAMES} frames were painted")
    window.close()
    return took


def _image_items(application: QApplication) -> np.ndarray:
    new = _column_source()
    colours = pg.colormap.get("magma")
    sizes = [N_COLUMNS] * 2 + [N_STRIP] * N_PANES
    images = [np.full((n, N_BINS), -100, np.float32) for n in sizes]
    items, panes = [], []
    for image in images:
        pane = pg.GraphicsLayoutWidget()
        box = pane.addViewBox(enableMenu=False)
        item = pg.ImageItem(image, levels=(-100, -20), colorMap=colours)
        box.addItem(item)
        items.append(item)
        panes.append(pane)
    window = _window(panes)

    def draw() -> None:
        columns = new()
        values = [columns.magnitudes, columns.magnitudes * columns.mask]
        values += [columns.magnitudes * columns.taps[:, i] for i in range(N_PANES)]
        for i, value in enumerate(values):
            images[i] = np.roll(images[i], -PER_FRAME, axis=0)
            images[i][-PER_FRAME:] = 20 * np.log10(np.maximum(value, 1e-9))
            items[i].setImage(images[i], autoLevels=False)

    took = _frames(draw, application)
    window.close()
    return took


def _frame_section() -> str:
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    with threadpool_limits(1):
        ours, theirs, again = _ours(application), _image_items(application), _ours(application)
    ours = np.concatenate([ours, again])
    (p50, p99), (peer50, peer99) = (np.percentile(t, (50, 99)) for t in (ours, theirs))
    return "\n".join(
        [
            "## A frame of the window",
            "",
            f"Two spectrograms of {N_BINS} x {N_COLUMNS} and a strip of {N_PANES} depths, {PER_FRAME} new columns a",
            f"frame, {len(ours)} frames, one thread, painted on a screen in memory. The peer is `pg.ImageItem` with a",
            "rolled array, in the same run, before and after which ours ran.",
            "",
            "| | p50, ms | p99, ms |",
            "|---|---|---|",
            f"| ours | {p50:.2f} | {p99:.2f} |",
            f"| pg.ImageItem | {peer50:.2f} | {peer99:.2f} |",
            f"| times less | **{peer50 / p50:.1f}** | {peer99 / p99:.1f} |",
            "",
            "At 60 frames a second a frame has 16.7 ms. A window that is hidden, or gets no sound, draws nothing.",
            "",
        ]
    )


def _measure(kind: str) -> dict[str, float]:
    program = ["benchmarks.pressure", "compiled", "idle"] if kind == "no window" else ["benchmarks.window", kind]
    command = [sys.executable, "-m", *program, str(SECONDS), str(BLOCK)]
    with TemporaryDirectory() as home, JackServer(RATE, BLOCK) as jack:
        environ = jack.environ | {"QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": home}
        answer = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=True)
    counts: dict[str, float] = json.loads(answer.stdout)
    return counts


def _row(kind: str, runs: list[dict[str, float]]) -> str:
    done, expected, dropouts = (median(run[name] for run in runs) for name in ("done", "expected", "dropouts"))
    share = median(run["done"] / run["expected"] for run in runs)
    lost = median(max(0.0, run["expected"] - run["done"]) * BLOCK for run in runs)
    frames = median(run.get("painted", 0) / SECONDS for run in runs)
    cells = f"{done:.0f} of {expected:.0f} | **{min(1.0, share):.1%}** | {lost:,.0f} | {dropouts:.0f} | {frames:.0f}"
    return f"| {kind} | {cells} |"


def _sound_section() -> str:
    title = "## The sound under the window\n\n"
    try:
        pairs = [{kind: _measure(kind) for kind in KINDS} for _ in range(REPEATS)]
    except JackServerError as error:
        return f"{title}Not measured: {error}.\n"
    return title + "\n".join(
        [
            f"The whole window at {RATE / 1000:g} kHz in blocks of {BLOCK} frames on a JACK server without hardware,",
            f"resized ten times a second, {SECONDS:g} s each, medians of {REPEATS} pairs. *compiled* is the window as",
            "it is; for *python* its stream has an ordinary sounddevice callback that calls the same engine. Columns",
            "as in the section on the callback; frames are the spectrogram's repaints a second. What is missing",
            "without a window, the machine itself has lost.",
            "",
            "| callback | blocks done | share | lost samples | drop-outs | frames |",
            "|---|---|---|---|---|---|",
            *(_row(kind, [pair[kind] for pair in pairs]) for kind in KINDS),
            "",
        ]
    )


def run() -> str:
    """Return the two sections for the page of results."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    return _frame_section() + "\n" + _sound_section()
