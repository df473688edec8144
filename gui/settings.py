"""What the window remembers, written while it runs: after a kill the next start is where you were. Main thread."""

import json
import math
import os
import shutil
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import UnionType
from typing import Any

import platformdirs
from PySide6.QtCore import QByteArray, QSettings

from gui.catalogue import read_entry
from gui.desk import Desk
from gui.look import Look
from gui.sound import Patch, Setup, Values, read_depths
from gui.transport import LATENCIES_MS
from realtime.base.errors import UnfoldError
from realtime.base.units import RATES

Kinds = dict[str, UnionType | type]
SETUP: Kinds = {
    "source": str | None, "target": str | None, "noise": str | None, "snr_db": float | int,
    "rate": float | int | None, "block": int, "channel": int | None,
}  # fmt: skip
VALUES: Kinds = {
    "layers": int | None, "amount": float | int, "latency_ms": int, "bases": list | None,
    "gain_db": float | int, "others": list,
}  # fmt: skip
AXES: Kinds = {"scale": str, "low_db": float | int, "high_db": float | int, "colours": str, "zoom": int}
RANGES = {
    "snr_db": (-100, 100), "rate": RATES, "block": (0, 65536), "channel": (0, 1023),
    "layers": (0, 10_000), "amount": (0, 100), "gain_db": (-60, 0),
}  # fmt: skip


class Settings:
    """An INI file in the user's configuration folder, with one JSON object for the session."""

    def __init__(self) -> None:
        self.path = platformdirs.user_config_path("unfold") / "window.ini"
        self._file = QSettings(str(self.path), QSettings.Format.IniFormat)
        self._written = ""
        self._warned = False
        self._problem = ""

    def problem(self) -> str:
        """Return, once, a sentence on what went wrong with the file; else nothing."""
        problem, self._problem = self._problem, ""
        return problem

    def session(self) -> dict[str, Any]:
        """Return what was written last; a file that cannot be read is kept aside and counts as nothing."""
        text = self._file.value("session")
        if text is None and not (self.path.is_file() and self.path.stat().st_size):
            return {}
        with suppress(ValueError):
            content = json.loads(str(text))
            if isinstance(content, dict):
                return content
        aside = self.path.with_suffix(".damaged")
        with suppress(OSError):
            shutil.copyfile(self.path, aside)
        self._problem = (
            f"What the window remembered is damaged, so it starts afresh; the old file is kept as {aside}, "
            "your presets and takes are untouched."
        )
        return {}

    def write(self, session: dict[str, Any]) -> None:
        """Write the session, if it has changed, to the disk."""
        text = json.dumps(session, sort_keys=True)
        if text != self._written:
            self._file.setValue("session", text)
            self._file.sync()
            self._written = text
            if self._file.status() == QSettings.Status.AccessError and not self._warned:
                self._warned = True
                self._problem = (
                    f"{self.path} cannot be written, so the next start will not be where you are now; "
                    "make its folder writable or free some space."
                )

    def write_shape(self, shapes: dict[str, QByteArray]) -> None:
        """Write the geometry of the window and its splitters."""
        for name, shape in shapes.items():
            self._file.setValue(f"shape/{name}", shape)
        self._file.sync()

    def shape(self, name: str) -> QByteArray | None:
        """Return a geometry."""
        value = self._file.value(f"shape/{name}")
        return value if isinstance(value, QByteArray) else None


def _checked(content: Any, kinds: Kinds) -> dict[str, Any]:
    """Return a copy of a JSON object whose values are all of these kinds; raises what Python does if not."""
    values = dict(content)
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, kinds[name]):
            raise TypeError(name)
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(name)
        low, high = RANGES.get(name, (-math.inf, math.inf))
        if isinstance(value, float | int) and not low <= value <= high:
            raise ValueError(name)
    return values


def paths_from(content: Any) -> list[Path]:
    """Return the paths of a list; what is none is left out."""
    return [Path(item) for item in content if isinstance(item, str)] if isinstance(content, list) else []


def patch_as_dict(patch: Patch | None) -> dict[str, Any] | None:
    """Return a patch as plain values."""
    if patch is None:
        return None
    values = asdict(patch.values) | {"bases": sorted(patch.values.bases) if patch.values.bases is not None else None}
    return {"preset": str(patch.preset.path.absolute()), "values": values}


