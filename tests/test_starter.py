"""The networks that the package carries."""

import json
from itertools import product

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpose.registry import DATASETS, MODELS
from toolbox import tool

from fashion_mmpose import GarmentInferencer, PoseNetwork, garments
from fashion_mmpose.cli.main import main
from fashion_mmpose.config.loading import load_config
from fashion_mmpose.inference.onnx.detector import OnnxGarmentDetector
from fashion_mmpose.inference.onnx.pose import OnnxPoseNetwork
from fashion_mmpose.starter import (
    BENCHMARKS,
    FOLDER,
    chosen_for,
    config_and_weights,
    every_network,
    joint,
    named,
    weights_files,
)
from fashion_mmpose.synthetic import draw_deepfashion2, draw_fashionai
from fashion_mmpose.weights import starter_weights
from fashion_mmpose.weights.starter import save_landmarks

pytestmark = pytest.mark.slow

# What the shipped weights find of the first three points of two drawn pictures.
OUTFIT = [[259.357, 198.599], [182.797, 188.142], [216.020, 222.714]]
GARMENT = [[137.007, 84.529], [259.271, 78.011], [204.452, 196.956]]


def network(config):
    with DefaultScope.overwrite_default_scope('mmpose'):
        return MODELS.build(load_config(config).model).eval()


def test_the_joint_benchmark_has_every_channel_once():
    benchmark = joint.joint_benchmark()
    channels = [channel for each in BENCHMARKS for channel in joint.channels_of(each)]
    assert sorted(channels) == list(range(len(benchmark.keypoints)))
    assert len(channels) == 81 + 24
    assert len(benchmark.garments) == 13 + 5
    skirt = benchmark.garments['deepfashion2_skirt']
    assert skirt.flip == garments.garment('deepfashion2', 'skirt').flip
    assert len(skirt.links) == len(garments.garment('deepfashion2', 'skirt').links)


def test_joint_annotations_are_read_as_they_were(tmp_path, drawn_files):
    content = joint.joint_annotations(drawn_files)
    (tmp_path / 'joint.json').write_text(json.dumps(content))
    dataset = DATASETS.build(
        dict(
            type='GarmentDataset',
            benchmark=joint.joint_description(),
            ann_file=str(tmp_path / 'joint.json'),
            test_mode=True,
        )
    )
    names = joint.joint_benchmark().keypoints
    blouse, skirt = (dataset.get_data_info(i) for i in range(2))
    neck = names.index('neckline_left')
    assert blouse['keypoints'][0, neck].tolist() == [10.0, 20.0]
    assert blouse['keypoints_visible'][0].sum() == 1
    # With a padding of 1.25, the whole picture.
    np.testing.assert_allclose(blouse['bbox'][0], [20, 40, 180, 360], atol=1e-4)
    own = garments.garment('deepfashion2', 'skirt').channels[3]
    place = names.index(joint.place_name(joint.shared_places()[own]))
    assert skirt['keypoints'][0, place].tolist() == [30.0, 40.0]
    np.testing.assert_allclose(skirt['bbox'][0], [5, 6, 105, 206])


@pytest.fixture
def drawn_files(tmp_path):
    """A blouse with one key point and a skirt with one, in files as the converters'."""
    files = []
    for benchmark, category, channel, point in (
        ('fashionai', 'blouse', 0, [10, 20, 2]),
        ('deepfashion2', 'skirt', None, [30, 40, 1]),
    ):
        garment = garments.garment(benchmark, category)
        points = np.zeros((garment.layout_size, 3), int)
        points[garment.channels[3] if channel is None else channel] = point
        content = dict(
            images=[dict(id=7, file_name='a.jpg', width=200, height=400)],
            annotations=[
                dict(
                    id=1,
                    image_id=7,
                    category_id=garment.category_id,
                    bbox=[5, 6, 100, 200],
                    area=20000,
                    iscrowd=0,
                    num_keypoints=1,
                    keypoints=points.ravel().tolist(),
                )
            ],
        )
        path = tmp_path / f'{benchmark}.json'
        path.write_text(json.dumps(content))
        files.append((benchmark, str(path), benchmark))
    return files


def test_every_benchmark_gets_its_own_last_layer(tmp_path):
    torch.manual_seed(0)
    whole = network('starter/landmarks_joints').half().float()
    (file,) = weights_files('fashionai')
    save_landmarks(whole.state_dict(), tmp_path / file)
    # The backbones are rounded, and what is rounded is written as it is.
    joint_weights = starter_weights('landmarks', tmp_path)['state_dict']
    for name, value in whole.state_dict().items():
        given, read = value.double(), joint_weights[name].double()
        step = given.abs().max() / 127 if name.startswith('backbone.') else 0
        torch.testing.assert_close(read, given, rtol=0, atol=float(step))
    whole.load_state_dict(joint_weights)
    written = (tmp_path / file).read_bytes()
    save_landmarks(whole.state_dict(), tmp_path / file)
    assert (tmp_path / file).read_bytes() == written
    pictures = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        expected = whole.head(whole.extract_feat(pictures))
        for benchmark in BENCHMARKS:
            model = network(f'starter/{benchmark}')
            model.load_state_dict(starter_weights(benchmark, tmp_path)['state_dict'])
            own = expected[:, joint.channels_of(benchmark)]
            if benchmark == 'deepfashion2':
                own = own[:, list(joint.shared_places())]
            torch.testing.assert_close(model.head(model.extract_feat(pictures)), own)
    assert joint_weights.keys() == whole.state_dict().keys()


