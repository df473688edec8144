"""A picture that scrolls: RGB32 pixels in a ring, painted in two blits, each column converted once. Main thread."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPainter


class RollingImage:
    """The newest columns of a picture, in the pixels of the screen.

    Parameters
    ----------
    width, height : int
        Device pixels.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = max(1, width), max(1, height)
        self._pixels = np.full((self.height, self.width), 0xFF000000, np.uint32)
        self._image = QImage(self._pixels.data, self.width, self.height, 4 * self.width, QImage.Format.Format_RGB32)
        self._next = 0

    def push(self, pixels: NDArray[np.uint32]) -> None:
        """Append columns, uint32[n, height], newest last; the oldest leave."""
        n = min(len(pixels), self.width)
        new = pixels[len(pixels) - n :].T
        first = min(n, self.width - self._next)
        self._pixels[:, self._next : self._next + first] = new[:, :first]
        self._pixels[:, : n - first] = new[:, first:]
        self._next = (self._next + n) % self.width

    def paint(self, painter: QPainter, x: float, y: float, ratio: float) -> None:
        """Paint the whole picture with its top left corner at (x, y), in logical pixels of `ratio` device pixels."""
        older = self.width - self._next
        self._image.setDevicePixelRatio(ratio)
        painter.drawImage(QPointF(x, y), self._image, QRectF(self._next, 0, older, self.height))
        if self._next:
            painter.drawImage(QPointF(x + older / ratio, y), self._image, QRectF(0, 0, self._next, self.height))

    def in_order(self) -> NDArray[np.uint32]:
        """Return uint32[height, width], a copy, the oldest column first."""
        return np.roll(self._pixels, -self._next, axis=1)
