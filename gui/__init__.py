"""The window: PySide6 and pyqtgraph over `realtime.host.Host`. It pulls; the sound never waits for it. Main thread."""