def test_networks_without_joints_read_a_part_of_its_weights():
    for name in (*BENCHMARKS, 'landmarks'):
        weights = starter_weights(name)['state_dict']
        part = starter_weights(f'{name}_light')
        light = 'landmarks' if name == 'landmarks' else f'{name}_light'
        network(f'starter/{light}').load_state_dict(part['state_dict'])
        assert 'calibration' not in part['meta']  # which is that of the other network
        for key, value in part['state_dict'].items():
            assert torch.equal(value, weights[key])
        added = ('backbone.joints.', 'head.laterals.')
        others = weights.keys() - part['state_dict'].keys()
        assert len(others) > 100 and all(each.startswith(added) for each in others)


def test_parsing_adds_to_its_weights():
    for name in (*BENCHMARKS, 'landmarks'):
        weights = starter_weights(name)['state_dict']
        more = starter_weights(f'{name}_parsing')['state_dict']
        network(f'starter/{name}_parsing').load_state_dict(more)
        for key, value in weights.items():
            known = more[key]
            if key.startswith('head.laterals.') and key.endswith('weight'):
                assert known.shape[1] - value.shape[1] in (48, 96, 192)
                known = known[:, : value.shape[1]]
            assert torch.equal(known, value), key
        others = more.keys() - weights.keys()
        added = ('backbone.parsing.', 'backbone.of_parsing.')
        assert len(others) > 100 and all(each.startswith(added) for each in others)


@pytest.mark.parametrize('part', ['joints', 'parsing'])
def test_what_stands_beside_other_features_begins_with_its_own(part):
    config = load_config(f'starter/landmarks_{part}').model.backbone[part]
    with DefaultScope.overwrite_default_scope('mmpose'):
        built = MODELS.build(config)
    built.init_weights()
    weights = starter_weights('landmarks_parsing')['state_dict']
    for key, value in built.state_dict().items():
        assert torch.equal(value, weights[f'backbone.{part}.{key}'])


def test_unknown_weights_are_refused():
    with pytest.raises(ValueError, match='starter://cpn: .*; there are starter://deep'):
        starter_weights('cpn')


def test_addresses():
    assert named('starter://fashionai_light') == 'fashionai_light'
    assert named('starter/fashionai') is None and named(None) is None
    with pytest.raises(
        ValueError, match='no such network; to fix it: give .*starter://fashionai_par'
    ):
        named('starter://landmarks')  # weights alone
    assert named('starter://detector', finds_boxes=True) == 'detector'
    with pytest.raises(ValueError, match='finds boxes, no landmarks; to fix it: give'):
        GarmentInferencer('starter://detector')
    assert {chosen_for(name) for name in BENCHMARKS} < {*every_network()}
    # Networks that have no graph are PyTorch's.
    chosen = GarmentInferencer('starter://fashionai_light', device='cpu')
    assert {*map(type, chosen.networks.values())} == {PoseNetwork}
    chosen = GarmentInferencer('starter://fashionai', device='cpu')
    assert {*map(type, chosen.networks.values())} == {OnnxPoseNetwork}
    assert chosen.detector is None
    with pytest.raises(ValueError, match='has weights of its own'):
        GarmentInferencer('starter://fashionai', 'own.pth')


def test_the_detector_by_its_address(tmp_path, capsys):
    address = 'starter://deepfashion2_parsing', None, 'starter://detector'
    chosen = GarmentInferencer(*address, device='cpu', det_options=dict(score_thr=0.5))
    assert isinstance(chosen.detector, OnnxGarmentDetector)
    assert (chosen.detector.score_thr, chosen.garment_thr) == (0.5, 0.1)
    drawn = draw_deepfashion2(11, 2, 'short_sleeved_shirt')
    cv2.imwrite(str(tmp_path / 'a.png'), drawn.image)
    networks = '--pose', address[0], '--det', address[2]
    done = tool('predict.py', *networks, 'a.png', '--out-dir', 'out', cwd=tmp_path)
    assert 'short_sleeved_shirt' in done.stdout
    capsys.readouterr()
    arguments = '--det', address[0], 'a.png', '--out-dir', str(tmp_path / 'other')
    assert main(['predict', *arguments]) == 1
    told = 'finds landmarks, no boxes; to fix it: give starter://detector'
    assert capsys.readouterr().err.splitlines() == [f'error: {address[0]}: {told}']
    found = json.loads((tmp_path / 'out' / 'predictions.json').read_text())
    garments = chosen.predict(drawn.image).garments
    assert {each.category for each in garments} <= {each['category'] for each in found}


