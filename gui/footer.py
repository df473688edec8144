"""The line at the bottom: where sound comes from and goes to, the SNR of a mix, work in the background. Main thread."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QSizePolicy, QSlider, QStatusBar

from gui.desk import Desk
from gui.worker import Worker


class Footer(QStatusBar):
    """Shows the desk's input and output, and what its worker does."""

    def __init__(self, desk: Desk, worker: Worker) -> None:
        super().__init__()
        self._desk = desk
        self.where = QLabel()
        self.where.setAccessibleName(self.tr("Input and output"))
        self.where.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._text = ""
        self.job = QLabel()
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setMaximumWidth(120)
        self.progress.setAccessibleName(self.tr("Work in the background"))
        self.cancel = QPushButton(self.tr("Cancel"))
        self.cancel.setAccessibleName(self.tr("Cancel the work in the background"))
        self.snr_text = QLabel()
        self.snr = QSlider(Qt.Orientation.Horizontal)
        self.snr.setRange(-20, 40)
        self.snr.setFixedWidth(120)
        self.snr.setAccessibleName(self.tr("Clip over noise, SNR in dB"))
        self.addWidget(self.where, 1)
        for widget in (self.snr_text, self.snr, self.job, self.progress, self.cancel):
            self.addPermanentWidget(widget)
        self.setContentsMargins(6, 0, 0, 0)
        self.snr.valueChanged.connect(desk.set_snr)
        self.cancel.clicked.connect(worker.cancel)
        worker.busy.connect(self.show_job)
        desk.opened.connect(self.write)
        desk.changed.connect(self.refresh)
        self.show_job("")
        self.write()
        self.refresh()

    def refresh(self) -> None:
        """Show the mix, where there is one."""
        setup = self._desk.setup
        mixing = setup.noise is not None
        self.snr.setVisible(mixing)
        self.snr_text.setVisible(mixing)
        self.snr.blockSignals(True)
        self.snr.setValue(round(setup.snr_db))
        self.snr.blockSignals(False)
        self.snr_text.setText(self.tr("SNR {:.0f} dB").format(setup.snr_db).replace("-", "−"))

    def write(self) -> None:
        """Write where sound flows, and into which files."""
        sound, take = self._desk.sound, self._desk.takes.running
        text = self.tr("No sound is running") if sound is None else sound.description
        if take is not None:
            text += self.tr("   ·   recording {} and {}").format(take.dry.name, take.wet.name)
        if text != self._text:
            self._text = text
            self.where.setAccessibleDescription(text)
            self.where.setToolTip(text if take is None else self.tr("{}\nInto {}").format(text, take.dry.parent))
        self.where.setText(self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, self.where.width()))

    def show_job(self, label: str) -> None:
        """Show what runs in the background; nothing if the label is empty."""
        self.job.setText(label)
        for widget in (self.job, self.progress, self.cancel):
            widget.setVisible(bool(label))
