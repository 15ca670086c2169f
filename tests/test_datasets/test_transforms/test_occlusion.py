"""Crops of which parts are hidden, and what becomes of their points."""

import numpy as np
import pytest
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope
from mmpose.datasets.transforms import KeypointConverter

from fashion_mmpose.cli.convert.fashionai import main as convert
from fashion_mmpose.datasets import ErasedPatches, FashionAIDataset, PastedGarments
from fashion_mmpose.datasets.transforms.occlusion import (
    garment_piece,
    is_covered,
    paste,
)
from fashion_mmpose.files.pictures.pixels import write_picture
from fashion_mmpose.synthetic import write_fashionai


def crop(states=(2, 1, 0, 2)):
    """A green crop with a point in each corner of its middle quarter."""
    points = np.array([[[16, 12], [48, 12], [0, 0], [48, 36]]], np.float32)
    return dict(
        img=np.full((48, 64, 3), (0, 255, 0), np.uint8),
        transformed_keypoints=points,
        keypoint_states=np.array([states], np.uint8),
        keypoints_visible=np.array([[1, 1, 0, 1]], np.float32),
    )


class Others:
    """A data set of one garment, a triangle in a red picture."""

    def __init__(self, path, points=((10, 10), (50, 10), (10, 50))):
        write_picture(path, np.full((60, 60, 3), (0, 0, 255), np.uint8))
        self.path = str(path)
        self.points = points

    def __len__(self):
        return 1

    def get_data_info(self, index):
        return dict(
            img_path=self.path,
            keypoints=np.array([self.points], np.float32),
            keypoints_visible=np.ones((1, len(self.points)), np.float32),
        )


class Converted(Others):
    """The same, in a layout of more points, as MMPose's ``CombinedDataset`` has it."""

    def get_data_info(self, index):
        converter = KeypointConverter(24, [(0, 5), (1, 6), (2, 0)])
        return converter(super().get_data_info(index))


@pytest.fixture
def others(tmp_path):
    return Others(tmp_path / 'red.png')


def test_covered_points():
    hidden = np.zeros((4, 6), bool)
    hidden[1, 2] = True
    points = np.array([[[2.4, 0.6], [2.6, 1.0], [-3, 1], [6, 9]]])
    assert is_covered(points, hidden).tolist() == [[True, False, False, False]]


def test_erased_patches_have_their_size():
    erase = ErasedPatches(prob=1.0, most=1, area=(0.05, 0.2), aspect=2.0)
    np.random.seed(0)
    shares, aspects = [], []
    for _ in range(300):
        results = erase(crop())
        changed = (results['img'] != (0, 255, 0)).any(axis=2)
        rows, columns = (np.flatnonzero(changed.any(axis)) for axis in (1, 0))
        tall, wide = (each[-1] - each[0] + 1 for each in (rows, columns))
        shares.append(tall * wide / changed.size)
        aspects.append(wide / tall)
    assert 0.03 < min(shares) < 0.08 and 0.17 < max(shares) < 0.23
    assert np.mean(shares) == pytest.approx(0.125, abs=0.015)
    assert 0.4 < min(aspects) < 0.6 and 1.7 < max(aspects) < 2.4


def test_hidden_points_become_occluded_and_stay_labelled(monkeypatch):
    erase = ErasedPatches(prob=1.0, most=1)
    corner = slice(0, 20), slice(0, 60)
    monkeypatch.setattr(erase, '_draw', lambda *size: corner)
    before = crop()
    image = before['img']
    results = erase(before)
    assert results['keypoint_states'].tolist() == [[1, 1, 0, 2]]
    assert results['keypoint_states'].dtype == np.uint8
    assert results['keypoints_visible'].tolist() == [[1, 1, 0, 1]]
    assert (results['img'][20:] == (0, 255, 0)).all()
    assert (image == (0, 255, 0)).all()  # it may be someone else's, too


@pytest.mark.parametrize('kind', [ErasedPatches, PastedGarments])
def test_seeds_tell_what_is_hidden(kind, others):
    def drawn(seed, prob=0.6):
        np.random.seed(seed)
        hide = kind(prob=prob, most=3)
        return [hide(dict(crop(), dataset=others))['img'] for _ in range(40)]

    first, again, another = drawn(1), drawn(1), drawn(2)
    assert all((one == two).all() for one, two in zip(first, again))
    assert any((one != two).any() for one, two in zip(first, another))
    untouched = sum((each == (0, 255, 0)).all() for each in first)
    assert 8 <= untouched <= 26  # of 40, about two fifths
    assert all((each == (0, 255, 0)).all() for each in drawn(1, prob=0))


def test_a_piece_is_the_hull_of_the_labelled_points(others):
    pixels, mask = garment_piece(others.get_data_info(0))
    assert pixels.shape == (41, 41, 3) and (pixels == (0, 0, 255)).all()
    assert mask[0].sum() == 41 and mask[:, 0].sum() == 41
    assert mask[30, 30] == 0 and mask.sum() == pytest.approx(41 * 42 / 2)
    few = dict(others.get_data_info(0), keypoints_visible=np.array([[1, 0, 1.0]]))
    assert garment_piece(few) is None
    others.points = ((10, 10), (10, 30), (10, 50))
    assert garment_piece(others.get_data_info(0)) is None


