"""What the measures are called, and what a failed check usually means."""

# The order carries meaning here and in ORDER: of checks that fail together, the first is the most telling one.
MEASURES = {
    "specks": "bright pixels that stand alone",
    "pixel_mean": "mean grey level",
    "greys": "share of ink that is grey",
    "pixel_max": "brightest pixel",
    "pixel_std": "standard deviation of grey levels",
    "bright": "share of saturated pixels",
    "sharpness": "sharpness (steps between neighbouring pixels, divided by the sum of grey levels)",
    "box": "longer side of the box around the ink, in pixels",
    "centre_y": "centre of mass, in pixels below the middle",
    "centre_x": "centre of mass, in pixels right of the middle",
    "ink": "pixels with ink",
}

# A value below its range means something else than a value above it: (below, above).
SIDES = {
    "pixel_mean": (
        "images became darker, or parts of them are blank",
        "images were inverted, or became brighter, bolder or noisy",
    ),
    "pixel_std": (
        "images lost contrast: they were blurred or scaled",
        "images gained contrast: they were thresholded or inverted",
    ),
    "pixel_max": (
        "images were blurred, or grey levels were scaled down: 0 to 1, or divided?",
        "grey levels are higher than in the record",
    ),
    "ink": ("strokes became thinner, or images are blank", "images were inverted, or became bolder or noisy"),
    "bright": (
        "grey levels were scaled down, or images were blurred",
        "images were thresholded, inverted or clipped to white",
    ),
    "greys": (
        "images were thresholded to black and white, or to a few greys",
        "images were blurred, resampled or compressed, or lost contrast",
    ),
    "sharpness": (
        "images were blurred or resampled, or became bolder",
        "images were thresholded, or have noise, or their bytes are out of order",
    ),
    "box": (
        "images were scaled down, or strokes became thinner",
        "images were scaled up, rotated, inverted or compressed, or have noise",
    ),
    "centre_y": (
        "images were shifted up, mirrored, or not centred",
        "images were shifted down, mirrored, or not centred",
    ),
    "centre_x": (
        "images were shifted left, mirrored, or not centred",
        "images were shifted right, mirrored, or not centred",
    ),
    "specks": (
        "images lost salt noise that they have in the record",
        "images have salt noise, or their bytes are out of order",
    ),
    "probe_error": (
        "the same images stand there many times",
        "labels do not belong to the images, or this is another dataset",
    ),
    "class_errors": (
        "difficult images of the class are missing, or easy ones are repeated",
        "labels of this class were flipped",
    ),
}

MEANINGS = {
    "file": "the download is incomplete, or this is another folder",
    "gzip": "the download was cut short, or this is another kind of file",
    "SHA-256": "another version of the file, or a damaged one; --no-checksums accepts other bytes",
    "packed SHA-256": "another packing or version of the file, or a damaged one; --no-checksums accepts it",
    "size": "another dataset, or a file made to fill the disk",
    "magic": "this is not an IDX file: it is packed, or a web page, or the bytes of its header are out of order",
    "rank": "the header is damaged",
    "header": "the file was cut short",
    "length": "the file was cut short, or something was added to it",
    "sizes": "the header is damaged, or its bytes are out of order",
    "shape": "images and labels were exchanged, rows were dropped or repeated, the file is of the other split, or "
    "this is another dataset",
    "gates": "the gates need files that can be read: mend what failed above, then they run",
    "split": "leakage, drift and, in test, doubtful labels were not checked, because they need both splits",
    "grey range": "the files hold other grey levels than 0 to 255: multiply each pixel as `expected` says",
    "proof": "the record knows only the hash of the .gz file, so a changed byte in the plain file goes unnoticed",
    "thresholds": "nobody has measured this dataset yet; the command `profile` does it",
    "schema": "another writer or version made the file",
    "rows": "rows were dropped or repeated in one of the two files or in both, or the file is of the other split",
    "nulls": "a join or a conversion lost values",
    "ids": "rows were dropped, repeated or reordered after the conversion",
    "label type": "another writer made the file",
    "label range": "labels are of another dataset, are counted from 1, or are damaged",
    "class_counts": "labels were changed, rows were dropped or repeated, a class is missing, or the file is of "
    "the other split",
    "image length": "images were cut short, or have another size",
    "blank": "images are blank: a conversion failed, or they stand in place of missing images",
    "constant": "images have one grey level: a conversion failed",
    "transformation": "the images were changed in this way before they came here, or are of another dataset",
    "orientation": "the raw images do not lie as `transposed` in the record says, or have other labels",
    "labels": "images and labels do not belong together",
    "label_offset": "images and labels shifted against each other: a row lost or added in one of the two files",
    "reference_distance": "another dataset, changed images, or images under other labels",
    "drift": "train and test come from different sources, or one of them was changed",
    "duplicates": "rows were repeated, or copies stand in place of missing images",
    "near_duplicates": "copies of rows stand beside them, moved, with noise or encoded again",
    "shared": "leakage: images of test stand in train",
    "near": "leakage: images of test stand in train, moved, with noise or encoded again",
    "against": "leakage between datasets: a model that is fitted on one of them has seen images of the other",
    "against_near": "leakage between datasets: images of the other one, moved, with noise or encoded again",
    "halves": "the writers are of the other split, or rows of one series were dropped, repeated or renamed",
    "writers": "the writers are of the other split, or were joined to the wrong rows",
    "writer_of_both": "writer or series was joined to the wrong rows, because each person filled in one form only",
    "shared_writer": "leakage: somebody who wrote images of train wrote images of test, too",
    "suspect": "look at these labels: they are odd, or wrong",
    "suspects": "labels were flipped",
}

# Whole files come first, then all images or all labels, then some rows.
ORDER = [
    "structure", "schema", "nulls", "image length", "label type", "label range",
    "orientation", "transformation", "label_offset", "labels", "blank", "constant", "rows", "class_counts", "mean",
    "halves", "writers", "writer_of_both", "shared_writer", "shared", "near", "against", "against_near",
    "duplicates", "near_duplicates", "drift",
    "reference_distance", "each",
    "suspects", "probe_error", "class_errors", "ids", "suspect",
]  # fmt: skip


def rank(check: str) -> tuple[int, int]:
    """The place of a check among checks that fail. The most telling check has the smallest."""
    parts = check.split(".")
    if parts[0] == "images":
        return ORDER.index(parts[2]), list(MEASURES).index(parts[1])
    return ORDER.index(parts[0]), 0


def usually(check: str, below: bool | None = None) -> str:
    """What a failure of the check usually means. below: whether the value that was found is below its range."""
    parts = check.split(".")
    sides = SIDES[parts[1]] if parts[0] == "images" else SIDES.get(parts[0])
    if sides is None:
        return MEANINGS[parts[0]]
    if below is None:
        return f"below: {sides[0]}; above: {sides[1]}"
    return sides[0] if below else sides[1]
