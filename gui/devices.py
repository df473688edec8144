"""Choose input, output, rate, block and channel. Main thread."""

from typing import Any

from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFormLayout, QLabel, QWidget

from gui.sound import DEMO, Setup
from realtime.base.errors import DeviceError
from realtime.devices.portaudio import Device, list_devices

RATES = (None, 16000.0, 32000.0, 44100.0, 48000.0, 96000.0)
BLOCKS = (0, 64, 128, 256, 480, 512, 1024, 2048)


class Devices(QDialog):
    """Shows a setup; `setup` returns what was chosen."""

    def __init__(self, parent: QWidget, setup: Setup) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Devices"))
        self._before = setup
        self.note = QLabel()
        self.note.setWordWrap(True)
        try:
            found = list_devices()
        except DeviceError as error:
            found = []
            self.note.setText(str(error))
        self._inputs = [d for d in found if d.n_inputs]
        form = QFormLayout(self)
        default = self.tr("default device")
        clip = setup.source if setup.clip is not None and setup.source != DEMO else None
        sources: list[tuple[str, Any]] = [(default, None), (self.tr("built-in clip, over and over"), DEMO)]
        sources += [(self.tr("file {}").format(clip), clip)] if clip else []
        self.source = self._box(form, self.tr("Input"), sources + [_item(d, True) for d in self._inputs], setup.source)
        targets = [(default, None), *(_item(d, False) for d in found if d.n_outputs)]
        self.target = self._box(form, self.tr("Output"), targets, setup.target)
        rates = [(self.tr("the device's own") if r is None else f"{r:g} Hz", r) for r in RATES]
        self.rate = self._box(form, self.tr("Sample rate"), rates, setup.rate)
        blocks = [(self.tr("the device chooses") if not b else self.tr("{} frames").format(b), b) for b in BLOCKS]
        self.block = self._box(form, self.tr("Block"), blocks, setup.block)
        self.channel = self._box(form, self.tr("Input channel"), [], None)
        self._fill_channels()
        self.source.currentIndexChanged.connect(self._fill_channels)
        if not found and not self.note.text():
            self.note.setText(
                self.tr("This machine has no sound card. The built-in clip and files run by the machine's clock.")
            )
        self.note.setVisible(bool(self.note.text()))
        form.addRow(self.note)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form.addRow(buttons)

    def _box(self, form: QFormLayout, title: str, items: list[tuple[str, Any]], current: Any) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(title)
        for text, data in items:
            box.addItem(text, data)
        box.setCurrentIndex(max(0, box.findData(current)))
        form.addRow(title, box)
        return box

    def _fill_channels(self) -> None:
        chosen = next((d for d in self._inputs if d.name == self.source.currentData()), None)
        n_channels = chosen.n_inputs if chosen else 2
        self.channel.clear()
        self.channel.addItem(self.tr("mix of all"), None)
        for i in range(n_channels):
            self.channel.addItem(self.tr("channel {}").format(i + 1), i)
        self.channel.setCurrentIndex(max(0, self.channel.findData(self._before.channel)))

    def setup(self) -> Setup:
        """Return what is chosen."""
        boxes = (self.source, self.target, self.rate, self.block, self.channel)
        source, target, rate, block, channel = (box.currentData() for box in boxes)
        before = self._before
        return Setup(
            source, target, before.noise if source == before.source else None, before.snr_db, rate, block, channel
        )


def _item(device: Device, is_input: bool) -> tuple[str, str]:
    n = device.n_inputs if is_input else device.n_outputs
    return f"{device.name}  [{device.host_api}, {n} ch, {device.sample_rate:g} Hz]", device.name
