"""Light, dark and high contrast: palettes over Qt's Fusion style, in the font and size of the system. Main thread."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

THEMES = ("system", "light", "dark", "contrast")

_ROLES = ("Window", "WindowText", "Base", "AlternateBase", "Text", "Button", "ButtonText", "Highlight", "Mid")
_COLOURS = {
    "light": ("#f2f3f5", "#1b1e23", "#ffffff", "#e8eaee", "#1b1e23", "#e4e6ea", "#1b1e23", "#1f5fbf", "#a9afb9"),
    "dark": ("#1d2026", "#e6e8ec", "#14161a", "#262a31", "#e6e8ec", "#2d323a", "#e6e8ec", "#5b9bf0", "#565d69"),
    "contrast": ("#000000", "#ffffff", "#1c1c1c", "#2b2b2b", "#ffffff", "#2b2b2b", "#ffffff", "#ffff00", "#ffffff"),
}
_SIGNALS = {
    # name: (light, dark, contrast); every one reads with a contrast of at least 4.5 on the window's colour
    "good": ("#1a6e35", "#58c47c", "#00ff7f"),
    "warn": ("#8a5200", "#f0b24a", "#ffff00"),
    "bad": ("#b3261e", "#ff7b72", "#ff9d94"),
}


def is_dark(palette: QPalette) -> bool:
    """Return whether text is lighter than what it stands on."""
    return (
        palette.color(QPalette.ColorRole.Window).lightness() < palette.color(QPalette.ColorRole.WindowText).lightness()
    )


def signal_colour(name: str, palette: QPalette) -> QColor:
    """Return the colour of "good", "warn" or "bad" on this palette. It only ever repeats what words or shapes say."""
    light, dark, contrast = _SIGNALS[name]
    if palette.color(QPalette.ColorRole.Window) == QColor("#000000"):
        return QColor(contrast)
    return QColor(dark if is_dark(palette) else light)


def _between(one: QColor, other: QColor, share: float) -> QColor:
    rest = 1 - share
    return QColor(
        round(share * one.red() + rest * other.red()),
        round(share * one.green() + rest * other.green()),
        round(share * one.blue() + rest * other.blue()),
    )


def palette_of(theme: str) -> QPalette:
    """Return the palette of a theme; "system" follows the desktop's light or dark."""
    if theme not in _COLOURS:
        hints = QApplication.styleHints()
        theme = "dark" if hints.colorScheme() == Qt.ColorScheme.Dark else "light"
    window, button = QColor(_COLOURS[theme][0]), QColor(_COLOURS[theme][5])
    palette = QPalette(button, window)  # edges and shades follow from these two
    for role, colour in zip(_ROLES, _COLOURS[theme], strict=True):
        palette.setColor(getattr(QPalette.ColorRole, role), QColor(colour))
    text = QColor(_COLOURS[theme][1])
    faint = text if theme == "contrast" else _between(text, window, 0.62)
    palette.setColor(QPalette.ColorRole.PlaceholderText, faint)
    palette.setColor(QPalette.ColorRole.HighlightedText, QColor("#000000" if theme != "light" else "#ffffff"))
    palette.setColor(QPalette.ColorRole.ToolTipBase, QColor(_COLOURS[theme][3]))
    palette.setColor(QPalette.ColorRole.ToolTipText, text)
    palette.setColor(QPalette.ColorRole.Link, QColor(_COLOURS[theme][7]))
    for written in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, written, faint)
    return palette


def sheet_of(theme: str, palette: QPalette) -> str:
    """Return the few rules a palette cannot say: a focus ring everywhere, checked buttons that cannot be missed."""
    ring = palette.color(QPalette.ColorRole.Highlight).name()
    edge = palette.color(QPalette.ColorRole.Mid).name()
    roles = (QPalette.ColorRole.Window, QPalette.ColorRole.Button, QPalette.ColorRole.ButtonText)
    window, button, text = (palette.color(r).name() for r in roles)
    marked, on_marked = ring, palette.color(QPalette.ColorRole.HighlightedText).name()
    tip, tip_text = (palette.color(r).name() for r in (QPalette.ColorRole.ToolTipBase, QPalette.ColorRole.ToolTipText))
    outline = f"border: 1px solid {edge}; border-radius: 3px; padding: 2px 5px;" if theme == "contrast" else ""
    boxes = f"border: 1px solid {edge}; border-radius: 3px; padding: 1px 3px;" if theme == "contrast" else ""
    return f"""
QComboBox {{ {outline} }}
QAbstractSpinBox {{ {boxes} }}
QToolButton, QPushButton {{ border: 1px solid {edge}; border-radius: 4px; padding: 4px 9px;
  background: {button}; color: {text}; }}
QToolButton:checked, QPushButton:checked {{ background: {marked}; color: {on_marked}; font-weight: bold; }}
QToolButton:focus, QPushButton:focus {{ border: 2px solid {ring}; padding: 3px 8px; }}
QToolButton:checked:focus {{ border: 2px solid {text}; }}
QToolButton:disabled, QPushButton:disabled {{ color: {palette.color(QPalette.ColorRole.PlaceholderText).name()}; }}
QLineEdit, QListWidget, QTextBrowser {{ border: 1px solid {edge}; border-radius: 3px; }}
QLineEdit {{ padding: 3px; }}
QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {edge}; }}
QSlider::sub-page:horizontal {{ height: 4px; border-radius: 2px; background: {ring}; }}
QSlider::sub-page:horizontal:disabled {{ background: {edge}; }}
QSlider::handle:horizontal {{ width: 10px; margin: -6px 0; border: 1px solid {window}; border-radius: 4px;
  background: {text}; }}
QSlider::handle:horizontal:focus {{ background: {ring}; border: 2px solid {text}; }}
QSlider::handle:horizontal:disabled {{ background: {edge}; }}
QSlider:focus, QComboBox:focus, QListWidget:focus, QLineEdit:focus, QAbstractSpinBox:focus
  {{ outline: 2px solid {ring}; }}
QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QToolTip {{ background: {tip}; color: {tip_text}; border: 1px solid {edge}; padding: 4px; }}
"""


def apply(theme: str) -> None:
    """Dress the whole application."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    application.setStyle("Fusion")
    palette = palette_of(theme)
    application.setPalette(palette)
    application.setStyleSheet(sheet_of(theme, palette))
