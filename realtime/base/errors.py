"""Error classes. Every message says what was found, what was wanted and what to do.

Raised on main and worker threads only; the audio thread has a status word instead.
"""


class UnfoldError(Exception):
    """Anything that Unfold can explain to its user in one sentence."""


class DeviceError(UnfoldError):
    """A device that is missing, busy, or cannot run as asked."""


class ModelError(UnfoldError):
    """A model file that cannot be read or does not hold a valid model."""


class PresetError(UnfoldError):
    """A preset that is missing, malformed, or names what does not exist."""


class PluginError(UnfoldError):
    """A plugin that is unknown, cannot be activated, or is not real-time-safe."""


class AudioFileError(UnfoldError):
    """An audio file that cannot be read or written."""