def test_the_files_are_small():
    size = sum(path.stat().st_size for path in FOLDER.iterdir() if path.is_file())
    assert 2**20 < size < 25e6


def test_points_of_a_drawn_outfit():
    drawn = draw_deepfashion2(11, 2, 'short_sleeved_shirt')
    network = PoseNetwork(*config_and_weights('deepfashion2'))
    item = next(each for each in drawn.items if each.category == 'short_sleeved_shirt')
    (found,) = network.predict(
        [network.sample(drawn.image, item.category, np.array(item.box, float))]
    )
    errors = np.linalg.norm(found.keypoints[:, :2] - item.exact, axis=1)
    assert np.median(errors) < 0.03 * max(drawn.image.shape)
    np.testing.assert_allclose(found.keypoints[:3, :2], OUTFIT, atol=0.02)


def test_every_channel_finds_its_own_place():
    """Exchanged channels err by a third of the garment, others by a few percent."""
    network = PoseNetwork(*config_and_weights('deepfashion2'))
    places = np.array(joint.shared_places())
    errors = [[] for _ in range(places.max() + 1)]
    categories = garments.categories('deepfashion2')
    own = {
        category: places[list(garments.garment('deepfashion2', category).channels)]
        for category in categories
    }

    def is_seen(channels):
        return all(len(errors[place]) > 2 for place in channels)

    for index, (number, category) in product(range(4), enumerate(categories)):
        if is_seen(own[category]):
            continue
        drawn = draw_deepfashion2(19 + number, index, category)
        for item in drawn.items:
            visible = item.landmarks[:, 2] > 0
            channels = own[item.category][visible]
            if is_seen(channels):
                continue  # All that it shows was seen often enough.
            box = np.array(item.box, float)
            (found,) = network.predict(
                [network.sample(drawn.image, item.category, box)]
            )
            apart = np.linalg.norm(found.keypoints[:, :2] - item.exact, axis=1)
            apart /= np.linalg.norm(box[2:] - box[:2])
            for place, error in zip(channels, apart[visible]):
                errors[place].append(error)
    assert all(len(seen) > 2 for seen in errors)
    assert max(np.median(seen) for seen in errors) < 0.1


def test_points_of_a_drawn_garment():
    drawn = draw_fashionai('trousers', 11, 2)
    inferencer = GarmentInferencer(benchmark='fashionai')
    assert inferencer.detector is None
    (found,) = inferencer.predict(drawn.image, 'trousers').garments
    own = list(garments.garment('fashionai', 'trousers').channels)
    errors = np.linalg.norm(found.keypoints[:, :2] - drawn.exact[own], axis=1)
    assert np.median(errors) < 0.03 * max(drawn.image.shape)
    np.testing.assert_allclose(found.keypoints[:3, :2], GARMENT, atol=0.02)


def test_the_detector_comes_with_it():
    drawn = draw_deepfashion2(11, 2, 'short_sleeved_shirt')
    found = GarmentInferencer().predict(drawn.image).garments
    wanted = {item.category for item in drawn.items}
    assert wanted <= {garment.category for garment in found}
    with pytest.raises(ValueError, match='benchmark chooses a network of the starter'):
        GarmentInferencer('starter/fashionai', 'starter://fashionai', benchmark='x')
    with pytest.raises(ValueError, match="deepfashion2 and fashionai, not for 'bags'"):
        GarmentInferencer(benchmark='bags')


def test_a_wall_wears_nothing():
    """Its detector sees shorts, and finds no points of them."""
    wall = np.full((200, 200, 3), 128, np.uint8)
    assert GarmentInferencer().predict(wall).garments == ()
    every = GarmentInferencer(det_options=dict(score_thr=0.2, garment_thr=0))
    seen = every.predict(wall).garments
    assert seen and all(garment.score < 0.1 for garment in seen)
    chosen = GarmentInferencer(det_options=dict(score_thr=0.4))
    assert (chosen.detector.score_thr, chosen.garment_thr) == (0.4, 0.1)
    assert GarmentInferencer(benchmark='fashionai').garment_thr == 0


def test_predict_needs_no_networks(tmp_path, capsys):
    drawn = draw_deepfashion2(11, 2, 'short_sleeved_shirt')
    cv2.imwrite(str(tmp_path / 'a.png'), drawn.image)
    result = tool('predict.py', 'a.png', '--out-dir', 'out', cwd=tmp_path)
    assert 'short_sleeved_shirt' in result.stdout
    entries = json.loads((tmp_path / 'out' / 'predictions.json').read_text())
    assert len(entries) >= len(drawn.items)
    options = '--out-dir', 'out', '--pose', 'a.py', '--benchmark', 'fashionai'
    with pytest.raises(SystemExit, match='2'):
        main(['predict', 'a.png', *options])
    assert 'leave out --pose' in capsys.readouterr().err


def test_finetuning_begins_with_it():
    for benchmark in BENCHMARKS:
        for name in (benchmark, f'{benchmark}_parsing', f'{benchmark}_light'):
            config = load_config(f'starter/{name}')
            assert isinstance(config, Config)
            assert (f'starter/{name}', config.load_from) == config_and_weights(name)
