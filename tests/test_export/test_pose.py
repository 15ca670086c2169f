"""Exported pose networks find what PyTorch's find."""

import json
import math
import shutil

import numpy as np
import pytest
from small_networks import ToldDetector, assert_same, inferencer_of
from torch.nn import Conv2d

from fashion_mmpose import garments
from fashion_mmpose.apis import PoseNetwork
from fashion_mmpose.errors import FormatError
from fashion_mmpose.export import export_network
from fashion_mmpose.export.pose.check import PointChange
from fashion_mmpose.export.pose.graph import PoseGraph
from fashion_mmpose.inference import GarmentInferencer
from fashion_mmpose.inference.onnx.metadata import KEY
from fashion_mmpose.inference.onnx.pose import OnnxPoseNetwork
from fashion_mmpose.measure.uncertainty.calibration import (
    Calibration,
    beside,
    write_calibration,
)
from fashion_mmpose.models import PaddedFlipEstimator

pytest.importorskip('onnxscript')
onnxruntime = pytest.importorskip('onnxruntime')
onnx = pytest.importorskip('onnx')

pytestmark = pytest.mark.slow

NAMES = ['fashionai_all', 'fashionai_blouse', 'deepfashion2_tops', 'ensemble']


@pytest.mark.parametrize('name', NAMES)
def test_same_points(small, exported, name):
    weights = None if name == 'ensemble' else small.weights(name)
    network = PoseNetwork(small.config(name), weights)
    other = OnnxPoseNetwork(exported(name), 'cpu')
    for key in ('benchmark', 'category', 'categories', 'bbox_source', 'is_on_cpu'):
        assert getattr(other, key) == getattr(network, key), key
    asked = [
        (image, network.categories[i % len(network.categories)], (3, 2.5, 44, 60))
        for i, image in enumerate(small.images)
    ]
    found, others = (
        each.predict([each.sample(*one, 0.5, 'a.png', 3) for one in asked])
        for each in (network, other)
    )
    assert_same(others, found, atol=1e-2)
    for one, same in zip(others, found):
        assert (
            (one.bbox_score, one.image)
            == (0.5, 'a.png')
            == (
                same.bbox_score,
                same.image,
            )
        )
        assert one.keypoints.dtype == one.scores.dtype == np.float32
        assert one.definition == same.definition
        # Of maps that two maxima share, either may be the point.
        near = np.abs(one.keypoints - same.keypoints).max(axis=1) < 1e-2
        np.testing.assert_allclose(
            one.covariances[near], same.covariances[near], rtol=1e-3, atol=1e-3
        )
    # Any number of crops at once.
    (alone,) = other.predict([other.sample(*asked[1])])
    np.testing.assert_allclose(alone.keypoints, others[1].keypoints, atol=1e-3)
    assert other.predict([]) == []


def test_an_inferencer_of_a_file_is_that_of_the_config(small, exported):
    detector = ToldDetector()
    theirs = inferencer_of(small, 'deepfashion2_tops', det_model=detector)
    path = exported('deepfashion2_tops')
    ours = GarmentInferencer(pose=path, det_model=detector, device='cpu')
    assert_same(ours.garments(small.paths), theirs.garments(small.paths), atol=1e-2)


def test_a_file_of_each_category(small, exported):
    pose = dict(
        vest=exported('deepfashion2_tops'),
        sling=str(exported('deepfashion2_tops')),
        blouse=small.of('fashionai_blouse'),  # of PyTorch
    )
    inferencer = GarmentInferencer(pose, device='cpu')
    assert list(inferencer.networks) == ['vest', 'sling', 'blouse']
    assert inferencer.networks['vest'] is inferencer.networks['sling']
    with pytest.raises(ValueError, match="pose network of 'skirt', is one for"):
        GarmentInferencer(pose=dict(skirt=exported('deepfashion2_tops')))
    with pytest.raises(ValueError, match='pose and pose2d are two names'):
        GarmentInferencer(small.config('ensemble'), pose=exported('ensemble'))
    with pytest.raises(ValueError, match='needs no weights.pth'):
        GarmentInferencer(exported('ensemble'), 'weights.pth')


def test_the_file_tells_all(exported):
    model = onnx.load(exported('deepfashion2_tops'))
    onnx.checker.check_model(model, full_check=True)
    told = {each.key: each.value for each in model.metadata_props}
    told = json.loads(told[KEY])
    assert told['crop'] == dict(
        method='affine',
        size_wh=[48, 64],
        padding=1.25,
        fill=0,
        keep_ratio=True,
        interpolation='linear',
    )
    assert told['categories'] == ['vest', 'sling']
    assert told['keypoints'] == list(garments.keypoints('deepfashion2'))
    assert told['decoder']['flip_test'] and told['decoder']['decode_mode'] == 'quarter'
    images, rows = model.graph.input
    assert (images.name, rows.name) == ('images', 'rows')
    assert [each.dim_value for each in images.type.tensor_type.shape.dim] == [
        *(0, 64, 48, 3)
    ]
    # Paths of the machine that exported it are in the nodes' notes of the exporter.
    assert not any(node.metadata_props for node in model.graph.node)
    assert b'site-packages' not in model.SerializeToString()


def test_mirror_images_go_through_the_network_with_the_pictures(small, exported):
    network = PoseNetwork(*small.of('deepfashion2_tops')).model
    assert network.test_cfg['flip_test']
    layers = [each for each in network.backbone.modules() if isinstance(each, Conv2d)]
    nodes = onnx.load(exported('deepfashion2_tops')).graph.node
    # The last layer of the head is there for each of both.
    assert [node.op_type for node in nodes].count('Conv') == len(layers) + 2


