"""The numbers that the gates expect, and how params.yaml may change them: never silently."""

from typing import Annotated, Any

import msgspec

# No NaN is within these bounds: a threshold of NaN would make a gate that never fails.
Number = Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)]
Range = tuple[Number, Number]
Count = Annotated[int, msgspec.Meta(ge=0)]

NEAR_DISTANCE = 6.0  # grey levels, RMS; the value for records that name none


class Measure(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Inclusive ranges of one measure: for each image, and for the mean over a split.

    spread: the standard deviation over the images, in a record for any number of rows.
    """

    each: Range
    mean: Range
    spread: Annotated[float, msgspec.Meta(ge=0, le=1e9)] | None = None


class ImageMeasures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is measured of each image.

    pixel_mean, pixel_std, pixel_max: mean, standard deviation and largest of its grey levels, 0-255;
    ink: pixels with ink; bright: the share of all pixels that are saturated; greys: the share of ink that is not;
    sharpness: the steps between pixels side by side, over the sum of grey levels;
    box: the longer side of the ink's bounding box, in pixels;
    centre_y, centre_x: the centre of mass, in pixels from the middle of the field;
    specks: bright pixels that stand alone.
    """

    pixel_mean: Measure
    pixel_std: Measure
    pixel_max: Measure
    ink: Measure
    bright: Measure
    greys: Measure
    sharpness: Measure
    box: Measure
    centre_y: Measure
    centre_x: Measure
    specks: Measure


class SplitThresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is expected of one split.

    duplicates, near_duplicates: how many rows may repeat an earlier one, byte for byte or nearly. An older record
    lacks the second; then each such row is a warning.
    suspects: how many labels the probe may contradict with confidence.
    reference_distance: from a class's mean image to its reference, RMS in grey levels; the largest of all classes.
    probe_error, class_errors: the share of rows that the probe gets wrong, of all rows and of each class.
    only_warn: the checks that the measured files themselves fail, and what was found; they warn, and fail nothing.
    """

    images: ImageMeasures
    duplicates: Count
    suspects: Count
    reference_distance: Range
    probe_error: Range
    class_errors: tuple[Range, ...]
    near_duplicates: Count | None = None
    only_warn: dict[str, str] = {}


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What both splits are held to.

    shared, near: how many test images may stand in train too, byte for byte or nearly.
    near_distance: two images whose RMS difference in grey levels is no larger are nearly the same.
    drift: the largest distance between the mean images of a class in the two splits, RMS in grey levels.
    reference_tolerance: a mean image that is no farther from its reference is taken for it, RMS in grey levels.
    references: a PNG of the mean image of each class, in base64.
    """

    shared: Count
    near: Count
    near_distance: Annotated[float, msgspec.Meta(ge=0, le=255)]
    drift: Range
    reference_tolerance: Annotated[float, msgspec.Meta(ge=0, le=255)]
    references: tuple[str, ...]


def merged(record: Any, changes: Any) -> Any:
    """A record as builtins, with the changes laid over it, key by key."""
    if not (isinstance(record, dict) and isinstance(changes, dict)):
        return changes
    return record | {key: merged(record.get(key), value) for key, value in changes.items()}


def differences(before: Any, after: Any, path: str) -> list[str]:
    """One line for each value that differs between two trees of builtins: looser, tighter, moved or changed."""
    if isinstance(before, list | tuple) and isinstance(before[0], list | tuple) and len(before) == len(after):
        before, after = dict(enumerate(before)), dict(enumerate(after))
    if isinstance(before, dict):
        keys = before | after
        return [line for key in keys for line in differences(before.get(key), after.get(key), f"{path}.{key}")]
    if before == after:
        return []
    said = "not there" if before is None else _short(before)
    return [f"{path} is {_short(after)}, in the record {said}: {_direction(path, before, after)}"]


def _short(value: Any) -> str:
    text = str(list(value) if isinstance(value, tuple) else value)
    return text if len(text) <= 60 else f"{text[:60]}..."


def _direction(path: str, before: Any, after: Any) -> str:
    if path == "expect.reference_tolerance":
        return "changed"
    if before is None:  # a check that only warns now
        return "looser"
    if path == "expect.near_distance":  # a larger value finds more, so it is tighter
        before, after = after, before
    if isinstance(before, tuple | list) and all(isinstance(part, int | float) for part in [*before, *after]):
        low, high = after[0] - before[0], after[1] - before[1]
    elif isinstance(before, int | float):
        low, high = 0, after - before
    else:
        return "changed"
    if low <= 0 <= high:
        return "looser"
    return "tighter" if low >= 0 >= high else "moved"
