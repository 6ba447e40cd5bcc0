"""A record as YAML, in which a comment gives the reason for the margin of each threshold."""

import io
from typing import Any

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from pipeline.base.dataset import Dataset
from pipeline.gates.any_count import ERRORS, WRONG
from pipeline.gates.profile import MARGINS

COMMENTS = {
    "any_count": "Sizes, hashes, and counts below are those of the files that were measured. New files may\n"
    "have another number of rows: each class is then held to its share here, by the prediction interval of\n"
    f"Krishnamoorthy and Peng (2011), which refuses {WRONG:.1%} of good splits. The other ranges become wider\n"
    "for the chance in both numbers of rows. spread: the standard deviation over the images.",
    "images": "each: from the smallest to the largest value of an image; mean: of all images. The margins\n"
    "are so wide that a copy whose grey levels differ by one stays inside.",
    **{
        name: f"each: {each:g} more, or a tenth of the span if that is larger; mean: {mean:g} more"
        for name, (each, mean, _) in MARGINS.items()
    },
    "duplicates": "rows that repeat an earlier row: as many as there are",
    "near_duplicates": "rows that nearly repeat an earlier row, also moved by a pixel: as many as there are",
    "suspects": "rows whose label the probe contradicts with confidence: as many as there are, and 1.5 times the\n"
    "square root of that number more, at least 8 more",
    "reference_distance": "the distance of a class's mean image from its reference, RMS in grey levels:\n"
    "a quarter and 1 more",
    "only_warn": "checks that the files themselves fail, and what was found; they warn, and fail nothing",
    "probe_error": f"the probe's error out of sample, {ERRORS} standard errors to each side; by class, too",
    "shared": "images of test that stand in train, byte for byte, or nearly the same: as many as there are",
    "near_distance": "up to this RMS difference in grey levels two images are nearly the same, also if one is\n"
    "moved by a pixel",
    "drift": "the distance of a class's mean image in test from that in train, RMS in grey levels:\n"
    "a quarter and 1 more",
    "reference_tolerance": "up to this distance a mean image is taken for its reference:\n"
    "half as much again and 1 more",
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
                continue  # `images` is also the key of a file
            mapping.yaml_set_comment_before_after_key(key, COMMENTS[key], indent=indent)
        return mapping
    if isinstance(value, tuple | list):
        sequence = CommentedSeq(_commented(part, indent + 2) for part in value)
        if not any(isinstance(part, tuple | list) or len(str(part)) > 20 for part in value):
            sequence.fa.set_flow_style()
        return sequence
    return value
