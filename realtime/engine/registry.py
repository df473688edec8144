"""Which plugins there are: everything installed under the entry-point group ``unfold.plugins``. Main thread."""

from importlib.metadata import entry_points
from typing import Any

from realtime.base.errors import PluginError

GROUP = "unfold.plugins"


def plugin_classes() -> dict[str, Any]:
    """Return the plugin classes by id; built-ins and strangers come the same way. [main-thread]

    Raises
    ------
    PluginError
        If one cannot be imported.
    """
    classes = {}
    for point in entry_points(group=GROUP):
        try:
            classes[point.name] = point.load()
        except Exception as error:
            raise PluginError(f"plugin {point.name!r} ({point.value}) cannot be imported: {error}") from error
    return classes
