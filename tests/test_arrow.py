"""Arrays and Arrow tables: what goes in comes out, and is not copied."""

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from conftest import tiny_arrays, write_tiny
from numpy.typing import NDArray

from pipeline.base.dataset import Dataset
from pipeline.base.errors import DataError
from pipeline.base.structs import convert
from pipeline.rows import arrow

IMAGES, LABELS = tiny_arrays(30, seed=0)


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> pa.Schema:
    """The schema of a dataset of 28 x 28 images of three classes."""
    folder = tmp_path_factory.mktemp("tiny")
    return arrow.schema(convert(write_tiny(folder), Dataset, folder))


def test_the_schema_names_the_columns_the_shape_and_the_classes(schema: pa.Schema) -> None:
    assert [(field.name, str(field.type), field.nullable) for field in schema] == [
        ("id", "int32", False),
        ("image", "fixed_size_binary[784]", False),
        ("label", "uint8", False),
    ]
    assert schema.metadata == {
        b"dataset": b"tiny",
        b"shape": b"[28, 28]",
        b"class_names": b'["left", "middle", "right"]',
    }
    assert arrow.class_names(schema.empty_table()) == {0: "left", 1: "middle", 2: "right"}


def test_images_are_not_copied(schema: pa.Schema) -> None:
    images, _ = arrow.to_arrays(arrow.from_arrays(IMAGES, LABELS, schema))
    assert np.shares_memory(images, IMAGES)


def test_a_slice_and_joined_chunks_give_their_own_rows(schema: pa.Schema) -> None:
    rows = arrow.from_arrays(IMAGES, LABELS, schema)
    images, labels = arrow.to_arrays(rows.slice(10, 5))
    assert np.array_equal(images, IMAGES[10:15])
    assert np.array_equal(labels, LABELS[10:15])
    images, labels = arrow.to_arrays(pa.concat_tables([rows.slice(20), rows.slice(0, 20)]))
    assert np.array_equal(images, np.roll(IMAGES, 10, axis=0))
    assert np.array_equal(labels, np.roll(LABELS, 10))


def test_images_that_are_not_contiguous_keep_their_pixels(schema: pa.Schema) -> None:
    turned = IMAGES.transpose(0, 2, 1)
    images, _ = arrow.to_arrays(arrow.from_arrays(turned, LABELS, schema))
    assert np.array_equal(images, turned)


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        pytest.param(IMAGES[:-1], LABELS, id="fewer images than labels"),
        pytest.param(IMAGES[:, ::2, ::2], LABELS, id="14 x 14 pixels"),
        pytest.param(IMAGES.reshape(15, 56, 28), LABELS[:15], id="56 x 28 pixels"),
        pytest.param(IMAGES.astype(">f4"), LABELS, id="images of another type"),
        pytest.param(IMAGES, LABELS.astype(">i4"), id="labels of another type"),
    ],
)
def test_arrays_that_are_not_the_schemas_are_refused(
    schema: pa.Schema, images: NDArray[Any], labels: NDArray[Any]
) -> None:
    with pytest.raises(DataError, match=r"expected .* found "):
        arrow.from_arrays(images, labels, schema)


@pytest.mark.parametrize("shape", [(20, 30), (8, 8, 3)])
def test_an_image_of_any_shape_comes_back_with_the_shape_that_the_schema_names(
    schema: pa.Schema, shape: tuple[int, ...]
) -> None:
    metadata = schema.metadata | {b"shape": json.dumps(shape).encode()}
    own = pa.schema([schema.field("id"), pa.field("image", pa.binary(int(np.prod(shape)))), schema.field("label")])
    given = np.random.default_rng(0).integers(0, 256, (30, *shape), np.uint8)
    rows = arrow.from_arrays(given, LABELS, own.with_metadata(metadata))
    images, _ = arrow.to_arrays(rows)
    np.testing.assert_array_equal(images, given)
    flat, _ = arrow.to_pixels(rows)
    np.testing.assert_array_equal(flat, given.reshape(30, -1))
    with pytest.raises(DataError, match="images: expected uint8"):
        arrow.from_arrays(given.swapaxes(1, 2)[:, :5], LABELS, own.with_metadata(metadata))
