"""What the measures are called, and what a failed check usually means."""

# The most telling first.
MEASURES = {
    "specks": "bright pixels that stand alone",
    "pixel_mean": "mean grey level",
    "greys": "share of ink that is grey",
    "pixel_max": "brightest pixel",
    "pixel_std": "standard deviation of grey levels",
    "bright": "share of saturated pixels",
    "sharpness": "sharpness (steps between pixels over grey)",
    "box": "longer side of the ink's box, in pixels",
    "centre_y": "centre of mass, pixels below the middle",
    "centre_x": "centre of mass, pixels right of the middle",
    "ink": "pixels with ink",
}

# Where a value outside its range says different things above and below it: (below, above).
SIDES = {
    "pixel_mean": ("images darker than they were, or partly blank", "inverted, brighter, bolder or noisy images"),
    "pixel_std": ("contrast lost: blurred or scaled images", "contrast raised: thresholded or inverted images"),
    "pixel_max": (
        "images blurred, or grey levels scaled down: 0 to 1, or divided?",
        "grey levels beyond what the record has",
    ),
    "ink": ("strokes eroded, or blank images", "inverted, bolder or noisy images"),
    "bright": ("grey levels scaled down, or blurred images", "images thresholded, inverted or clipped to white"),
    "greys": (
        "images thresholded to black and white, or to few greys",
        "images blurred, resampled or compressed, or their contrast lowered",
    ),
    "sharpness": (
        "images blurred, resampled, or bolder",
        "images thresholded, noisy, or their bytes out of order",
    ),
    "box": (
        "images scaled down, or eroded",
        "images scaled up, rotated, inverted, noisy or compressed: digits fill 20 x 20",
    ),
    "centre_y": (
        "images shifted up, or not centred, or mirrored",
        "images shifted down, or not centred, or mirrored",
    ),
    "centre_x": (
        "images shifted left, or not centred, or mirrored",
        "images shifted right, or not centred, or mirrored",
    ),
    "specks": ("salt noise is gone that the record has", "salt noise, or bytes out of order"),
    "probe_error": ("the same images many times", "labels do not belong to the images, or another dataset"),
    "class_errors": ("hard images of the class missing, or easy ones repeated", "labels of this class flipped"),
}

MEANINGS = {
    "file": "the download is incomplete, or the folder another one",
    "gzip": "the download was cut short, or is something else",
    "SHA-256": "another version of the file, or damaged; --no-checksums accepts other bytes",
    "magic": "not an IDX file: packed, a web page in its place, or its header's bytes out of order",
    "rank": "a damaged header",
    "header": "the file was cut short",
    "length": "the file was cut short, or something was added to it",
    "sizes": "a damaged header, or its bytes out of order",
    "shape": "images and labels exchanged, rows dropped or repeated, the other split's file, or another dataset",
    "gates": "the gates need all four files: mend what failed above, then they run",
    "thresholds": "nobody has measured this dataset yet: `python -m pipeline profile` does",
    "schema": "another writer or version made the file",
    "rows": "rows dropped or repeated, in one of the two files or both, or the other split's file",
    "nulls": "a join or conversion lost values",
    "ids": "rows dropped, repeated or reordered after the conversion",
    "label type": "another writer made the file",
    "label range": "labels of another dataset, counted from 1, or damaged",
    "class_counts": "labels changed, rows dropped or repeated, a class missing, or the other split's file",
    "image length": "images cut short, or of another size",
    "blank": "blank images: a failed conversion, or placeholders for missing ones",
    "constant": "images of one grey level: a failed conversion",
    "transformation": "the images were changed in this way on their way here, or are another dataset's",
    "orientation": "the raw images do not stand as the record's `transposed` says: turned before, or never",
    "labels": "images and labels do not belong together",
    "label_offset": "images and labels shifted against each other: a row lost or added in one of the two files",
    "reference_distance": "another dataset, changed images, or images under other labels",
    "drift": "train and test come from different sources, or one of them was changed",
    "duplicates": "rows repeated, or copies put in place of missing images",
    "shared": "leakage: test images stand in train",
    "near": "leakage: test images stand in train, moved, with noise or encoded anew",
    "halves": "another split's writers, or rows of one of NIST's two collections dropped, repeated or renamed",
    "writers": "another split's writers, or rows joined that are others'",
    "writer_of_both": "writer or series joined to the wrong rows: who filled in one form filled in no other",
    "shared_writer": "leakage: who wrote in train wrote in test, too",
    "suspect": "labels worth a look: odd, or wrong",
    "suspects": "labels flipped",
}

# The most telling first: whole files, then all images or labels, then some rows.
ORDER = [
    *("structure", "schema", "nulls", "image length", "label type", "label range"),
    *(
        "orientation",
        "transformation",
        "label_offset",
        "labels",
        "blank",
        "constant",
        "rows",
        "class_counts",
        "mean",
    ),
    *(
        "halves",
        "writers",
        "writer_of_both",
        "shared_writer",
        "shared",
        "near",
        "duplicates",
        "drift",
        "reference_distance",
        "each",
    ),
    *("suspects", "probe_error", "class_errors", "ids", "suspect"),
]


def rank(check: str) -> tuple[int, int]:
    """The check's place among those that fail, the most telling one first."""
    parts = check.split(".")
    if parts[0] == "images":
        return ORDER.index(parts[2]), list(MEASURES).index(parts[1])
    return ORDER.index(parts[0]), 0


def usually(check: str, below: bool | None = None) -> str:
    """What a failure of the check usually means; `below`: whether what was found lies below the range."""
    parts = check.split(".")
    sides = SIDES[parts[1]] if parts[0] == "images" else SIDES.get(parts[0])
    if sides is None:
        return MEANINGS[parts[0]]
    if below is None:
        return f"below: {sides[0]}; above: {sides[1]}"
    return sides[0] if below else sides[1]
