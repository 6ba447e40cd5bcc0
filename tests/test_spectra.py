"""Images with a like spectrum are found among all of MNIST, in bounded time; a spectrum bounds their distance."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.gates.evidence import spectra
from pipeline.gates.evidence.measures import INK
from pipeline.gates.evidence.spectra import CELL, FREQUENCIES, MOST, Cells, alike, spectrum
from pipeline.rows import idx

Images = NDArray[np.uint8]


@pytest.fixture(scope="module")
def train(mnist: Path) -> Images:
    """The images of train."""
    return np.asarray(idx.read(mnist / "train-images-idx3-ubyte"))


def test_in_the_spectrum_no_pair_is_farther_apart_than_in_its_pixels(train: Images) -> None:
    random = np.random.default_rng(0)
    images = np.where(train[:2000] > INK, train[:2000], 0)
    wave = 100 * np.cos(2 * np.pi * np.arange(28) / 28)  # all its power is in one frequency
    changes = [0.5 * images, images[random.permutation(2000)], np.clip(images + wave, 17, 255)]
    changed = np.concatenate(changes).astype(np.uint8)
    changed[changed <= INK] = 0
    pixels = np.sqrt(np.square(np.tile(images, (3, 1, 1)) - changed.astype(float)).mean(axis=(1, 2)))
    apart = np.linalg.norm(np.tile(spectrum(images), (3, 1)) - spectrum(changed), axis=1)
    assert (apart <= pixels + 1e-3).all()
    assert (apart > 0.8 * pixels).any()


def test_the_spectrum_is_that_of_the_fourier_transform(train: Images) -> None:
    images = np.where(train[:20] > INK, train[:20], 0)
    transform = np.abs(np.fft.fft2(images)) * np.sqrt(2) / 784
    expected = np.stack([transform[:, u, v] for u, v in FREQUENCIES], axis=1)
    np.testing.assert_allclose(spectrum(train[:20]), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shape", [(20, 30), (8, 8), (6, 6), (4, 9), (3, 3), (2, 2), (1, 9)])
def test_in_the_spectrum_of_any_size_no_pair_is_farther_apart_than_in_its_pixels(shape: tuple[int, int]) -> None:
    first, second = np.random.default_rng(0).integers(17, 256, (2, 300, *shape), np.uint8)
    pixels = np.sqrt(np.square(first.astype(float) - second).mean(axis=(1, 2)))
    apart = np.linalg.norm(spectrum(first).astype(float) - spectrum(second), axis=1)
    assert (apart <= pixels + 1e-3).all()


def test_images_that_lost_ink_over_the_edge_are_found(train: Images) -> None:
    touching = np.flatnonzero(train[:, [0, -1]].any(axis=(1, 2)) | train[:, :, [0, -1]].any(axis=(1, 2)))
    images, rows, framed = [], [], np.pad(train[touching], ((0, 0), (1, 1), (1, 1)))
    for down, right in product(range(3), repeat=2):
        if (down, right) != (1, 1):
            images.append(framed[:, down : down + 28, right : right + 28])
            rows.append(touching)
    own, expected = spectrum(np.concatenate(images)), np.concatenate(rows)
    found, others = alike(own, spectrum(train), 6.0)
    assert len(own) == 6504
    assert len(set(found[others == expected[found]].tolist())) >= 6501


def test_no_pair_is_farther_apart_than_the_distance_and_no_row_has_more_than_a_few(train: Images) -> None:
    own, theirs = spectrum(train[:500]), spectrum(train[500:20_000])
    rows, others = alike(own, theirs, 6.0)
    apart = np.linalg.norm(own[rows].astype(float) - theirs[others], axis=1)
    assert len(rows) > 100
    assert apart.max() <= 6.0 + 1e-4
    assert (np.diff(rows) >= 0).all()
    assert np.bincount(rows).max() <= MOST


def test_the_pairs_of_a_row_are_the_nearest_that_were_seen(train: Images) -> None:
    noise = np.random.default_rng(0).normal(0, 0.3, (40, len(FREQUENCIES))).astype(np.float32)
    theirs = np.concatenate([spectrum(train[:1]) + noise, spectrum(train[1:1000])])
    rows, others = alike(spectrum(train[:1]), theirs, 6.0)
    assert (len(rows), set(rows.tolist())) == (MOST, {0})
    nearest = np.argsort(np.linalg.norm(noise, axis=1))
    assert set(others.tolist()) <= set(nearest[:30].tolist())


def test_a_full_cell_gives_no_more_pairs_than_its_nearest_rows() -> None:
    rows, others = spectra._neighbours(np.zeros(200, np.uint64), np.arange(4000, dtype=np.uint64) // 100)
    assert np.bincount(rows).max() == spectra.ASIDE  # no row of the cell is before the first one
    assert set(others.tolist()) <= set(range(spectra.ASIDE))


@given(st.integers(0, spectra.TABLES - 1), st.integers(0, 1000))
@settings(max_examples=50, deadline=None)
def test_two_rows_have_one_key_if_they_are_in_one_cell(table: int, seed: int) -> None:
    random, border = np.random.default_rng(seed), CELL * table // spectra.TABLES
    points = random.integers(-2 * CELL, 2 * CELL, (200, 3))
    cells, places = np.divmod(points, CELL)
    own = Cells((cells * spectra.ODD[:3]).sum(axis=1).astype(np.uint64), places.T.astype(np.uint8))
    keys = own.keys(border) >> spectra.FINE
    expected = np.unique((points + border) // CELL, axis=0, return_inverse=True)[1].ravel()
    np.testing.assert_array_equal(keys[:, None] == keys, expected[:, None] == expected)


@pytest.mark.parametrize(("rows", "others"), [(0, 5), (5, 0), (0, 0)])
def test_nothing_is_alike_to_nothing(rows: int, others: int) -> None:
    found = alike(np.zeros((rows, 14), np.float32), np.zeros((others, 14), np.float32), 6.0)
    assert [part.tolist() for part in found] == [[], []]
