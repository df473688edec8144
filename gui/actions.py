"""THE table of everything a user can do. Menus, keys, tips, the F1 list and the command palette are made from it.

Main thread.
"""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QToolButton, QWidget


@dataclass(frozen=True)
class Row:
    """One thing a user can do.

    `name` is what a screen reader says; `checkable` actions are on or off.
    """

    id: str
    menu: str
    text: str
    key: str
    tip: str
    name: str
    checkable: bool = False


TABLE: tuple[Row, ...] = (
    Row("run", "Sound", "Run", "Space", "Let sound flow, or stop it", "Run the sound", True),
    Row("record", "Sound", "Record", "R", "Record the dry and the wet sound, lined up to the sample", "Record", True),
    Row("bypass", "Sound", "Bypass", "B", "Hear the input, delayed by exactly the latency", "Bypass the plugins", True),
    Row("mute", "Sound", "Mute", "M", "Fade the output to silence", "Mute the output", True),
    Row("deeper", "Sound", "One layer more", "]", "Run one more layer of the network", "One layer more"),
    Row("shallower", "Sound", "One layer less", "[", "Run one layer less of the network", "One layer less"),
    Row("more", "Sound", "Remove more", "Ctrl+Up", "Let up to 3 dB more be removed", "Remove up to 3 dB more"),
    Row("less", "Sound", "Remove less", "Ctrl+Down", "Let up to 3 dB less be removed", "Remove up to 3 dB less"),
    Row("latency", "Sound", "Next latency mode", "L", "32, 16, 8 or 4 ms; lower costs more work", "Next latency mode"),
    Row("look_back", "Sound", "Save the last 60 s", "Ctrl+S", "Write the last minute, dry and wet", "Save look-back"),
    Row("measure", "Sound", "Measure the latency", "Ctrl+Y", "Play a quiet burst, time its way", "Measure latency"),
    Row("clear", "Sound", "Clear the counts", "Ctrl+K", "Start drop-outs, loads and clip lamps anew", "Clear counts"),
    Row("microphone", "Input", "Default microphone", "Ctrl+I", "Hear the default input device", "Default microphone"),
    Row("demo", "Input", "Built-in clip", "Ctrl+D", "Play a noisy voice over and over", "Play the built-in clip"),
    Row("open_audio", "Input", "Audio file …", "Ctrl+O", "Play a file over and over", "Open an audio file"),
    Row("open_noise", "Input", "Mix noise under the clip …", "Ctrl+N", "Set clip and noise at an SNR", "Mix noise in"),
    Row("devices", "Input", "Devices …", "Ctrl+,", "Choose input, output, rate, block and channel", "Devices"),
    Row("open_model", "Models", "Model file …", "Ctrl+M", "Hear a .safetensors model or .toml preset", "Open a model"),
    Row("watch_folder", "Models", "Watch a folder …", "Ctrl+W", "List its models as they appear", "Watch a folder"),
    Row("learn", "Models", "Learn my noise", "Ctrl+G", "Listen for 5 s, fit to it, switch", "Learn my noise", True),
    Row("keep_room", "Models", "Keep this room", "Ctrl+R", "Write a preset that knows this room", "Keep the room"),
    Row("search", "Models", "Search the list", "Ctrl+F", "Type part of a name or description", "Search models"),
    Row("slot", "Compare", "Other slot: A / B", "X", "Hear the other slot; a crossfade, no click", "Switch slot"),
    Row("match", "Compare", "Match levels", "Ctrl+L", "Play both slots equally loud", "Match levels", True),
    Row("abx", "Compare", "Blind test …", "Ctrl+B", "Which one is X? Count guesses, get a p-value", "Blind A B X test"),
    Row("strip", "Compare", "Layer strip", "T", "Show what is heard after some layers", "Layer strip", True),
    Row(
        "depths",
        "Compare",
        "Depths of the strip …",
        "Ctrl+J",
        "Choose up to 5 beside the full one",
        "Strip depths",
    ),
    Row("network", "Compare", "Inside the network", "N", "Show bases and activations", "Inside network", True),
    Row("others", "Compare", "Other models", "O", "Run other presets on the same input", "Other models", True),
    Row("freeze", "View", "Freeze", "F", "Hold the picture and scroll back; sound goes on", "Freeze the picture", True),
    Row("view", "View", "Next view of the output", "V", "Enhanced, mask, removed, noisy", "Next output view"),
    Row("scale", "View", "Next frequency scale", "S", "Linear, log or mel", "Next frequency scale"),
    Row("colours", "View", "Next colour map", "C", "Perceptually uniform, all of them", "Next colour map"),
    Row("zoom", "View", "Next time scale", "Z", "How much time fits into the picture", "Next time scale"),
    Row("theme", "View", "Next theme", "Ctrl+T", "As the system, light, dark, high contrast", "Next theme"),
    Row("export", "View", "Export the picture …", "Ctrl+E", "As PNG, CSV or NPZ", "Export the picture"),
    Row("full", "View", "Full screen", "F11", "Use the whole screen, or not", "Full screen", True),
    Row("undo", "Edit", "Undo", "Ctrl+Z", "Take the last change of a parameter back", "Undo"),
    Row("redo", "Edit", "Redo", "Ctrl+Shift+Z", "Make it again", "Redo"),
    Row("folder", "Edit", "Folder for takes …", "Ctrl+Shift+O", "Where recordings are written", "Folder for takes"),
    Row(
        "flac",
        "Edit",
        "Takes as FLAC",
        "Ctrl+Shift+F",
        "Half the size, 24 bit; else WAV, 32 bit",
        "Takes as FLAC",
        True,
    ),
    Row("keys", "Help", "Keys", "F1", "List every action with its key", "List of keys"),
    Row("palette", "Help", "Command palette …", "Ctrl+P", "Find an action by typing", "Command palette"),
    Row("quit", "Sound", "Quit", "Ctrl+Q", "Finish an open take and leave", "Quit"),
)

REPEATED = ("deeper", "shallower", "more", "less")
"""A held key does these again and again; all else it would only turn on and off."""

MENUS = ("Sound", "Input", "Models", "Compare", "View", "Edit", "Help")


def translated(text: str) -> str:
    """Return a text of the table in the user's language."""
    return QCoreApplication.translate("actions", text)


def make_actions(parent: QWidget, handlers: dict[str, Callable[..., None]]) -> dict[str, QAction]:
    """Return the actions by id, bound to their handlers; a checkable one is handed its state."""
    actions = {}
    for row in TABLE:
        action = QAction(translated(row.text), parent)
        action.setObjectName(row.id)
        action.setCheckable(row.checkable)
        action.setShortcut(QKeySequence(row.key))
        action.setAutoRepeat(row.id in REPEATED)
        action.setToolTip(f"{translated(row.tip)}  ({row.key})")
        action.setStatusTip(translated(row.tip))
        handler = handlers[row.id]
        if row.checkable:
            action.triggered.connect(handler)
        else:
            action.triggered.connect(lambda _, h=handler: h())
        actions[row.id] = action
    return actions


def button_of(action: QAction) -> QToolButton:
    """Return a button for an action of the table: text alone, in the Tab order, named for a screen reader."""
    button = QToolButton()
    button.setDefaultAction(action)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    button.setAccessibleName(translated(next(row.name for row in TABLE if row.id == action.objectName())))
    return button
