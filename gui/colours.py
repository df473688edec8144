"""Colour maps as tables of 256 pixels; all are perceptually uniform. Main thread."""

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray

COLOUR_MAPS = ("magma", "inferno", "viridis", "cividis", "grey")
"""cividis is made to look alike with and without colour blindness; grey needs no colour at all."""


def pixel_table(name: str) -> NDArray[np.uint32]:
    """Return uint32[256], 0xffRRGGBB for a level from lowest to highest."""
    colours = pg.colormap.get("CET-L1" if name == "grey" else name)
    rgb = colours.getLookupTable(0.0, 1.0, 256, alpha=False).astype(np.uint32)
    return 0xFF000000 | rgb[:, 0] << 16 | rgb[:, 1] << 8 | rgb[:, 2]
