import numpy as np
import pytest

from fashion_mmpose.synthetic.painting.surfaces.backgrounds import sample_background
from fashion_mmpose.synthetic.painting.surfaces.fabric import sample_cloth, smooth_noise
from fashion_mmpose.synthetic.painting.surfaces.palette import luminance
from fashion_mmpose.synthetic.people.scene import sample_camera

CORNERS = np.array([[-1.0, 0], [1, 0], [1, 3], [-1, 3]])


@pytest.mark.parametrize('size_wh', [(512, 512), (340, 512), (512, 400)])
@pytest.mark.parametrize('fill', [0.4, 0.9])
def test_camera_fills_the_share_that_it_is_told(size_wh, fill):
    for seed in range(10):
        rng = np.random.default_rng(seed)
        camera = sample_camera(rng, CORNERS, CORNERS[:2], size_wh, fill, 15)
        seen = camera.project(CORNERS)
        extent = (seen.max(0) - seen.min(0)) / size_wh
        assert extent.max() == pytest.approx(fill)
        assert (seen >= 0).all() and (seen <= size_wh).all()


def test_camera_keeps_the_points_that_matter():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        camera = sample_camera(rng, CORNERS, CORNERS[:2], (512, 512), 1.3, 15)
        seen = camera.project(CORNERS)
        assert (seen[:2] > 0).all() and (seen[:2] < 511).all()
        assert not ((seen >= 0).all() and (seen <= 511).all())


def test_camera_turns_within_its_limit():
    angles = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        camera = sample_camera(rng, CORNERS, CORNERS[:2], (512, 512), 0.7, 15)
        dx, dy = np.diff(camera.project(CORNERS[:2]), axis=0)[0]
        angles.append(np.degrees(np.arctan2(dy, dx)))
    # Perspective adds a few degrees to the rotation.
    assert 4 < np.std(angles) < 12
    assert np.abs(angles).max() < 25


def test_noise_repeats_without_a_seam():
    noise = smooth_noise(np.random.default_rng(3), 6, 96)
    inner = np.abs(np.diff(noise, axis=1)).max()
    assert noise.shape == (96, 96)
    assert np.abs(noise[:, 0] - noise[:, -1]).max() <= 1.5 * inner
    assert np.abs(noise[0] - noise[-1]).max() <= 1.5 * inner


def test_cloth_repeats_its_pattern_at_the_size_of_the_picture():
    for seed in range(40):
        cloth = sample_cloth(np.random.default_rng(seed), 150.0, (128, 128, 128))
        height, width, channels = cloth.tile.shape
        assert (height == width, channels, cloth.pixels) == (True, 3, 150.0)
        assert 96 <= height <= 320
        mean = cloth.tile.reshape(-1, 3).mean(0)
        np.testing.assert_allclose(cloth.color, mean, atol=1)


@pytest.mark.parametrize('backdrop', [(250, 250, 250), (20, 20, 20)])
def test_plain_cloth_stands_out_from_the_background(backdrop):
    differences = [
        abs(
            luminance(sample_cloth(np.random.default_rng(s), 99, backdrop).color)
            - luminance(backdrop)
        )
        for s in range(40)
    ]
    assert np.mean(np.array(differences) > 0.09) > 0.9


@pytest.mark.slow
def test_background_has_the_size_and_the_mean_that_it_says():
    for seed in range(30):
        image, mean = sample_background(np.random.default_rng(seed), (341, 512))
        assert (image.shape, image.dtype) == ((512, 341, 3), np.uint8)
        np.testing.assert_allclose(image.mean((0, 1)), mean, atol=2.5)
