"""Each change does to the pixels what its name says, in a square and in a rectangle."""

import numpy as np
import pytest

from pipeline.gates.evidence.changes import AS_IS, transformations, ways


@pytest.mark.parametrize("shape", [(28, 28), (20, 30), (8, 8), (1, 9), (3, 5)])
def test_every_change_keeps_the_shape(shape: tuple[int, int]) -> None:
    pictures = np.random.default_rng(0).random((3, *shape)) * 255
    before = pictures.copy()
    for name, change in transformations(shape).items():
        after = change(pictures)
        assert after.shape == pictures.shape, name
        assert np.isfinite(after).all(), name
    np.testing.assert_array_equal(pictures, before)


def test_a_rectangle_has_the_four_ways_that_keep_its_shape() -> None:
    square, rectangle = ways((28, 28)), ways((20, 30))
    assert (len(square), len(rectangle)) == (8, 4)
    assert {next(iter(changes)) for changes in (square, rectangle, transformations((20, 30)))} == {AS_IS}
    assert not {name for name in rectangle if "90" in name or "transposed" in name}


def test_bytes_are_exchanged_only_in_groups_that_fill_an_image() -> None:
    groups = [name.split()[-1] for name in transformations((3, 6)) if "groups" in name]
    assert groups == ["2"]


def test_transformations_of_the_pixels_are_what_they_are_called() -> None:
    picture = np.arange(16.0).reshape(1, 4, 4)
    first = {name: change(picture)[0, 0, :3].tolist() for name, change in transformations((4, 4)).items()}
    assert first[AS_IS] == [0, 1, 2]
    assert first["transposed"] == [0, 4, 8]
    assert first["mirrored left to right"] == [3, 2, 1]
    assert first["mirrored top to bottom"] == [12, 13, 14]
    assert first["rotated by 90 degrees, counterclockwise"] == [3, 7, 11]
    assert first["rotated by 90 degrees, clockwise"] == [12, 8, 4]
    assert first["rotated by 180 degrees"] == [15, 14, 13]
    assert first["transposed along the other diagonal"] == [15, 11, 7]
    assert first["inverted"] == [255, 254, 253]
    assert first["byte order exchanged in groups of 2"] == [1, 0, 3]
    assert first["byte order exchanged in groups of 4"] == [3, 2, 1]
    assert first["byte order exchanged in groups of 8"] == [7, 6, 5]
    assert first["shifted by +1 rows and +0 columns"] == [12, 13, 14]
    assert first["shifted by +0 rows and -1 columns"] == [1, 2, 3]


def test_small_rotations_and_scales_are_what_they_are_called() -> None:
    bar = np.zeros((1, 29, 29))
    bar[0, 4:14, 14] = 255  # from the middle upwards, 10 long
    results = {name: change(bar)[0] for name, change in transformations((29, 29)).items()}
    assert results["rotated by 45 degrees, counterclockwise"][:14, :14].sum() > bar.sum() / 2
    assert results["rotated by 45 degrees, clockwise"][:14, 15:].sum() > bar.sum() / 2
    lengths = {name: (image.max(axis=1) > 64).sum() for name, image in results.items()}
    assert lengths["scaled in size by 0.7"] == 7
    assert lengths["scaled in size by 1.3"] == 13


def test_a_rectangle_is_scaled_about_its_own_middle() -> None:
    cross = np.zeros((1, 21, 31))
    cross[0, 10, 11:20] = cross[0, 6:15, 15] = 255
    for factor in (0.7, 1.3):
        image = transformations((21, 31))[f"scaled in size by {factor}"](cross)[0]
        for axis, middle in ((1, 10), (0, 15)):
            line = image.sum(axis=axis)
            assert line @ np.arange(len(line)) / line.sum() == pytest.approx(middle, abs=0.01)


def test_shifts_go_up_to_three_pixels_each_way() -> None:
    shifts = [name for name in transformations((20, 30)) if name.startswith("shifted")]
    assert len(shifts) == 7 * 7 - 1
