"""Controls for the parameters of all plugins but depth and amount, which are in the bar on top. Main thread."""

from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QFormLayout, QGroupBox, QWidget

from gui.desk import Desk
from realtime.plugin import Parameter


class Parameters(QGroupBox):
    """One control a parameter; hidden where there is none."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.tr("Parameters"))
        self._desk = desk
        self.controls: dict[tuple[str, str], QWidget] = {}
        self._minima: dict[tuple[str, str], float] = {}
        self._form = QFormLayout(self)
        self._form.setContentsMargins(6, 2, 6, 4)
        desk.opened.connect(self.renew)
        desk.swapped.connect(self.renew)
        desk.changed.connect(self.refresh)
        self.renew()

    def renew(self) -> None:
        """Show the parameters of another chain."""
        while self._form.rowCount():
            self._form.removeRow(0)
        self.controls, self._minima = {}, {}
        for plugin, parameter in self._desk.dials.parameters():
            control = self._control(plugin, parameter)
            control.setAccessibleName(f"{plugin}: {parameter.name} {parameter.unit}".strip())
            control.setToolTip(
                self.tr("{}, {:g} to {:g} {}").format(
                    parameter.name, parameter.minimum, parameter.maximum, parameter.unit
                )
            )
            self._form.addRow(parameter.name, control)
            self.controls[plugin, parameter.id] = control
            self._minima[plugin, parameter.id] = parameter.minimum
        self.setVisible(bool(self.controls))
        self.refresh()

    def _control(self, plugin: str, parameter: Parameter) -> QWidget:
        if parameter.hint == "toggle":
            box = QCheckBox()
            box.toggled.connect(lambda on: self._desk.dials.set(plugin, parameter.id, float(on)))
            return box
        if parameter.labels:
            choice = QComboBox()
            choice.addItems(parameter.labels)
            choice.currentIndexChanged.connect(
                lambda i: self._desk.dials.set(plugin, parameter.id, parameter.minimum + i)
            )
            return choice
        spin = QDoubleSpinBox()
        spin.setDecimals(0 if parameter.hint == "integer" else 1)
        spin.setRange(parameter.minimum, parameter.maximum)
        spin.setSingleStep(
            1 if parameter.hint == "integer" else max(0.1, (parameter.maximum - parameter.minimum) / 100)
        )
        spin.setSuffix(f" {parameter.unit}" if parameter.unit else "")
        spin.setKeyboardTracking(False)
        spin.valueChanged.connect(lambda value: self._desk.dials.set(plugin, parameter.id, value))
        return spin

    def refresh(self) -> None:
        """Show the values that are set."""
        there = {(plugin, parameter.id) for plugin, parameter in self._desk.dials.parameters()}
        for (plugin, name), control in self.controls.items():
            if (plugin, name) not in there:  # another chain is heard, whose controls are about to come
                continue
            value = self._desk.dials.value(plugin, name)
            control.blockSignals(True)
            if isinstance(control, QCheckBox):
                control.setChecked(value > 0)
            elif isinstance(control, QComboBox):
                control.setCurrentIndex(round(value - self._minima[plugin, name]))
            elif isinstance(control, QDoubleSpinBox):
                control.setValue(value)
            control.blockSignals(False)