def patch_from(content: Any) -> Patch | None:
    """Return a patch of plain values, or None if its file is gone or it makes no sense."""
    try:
        entry = read_entry(Path(content["preset"]))
        values = _checked(content["values"], VALUES)
        if values.get("latency_ms", LATENCIES_MS[0]) not in LATENCIES_MS:
            return None
        if values.get("bases") is not None:
            values["bases"] = frozenset(int(i) for i in values["bases"])
        values["others"] = tuple((str(p), str(n), float(v)) for p, n, v in values.get("others", ()))
        return None if entry.preset is None else Patch(entry.preset, Values(**values))
    except (TypeError, KeyError, ValueError, UnfoldError):
        return None


class Away:
    """Patches whose files are away, on a drive that is not plugged in: remembered until something else is set."""

    def __init__(self) -> None:
        self._raw: dict[str, tuple[dict[str, Any], Patch | None]] = {}

    def note(self, place: str, content: Any, instead: Patch | None) -> None:
        """Remember what was written of a patch, and what there is instead of it, if its file is away."""
        path = content.get("preset") if isinstance(content, dict) else None
        if isinstance(path, str) and not os.path.isfile(path):
            self._raw[place] = (content, instead)

    def as_dict(self, place: str, patch: Patch | None) -> dict[str, Any] | None:
        """Return what to write of a patch: what was written before, as long as nothing else was set."""
        raw, instead = self._raw.get(place, (None, None))
        return raw if raw is not None and patch == instead else patch_as_dict(patch)

    @property
    def sentence(self) -> str:
        """What to tell of it; nothing where nothing is away."""
        paths = sorted({str(raw["preset"]) for raw, _ in self._raw.values()})
        if not paths:
            return ""
        return (
            f"There is no file {' and no file '.join(paths)} now, so it is not heard; bring it back before the next "
            "start, or choose something else."
        )


def desk_as_dict(desk: Desk, look: Look, away: Away) -> dict[str, Any]:
    """Return all that is set at the desk, and the look."""
    return {
        "running": desk.wanted,
        "bypassed": desk.bypassed,
        "muted": desk.muted,
        "setup": asdict(desk.setup),
        "patch": away.as_dict("patch", desk.target),
        "slots": {name: away.as_dict(name, patch) for name, patch in desk.slots.patches.items()},
        "slot": desk.slots.current,
        "safe_pairs": sorted(desk.guard.safe_pairs),
        "folder": str(desk.takes.folder),
        "kind": desk.takes.kind,
        "depths": list(desk.depths),
        "look": look.as_dict(),
    }


def restore(content: dict[str, Any], desk: Desk, look: Look) -> Away:
    """Set desk and look as they were, return what is away; what makes no sense any more is left at its default."""
    away = Away()
    patch = patch_from(content.get("patch"))
    if patch is not None:
        desk.patch = patch
    away.note("patch", content.get("patch"), desk.patch)
    slots = content.get("slots")
    if isinstance(slots, dict):
        desk.slots.patches = {name: patch_from(slots.get(name)) for name in ("A", "B")}
        desk.slots.current = desk.slots.heard = "B" if content.get("slot") == "B" else "A"
        for name, kept in desk.slots.patches.items():
            away.note(name, slots.get(name), kept)
    desk.bypassed, desk.muted = bool(content.get("bypassed")), bool(content.get("muted"))
    with suppress(KeyError, TypeError, ValueError):
        desk.setup = Setup(**_checked(content["setup"], SETUP))
    with suppress(KeyError, TypeError, ValueError):
        desk.depths = read_depths(" ".join(map(str, content["depths"])))
    with suppress(KeyError, TypeError):
        desk.guard.safe_pairs = {str(pair) for pair in content["safe_pairs"]}
    with suppress(KeyError, TypeError):
        desk.takes.folder = Path(content["folder"])
    desk.takes.kind = "flac" if content.get("kind") == "flac" else "wav"
    with suppress(KeyError, TypeError, ValueError):
        look.set(**_checked(content["look"], AXES))
    return away