def test_a_piece_of_a_garment_in_another_layout(tmp_path):
    """States that are those of the layout before stay as they are."""
    converted = Converted(tmp_path / 'red.png')
    pixels, mask = garment_piece(converted.get_data_info(0))
    assert pixels.shape == (41, 41, 3) and mask.sum() == pytest.approx(41 * 42 / 2)
    paste_one = PastedGarments(prob=1.0, most=1, size=(2.0, 2.0))
    results = paste_one(dict(crop(states=(2, 2, 2)), dataset=converted))
    assert (results['img'] == (0, 0, 255)).all(axis=2).any()
    assert results['keypoint_states'].tolist() == [[2, 2, 2]]


def test_pieces_are_cut_off_by_the_crops_border():
    image, hidden = np.zeros((4, 5, 3), np.uint8), np.zeros((4, 5), bool)
    pixels = np.arange(27, dtype=np.uint8).reshape(3, 3, 3)
    mask = np.ones((3, 3), bool)
    mask[1, 1] = False
    paste(image, hidden, pixels, mask, np.array([-1, 2]))
    assert hidden.astype(int).tolist() == [[0] * 5, [0] * 5, [1, 1, 0, 0, 0]] + [
        [0, 1, 0, 0, 0]
    ]
    assert image[2, 0].tolist() == [3, 4, 5] and image[3, 1].tolist() == [15, 16, 17]
    before = image.copy()
    paste(image, hidden, pixels, mask, np.array([9, 9]))
    assert (image == before).all()


def test_a_pasted_piece_hides_the_points_under_it(others, monkeypatch):
    lay = PastedGarments(prob=1.0, most=1)
    place = np.array([0.3, 0.3])  # of the crop: x 11 to 27, y 6 to 22
    monkeypatch.setattr(lay, '_draw', lambda count: (0, False, 0.25, place))
    results = lay(dict(crop(), dataset=others))
    red = (results['img'] == (0, 0, 255)).all(axis=2)
    assert results['keypoint_states'].tolist() == [[1, 1, 0, 2]]
    assert red[6:22, 11:27].mean() == pytest.approx(0.5, abs=0.08)
    assert red.sum() == red[6:22, 11:27].sum()
    monkeypatch.setattr(lay, '_draw', lambda count: (0, True, 0.25, place))
    mirrored = lay(dict(crop(), dataset=others))['img']
    assert (mirrored[6:22, 11:27] == results['img'][6:22, 11:27][:, ::-1]).all()


def test_what_is_refused():
    for kind in (ErasedPatches, PastedGarments):
        with pytest.raises(ValueError, match=r'prob must be in \[0, 1\], got 2'):
            kind(prob=2)
        with pytest.raises(ValueError, match='most must be at least 1, got 0'):
            kind(most=0)
    with pytest.raises(ValueError, match='area must rise'):
        ErasedPatches(area=(0.2, 0.1))
    with pytest.raises(ValueError, match='size must rise'):
        PastedGarments(size=(0, 1))
    with pytest.raises(ValueError, match='from the data set.*leave it out'):
        PastedGarments(prob=1.0)(crop())


def test_repr():
    assert repr(PastedGarments()) == (
        'PastedGarments(prob=0.3, most=2, size=(0.15, 0.4))'
    )
    assert repr(ErasedPatches()) == (
        'ErasedPatches(prob=0.5, most=2, area=(0.01, 0.1), aspect=3.0)'
    )


@pytest.mark.slow
def test_in_a_pipeline(tmp_path):
    """On drawn garments: what is hidden reaches the head, and nothing else changes."""
    init_default_scope('mmpose')
    write_fashionai(tmp_path / 'data', ['skirt', 'blouse'], num=2)
    convert([str(tmp_path / 'data'), '--out', str(tmp_path / 'coco')])
    codec = dict(
        type='PointHeatmap', input_size=(96, 128), heatmap_size=(24, 32), sigma=2.0
    )
    hide = [dict(type='PastedGarments', prob=1.0), dict(type='ErasedPatches', prob=1.0)]
    steps = [
        dict(type='LoadImage'),
        dict(type='GetBBoxCenterScale'),
        dict(type='TopdownAffine', input_size=(96, 128)),
    ]
    last = [dict(type='GenerateTarget', encoder=codec), dict(type='PackGarmentInputs')]
    (ann_file,) = (tmp_path / 'coco').glob('*_all.json')
    dataset = FashionAIDataset(
        ann_file=str(ann_file), data_prefix=dict(img=str(tmp_path / 'data'))
    )
    fewer = 0
    for index in range(len(dataset)):
        labels = []
        for more in ([], hide):
            np.random.seed(index)
            dataset.pipeline = Compose([*steps, *more, *last])
            labels.append(dataset[index]['data_samples'].gt_instance_labels)
        plain, hidden = labels
        assert (plain.keypoint_weights == hidden.keypoint_weights).all()
        assert (plain.keypoint_labels == hidden.keypoint_labels).all()
        changed = plain.keypoint_states != hidden.keypoint_states
        assert (plain.keypoint_states[changed] == 2).all()
        assert (hidden.keypoint_states[changed] == 1).all()
        fewer += int(changed.sum())
    assert fewer > 0