@pytest.fixture(scope='module')
def fitted():
    names = garments.keypoints('fashionai', 'blouse')
    return Calibration(
        dict.fromkeys(names, 0.5), dict.fromkeys(names, 0.01), power=1.0, dof=5.0
    )


@pytest.fixture(scope='module')
def with_more(small, fitted, tmp_path_factory):
    """A file with a calibration, and with heatmaps beside the points."""
    folder = tmp_path_factory.mktemp('more')
    config, weights = small.of('fashionai_blouse')
    shutil.copy(weights, folder / 'blouse.pth')
    write_calibration(beside(folder / 'blouse.pth'), fitted, {})
    path = folder / 'other.onnx'
    options = dict(with_heatmaps=True, verify=False)
    assert export_network(config, folder / 'blouse.pth', path, **options) is None
    return path


def test_calibrations_go_with_the_network(small, exported, fitted, with_more, tmp_path):
    own = OnnxPoseNetwork(with_more, 'cpu')
    assert own.calibration == fitted
    plain = OnnxPoseNetwork(exported('fashionai_blouse'), 'cpu')
    assert plain.calibration is None
    (one,), (other,) = (
        each.predict([each.sample(small.images[0], 'blouse', (0, 0, 40, 40))])
        for each in (plain, own)
    )
    assert np.isinf(one.dof) and other.dof == 5
    expected = fitted.applied(one).covariances
    np.testing.assert_allclose(other.covariances, expected, rtol=1e-4)
    # A file beside it goes before what it was written with.
    path = tmp_path / 'beside.onnx'
    shutil.copy(exported('fashionai_blouse'), path)
    write_calibration(beside(path), fitted, {})
    assert OnnxPoseNetwork(path, 'cpu').calibration == fitted


def test_heatmaps_beside_the_points(small, with_more):
    session = onnxruntime.InferenceSession(with_more)
    images = np.stack([np.resize(each, (64, 64, 3)) for each in small.images])
    points, scores, covariances, maps = session.run(
        None, dict(images=images, rows=np.array([1, 5, 12]))
    )
    assert points.shape == (3, 2) and maps.shape == (3, 16, 16)
    assert covariances.shape == (3, 2, 2)
    np.testing.assert_allclose(maps.max(axis=(1, 2)), scores, atol=1e-6)


def test_files_of_earlier_versions_have_no_covariances(small, exported, tmp_path):
    model = onnx.load(exported('fashionai_blouse'))
    (extra,) = (each for each in model.graph.output if each.name == 'covariances')
    model.graph.output.remove(extra)
    (entry,) = (each for each in model.metadata_props if each.key == KEY)
    told = json.loads(entry.value)
    del told['calibration']
    entry.value = json.dumps(told)
    onnx.save(model, tmp_path / 'old.onnx')
    old = OnnxPoseNetwork(tmp_path / 'old.onnx', 'cpu')
    (found,) = old.predict([old.sample(small.images[0], 'blouse', (0, 0, 40, 40))])
    assert found.covariances is None and old.calibration is None
    reasons = {each.reason for each in found.measurements(min_score=-1)}
    assert reasons == {'the covariances of the points are not known'}


def test_files_of_others(small, exported, tmp_path):
    model = onnx.load(exported('fashionai_blouse'))
    del model.metadata_props[:]
    onnx.save(model, tmp_path / 'other.onnx')
    with pytest.raises(FormatError, match="other.onnx.*no entry 'fashion_mmpose'"):
        GarmentInferencer(pose=tmp_path / 'other.onnx', device='cpu')
    (tmp_path / 'bad.onnx').write_bytes(b'no network')
    with pytest.raises(FormatError, match='bad.onnx cannot be opened'):
        OnnxPoseNetwork(tmp_path / 'bad.onnx')
    with pytest.raises(FileNotFoundError, match='none.onnx does not exist'):
        OnnxPoseNetwork(tmp_path / 'none.onnx')


def test_devices(exported):
    path = exported('fashionai_blouse')
    assert OnnxPoseNetwork(path, 'CPUExecutionProvider').is_on_cpu
    with pytest.raises(ValueError, match="'tpu'.*no such execution provider.*cpu"):
        OnnxPoseNetwork(path, 'tpu')


@pytest.mark.parametrize('score', [0.9, math.nan])
def test_scores_that_differ_are_no_small_change(score):
    PointChange(100, 0.0, 0.0, 1.0, 1e-6).check('it')
    with pytest.raises(FormatError, match='scores differ by'):
        PointChange(100, 0.0, 0.0, 1.0, score).check('it')
    with pytest.raises(FormatError, match='is not that of PyTorch'):
        PointChange(100, 0.0, 0.0, math.nan, 0.0).check('it')


def test_members_that_cannot_be_exported_say_what_to_do(small):
    network = PoseNetwork(small.config('ensemble'), None, 'cpu')
    network.model.members[1].__class__ = PaddedFlipEstimator
    with pytest.raises(FormatError, match='set model.type=TopdownPoseEstimator'):
        PoseGraph(network.model, network.flip_indices)


def test_a_network_that_differs_is_not_written(traced, tmp_path, monkeypatch):
    network = traced('fashionai_blouse')
    sample = OnnxPoseNetwork.sample

    def moved(self, pixels, *args):
        return sample(self, np.roll(pixels, 9, axis=1), *args)

    monkeypatch.setattr(OnnxPoseNetwork, 'sample', moved)
    path = tmp_path / 'pose.onnx'
    with pytest.raises(FormatError, match='is not that of PyTorch'):
        export_network(*network, path)
    assert not path.exists()
