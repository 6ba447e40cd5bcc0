"""Characters in fonts of handwriting, if they are installed. The gate draws in another font."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipeline.gates.evidence.orientation import Floats

FOLDER = Path("/usr/share/fonts/truetype")
HANDS = [path for path in sorted(FOLDER.glob("*/*")) if path.name in {"Breip.ttf", "femkeklaver.ttf"}]


def written(names: Sequence[str], font: Path) -> Floats:
    """A mean image of the characters of each name: float64[names, 28, 28], 0 to 255."""
    pen = ImageFont.truetype(font, 24)
    means = []
    for name in names:
        images = []
        for character in name:
            image = Image.new("L", (28, 28))
            ImageDraw.Draw(image).text((14, 14), character, 255, pen, anchor="mm")
            images.append(np.asarray(image, np.float64))
        means.append(np.mean(images, axis=0))
    return np.stack(means)
