"""What the window remembers, written while it runs: after a kill the next start is where you were. Main thread."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import platformdirs
from PySide6.QtCore import QByteArray, QSettings

from gui.catalogue import read_entry
from gui.desk import Desk
from gui.look import Look
from gui.sound import Patch, Setup, Values
from realtime.base.errors import UnfoldError


class Settings:
    """An INI file in the user's configuration folder, with one JSON object for the session."""

    def __init__(self) -> None:
        self.path = platformdirs.user_config_path("unfold") / "window.ini"
        self._file = QSettings(str(self.path), QSettings.Format.IniFormat)
        self._written = ""

    def session(self) -> dict[str, Any]:
        """Return what was written last; what cannot be read counts as nothing."""
        try:
            content = json.loads(str(self._file.value("session", "{}")))
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}

    def write(self, session: dict[str, Any]) -> None:
        """Write the session, if it has changed, to the disk."""
        text = json.dumps(session, sort_keys=True)
        if text != self._written:
            self._file.setValue("session", text)
            self._file.sync()
            self._written = text

    def write_shape(self, shapes: dict[str, QByteArray]) -> None:
        """Write the geometry of the window and its splitters."""
        for name, shape in shapes.items():
            self._file.setValue(f"shape/{name}", shape)
        self._file.sync()

    def shape(self, name: str) -> QByteArray | None:
        """Return a geometry."""
        value = self._file.value(f"shape/{name}")
        return value if isinstance(value, QByteArray) else None


def paths_from(content: Any) -> list[Path]:
    """Return the paths of a list; what is none is left out."""
    return [Path(item) for item in content if isinstance(item, str)] if isinstance(content, list) else []


def patch_as_dict(patch: Patch | None) -> dict[str, Any] | None:
    """Return a patch as plain values."""
    if patch is None:
        return None
    values = asdict(patch.values) | {"bases": sorted(patch.values.bases) if patch.values.bases else None}
    return {"preset": str(patch.preset.path), "values": values}


def patch_from(content: Any) -> Patch | None:
    """Return a patch of plain values, or None if its file is gone or it makes no sense."""
    try:
        entry = read_entry(Path(content["preset"]))
        values = dict(content["values"])
        if values.get("bases") is not None:
            values["bases"] = frozenset(int(i) for i in values["bases"])
        values["others"] = tuple((str(p), str(n), float(v)) for p, n, v in values.get("others", ()))
        return None if entry.preset is None else Patch(entry.preset, Values(**values))
    except (TypeError, KeyError, ValueError, UnfoldError):
        return None


def desk_as_dict(desk: Desk, look: Look) -> dict[str, Any]:
    """Return all that is set at the desk, and the look."""
    return {
        "running": desk.wanted,
        "bypassed": desk.bypassed,
        "muted": desk.muted,
        "setup": asdict(desk.setup),
        "patch": patch_as_dict(desk.patch),
        "slots": {name: patch_as_dict(patch) for name, patch in desk.slots.patches.items()},
        "slot": desk.slots.current,
        "safe_pairs": sorted(desk.guard.safe_pairs),
        "folder": str(desk.takes.folder),
        "kind": desk.takes.kind,
        "look": look.as_dict(),
    }


def restore(content: dict[str, Any], desk: Desk, look: Look) -> None:
    """Set desk and look as they were; what makes no sense any more is left at its default."""
    patch = patch_from(content.get("patch"))
    if patch is not None:
        desk.patch = patch
    slots = content.get("slots")
    if isinstance(slots, dict):
        desk.slots.patches = {name: patch_from(slots.get(name)) for name in ("A", "B")}
        desk.slots.current = "B" if content.get("slot") == "B" else "A"
    desk.bypassed, desk.muted = bool(content.get("bypassed")), bool(content.get("muted"))
    try:
        desk.setup = Setup(**content["setup"])
        desk.guard.safe_pairs = {str(pair) for pair in content["safe_pairs"]}
        desk.takes.folder = Path(content["folder"])
        desk.takes.kind = "flac" if content.get("kind") == "flac" else "wav"
        look.set(**content["look"])
    except (KeyError, TypeError, ValueError):
        return
