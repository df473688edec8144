"""Which plugins there are: everything installed under the entry-point group ``unfold.plugins``. Main thread."""

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from realtime.base.errors import PluginError

GROUP = "unfold.plugins"


def _points() -> dict[str, EntryPoint]:
    points: dict[str, EntryPoint] = {}
    for point in entry_points(group=GROUP):
        if points.setdefault(point.name, point).value != point.value:
            raise PluginError(
                f"two plugins are called {point.name!r}, {points[point.name].value} and {point.value}; uninstall one"
            )
    return points


def _load(point: EntryPoint) -> Any:
    try:
        loaded = point.load()
    except Exception as error:
        raise PluginError(f"plugin {point.name!r} ({point.value}) cannot be imported: {error}") from error
    if missing := [name for name in ("descriptor", "activate", "deactivate") if not hasattr(loaded, name)]:
        raise PluginError(
            f"plugin {point.name!r} ({point.value}) has no {' and no '.join(missing)}; a plugin is a class that gives "
            "the audio thread the address of compiled code: start from realtime/plugins/gain.py"
        )
    return loaded


def plugin_class(plugin_id: str) -> Any:
    """Return one plugin's class; what is wrong with others does not matter. [main-thread]

    Raises
    ------
    PluginError
        If there is none of that id, or it cannot be imported or is no plugin.
    """
    points = _points()
    if plugin_id not in points:
        raise PluginError(f"there is no plugin {plugin_id!r}; there are: {', '.join(sorted(points))}")
    return _load(points[plugin_id])


def plugin_classes() -> dict[str, Any]:
    """Return every plugin's class by id; built-ins and strangers come the same way. [main-thread]

    Raises
    ------
    PluginError
        If one cannot be imported or is no plugin.
    """
    return {name: _load(point) for name, point in _points().items()}
