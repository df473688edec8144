"""The parameters of the chain that is heard which have no place in the bar on top. No widgets. Main thread."""

from typing import TYPE_CHECKING

from gui.sound import Patch
from gui.undo import Change
from realtime.plugin import Parameter

if TYPE_CHECKING:
    from gui.desk import Desk

IN_THE_BAR = {("denoise", "layers"), ("denoise", "amount")}


class Dials:
    """Part of the desk; what is set goes into its patch, and can be undone."""

    def __init__(self, desk: "Desk") -> None:
        self._desk = desk

    def parameters(self) -> list[tuple[str, Parameter]]:
        """Return (plugin, parameter) of the chain that is heard, without those in the bar and the gain of `match`."""
        desk = self._desk
        if desk.sound is None:
            return []
        wanted = {stage.plugin for stage in desk.patch.preset.stages}
        descriptors = [plugin.descriptor for plugin in desk.sound.host.chain.plugins]
        found = [(d.id, parameter) for d in descriptors if d.id in wanted for parameter in d.parameters]
        return [(plugin, p) for plugin, p in found if (plugin, p.id) not in IN_THE_BAR]

    def value(self, plugin: str, name: str) -> float:
        """Return the value of such a parameter."""
        return self._value_in(self._desk.patch, plugin, name)

    def _value_in(self, patch: Patch, plugin: str, name: str) -> float:
        for other in patch.values.others:
            if other[:2] == (plugin, name):
                return other[2]
        stage = next(s for s in patch.preset.stages if s.plugin == plugin)
        default = next(p.default for owner, p in self.parameters() if (owner, p.id) == (plugin, name))
        return stage.parameters.get(name, default)

    def set(self, plugin: str, name: str, value: float) -> None:
        """Set such a parameter, at once."""
        desk = self._desk
        if desk.target.preset != desk.patch.preset:  # it belongs to a chain that is about to go
            desk.changed.emit()
            return
        before = self._value_in(desk.target, plugin, name)
        if value != before:
            desk.undo.push(Change(name, f"{plugin}.{name}", before, value, self._set))

    def _set(self, place: str, value: float) -> None:
        desk = self._desk
        plugin, name = place.split(".", 1)
        others = tuple(o for o in desk.target.values.others if o[:2] != (plugin, name))
        if desk.put("others", (*others, (plugin, name, value))) and desk.sound is not None:
            desk.sound.host.set(plugin, name, value)
        desk.changed.emit()
