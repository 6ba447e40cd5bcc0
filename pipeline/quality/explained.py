"""A record as YAML, each threshold with the reason for its margin."""

import io
from typing import Any

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from pipeline.datasets import Dataset
from pipeline.quality.profile import ERRORS, MARGINS

COMMENTS = {
    "images": "each: from the smallest to the largest of an image; mean: of all images. With the margins\n"
    "given, a copy whose grey levels differ by one stays inside.",
    **{
        name: f"each: {each:g} more, or a tenth of the span if that is larger; mean: {mean:g} more"
        for name, (each, mean, _) in MARGINS.items()
    },
    "duplicates": "rows that repeat an earlier one: as many as there are",
    "suspects": "rows whose label the probe contradicts with confidence: as many as there are, and 1.5 of their\n"
    "square roots more, at least 8",
    "reference_distance": "a class's mean image from its reference, RMS in grey levels: a quarter and 1 more",
    "probe_error": f"the probe's error out of sample, {ERRORS} standard errors either side; by class, too",
    "shared": "images of test that stand in train, byte for byte, or nearly: as many as there are",
    "near_distance": "RMS difference in grey levels up to which images are nearly the same, also moved by a\n"
    "pixel: no two digits of MNIST are closer than 8.4",
    "drift": "a class's mean image in test from train's, RMS in grey levels: a quarter and 1 more",
    "reference_tolerance": "up to which a mean image is taken for its reference: half as much again and 1 more",
    "references": "the mean image of each class in train, as PNG",
}


def as_yaml(dataset: Dataset) -> str:
    """The text of a record that `profile` made."""
    content = _commented(msgspec.to_builtins(dataset))
    yaml = YAML()
    yaml.width = 115
    out = io.StringIO()
    yaml.dump(content, out)
    return out.getvalue()


def _commented(value: Any, indent: int = 0) -> Any:
    if isinstance(value, dict):
        mapping = CommentedMap({key: _commented(part, indent + 2) for key, part in value.items()})
        for key in value.keys() & COMMENTS.keys():
            if isinstance(value[key], dict) and "name" in value[key]:
                continue  # the file of a split's images
            mapping.yaml_set_comment_before_after_key(key, COMMENTS[key], indent=indent)
        return mapping
    if isinstance(value, tuple | list):
        sequence = CommentedSeq(_commented(part, indent + 2) for part in value)
        if not any(isinstance(part, tuple | list) or len(str(part)) > 20 for part in value):
            sequence.fa.set_flow_style()
        return sequence
    return value
