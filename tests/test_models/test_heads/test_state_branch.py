"""Heads that tell whether key points are absent, occluded or visible."""

import json
import math

import numpy as np
import pytest
import torch
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from skirt_annotations import POINTS, annotation, build, coco, image

from fashion_mmpose import garments
from fashion_mmpose.apis import PoseNetwork
from fashion_mmpose.config.loading import load_config
from fashion_mmpose.files.pictures.pixels import write_picture
from fashion_mmpose.models.heads.state_branch import StateBranch, target_states

CODEC = dict(type='PointHeatmap', input_size=(64, 64), heatmap_size=(16, 16), sigma=1.5)
SKIRT = garments.garment('fashionai', 'skirt')
OWN = list(SKIRT.channels)


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmpose')
    torch.manual_seed(0)


def sample(states, weights=(1, 1, 1, 1), full=True):
    """A skirt in FashionAI's full layout, or in its own."""
    count, place = (24, OWN) if full else (4, slice(None))
    labels = dict(
        keypoint_states=np.zeros((1, count), np.uint8),
        keypoint_weights=np.zeros((1, count), np.float32),
        keypoint_labels=np.full((1, count, 2), 8, np.float32),
    )
    labels['keypoint_states'][0, place] = states
    labels['keypoint_weights'][0, place] = np.array(weights) * (np.array(states) > 0)
    made = PoseDataSample()
    made.gt_instance_labels = InstanceData(**labels).to_tensor()
    info = garments.metainfo('fashionai', None if full else 'skirt')
    names = [each['name'] for each in info['keypoint_info'].values()]
    pairs = [each['swap'] for each in info['keypoint_info'].values()]
    flip = [names.index(swap or name) for name, swap in zip(names, pairs)]
    made.set_metainfo(
        dict(
            dataset_name=info['dataset_name'],
            category_id=SKIRT.category_id,
            flip_indices=flip,
            img_id=7,
        )
    )
    return made


def test_what_is_asked_for():
    """Own points; those outside of the crop are not known, absent ones are."""
    wanted = target_states([sample((2, 1, 0, 2), weights=(1, 1, 0, 0))])
    assert wanted[0, OWN].tolist() == [2, 1, 0, -1]
    assert (wanted >= 0).sum() == 3
    assert target_states([sample((2, 1, 0, 2), full=False)]).tolist() == [[2, 1, 0, 2]]


def test_loss_by_hand():
    branch = StateBranch(8, 24, loss_weight=0.5)
    logits = torch.zeros(1, 24, 3, requires_grad=True)
    found = branch.losses(logits, [sample((2, 1, 0, 0))])
    assert found['loss_states'].item() == pytest.approx(0.5 * math.log(3))
    found['loss_states'].backward()
    touched = logits.grad.abs().sum(2)[0] > 0
    assert touched.nonzero().flatten().tolist() == OWN
    certain = torch.zeros(1, 24, 3)
    certain[0, OWN, [2, 1, 0, 2]] = 50.0  # the last one is wrong
    found = branch.losses(certain, [sample((2, 1, 0, 0))])
    assert found['acc_states'].item() == 0.75
    assert found['loss_states'].item() == pytest.approx(0.5 * 50 / 4)


def test_nothing_known_is_zero_with_a_gradient():
    branch = StateBranch(8, 4)
    logits = torch.rand(1, 4, 3, requires_grad=True)
    one = sample((2, 2, 2, 2), weights=(0, 0, 0, 0), full=False)
    found = branch.losses(logits, [one])
    found['loss_states'].backward()
    assert found['loss_states'].item() == 0 and (logits.grad == 0).all()


def test_samples_that_tell_no_states_are_refused():
    one = sample((2, 2, 2, 2))
    del one.gt_instance_labels.keypoint_states
    with pytest.raises(ValueError, match='no keypoint_states.*RandomMirror'):
        StateBranch(8, 24).losses(torch.zeros(1, 24, 3), [one])
    with pytest.raises(ValueError, match='loss_weight must be positive, got 0'):
        StateBranch(8, 24, loss_weight=0)


GAU = dict(
    **dict(hidden_dims=16, s=8, expansion_factor=2, dropout_rate=0.0, drop_path=0.0),
    **dict(act_fn='SiLU', use_rel_bias=False, pos_enc=False),
)
HEADS = [
    dict(type='PointHeatmapHead', in_channels=8, deconv_out_channels=None),
    dict(type='CPNHead', in_channels=(4, 8), channels=8),
    dict(type='CPMRefineHead', in_channels=8, num_stages=2, stem_channels=8),
    dict(
        type='PointSimCCHead',
        in_channels=8,
        stride=4,
        final_layer_kernel_size=1,
        gau_cfg=GAU,
        decoder=dict(type='PointSimCC', input_size=(64, 64), sigma=(4.0, 4.0)),
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize('settings', HEADS, ids=lambda each: each['type'])
def test_every_head_learns_states_beside_points(settings):
    """Of two pictures with points in other states; off without the option."""
    settings = dict(dict(out_channels=24, decoder=CODEC), **settings)
    assert MODELS.build(settings).states is None
    head = MODELS.build(dict(settings, states=dict(loss_weight=1.0)))
    size = 8 if settings['type'] == 'CPNHead' else 16
    feats = (
        torch.rand(2, 8, size, size) * torch.tensor([1.0, 4.0])[:, None, None, None],
    )
    if settings['type'] == 'CPNHead':
        feats = (torch.rand(2, 4, 16, 16), *feats)
    batch = [sample((2, 1, 0, 2)), sample((0, 2, 1, 1))]
    optimizer = torch.optim.Adam(head.states.parameters(), lr=0.1)
    for _ in range(60):
        losses = head.loss(feats, batch)
        optimizer.zero_grad()
        losses['loss_states'].backward()
        optimizer.step()
    assert losses['acc_states'] == 1
    assert any(name.startswith('loss_') and name != 'loss_states' for name in losses)
    for each, states in zip(head.predict(feats, batch), ((2, 1, 0, 2), (0, 2, 1, 1))):
        shares = each.keypoint_states
        assert shares.shape == (1, 24, 3)
        np.testing.assert_allclose(shares.sum(2), 1, atol=1e-5)
        assert shares[0, OWN].argmax(1).tolist() == list(states)
        foreign = np.delete(shares[0], OWN, axis=0)
        assert (foreign == (1, 0, 0)).all()
        np.testing.assert_array_equal(each.keypoints_visible, shares[..., 2])


def test_flip_test_is_the_mean_with_pairs_swapped():
    head = MODELS.build(dict(HEADS[0], out_channels=24, decoder=CODEC, states=dict()))
    torch.nn.init.normal_(head.states.layer.weight)
    looks = [(torch.rand(1, 8, 16, 16),), (torch.rand(1, 8, 16, 16),)]
    batch = [sample((2, 2, 2, 2))]
    alone = [head.predict(each, batch)[0].keypoint_states for each in looks]
    both = head.predict(looks, batch, dict(flip_test=True))[0].keypoint_states
    left, right = OWN[:2]
    np.testing.assert_allclose(
        both[0, left], (alone[0][0, left] + alone[1][0, right]) / 2, atol=1e-6
    )


def test_shared_places_share_states():
    head = MODELS.build(
        dict(
            HEADS[0], out_channels=294, decoder=CODEC, states=dict(), share_places=True
        )
    )
    assert head.states.layer.out_features == 3 * 81
    assert head._states((torch.rand(2, 8, 16, 16),)).shape == (2, 294, 3)


def test_the_dataset_tells_states_and_mirrors_them(tmp_path):
    write_picture(tmp_path / image(1)['file_name'], np.zeros((512, 400, 3), np.uint8))
    ann_file = tmp_path / 'skirts.json'
    ann_file.write_text(json.dumps(coco([image(1)], [annotation(1, POINTS)])))
    dataset = build(str(ann_file), data_prefix=dict(img=str(tmp_path)))
    steps = [
        dict(type='LoadImage'),
        dict(type='GetBBoxCenterScale'),
        dict(type='RandomMirror', prob=1.0),
        dict(type='TopdownAffine', input_size=(64, 64)),
        dict(type='GenerateTarget', encoder=CODEC),
        dict(type='PackGarmentInputs'),
    ]
    packed = [
        Compose([step for step in steps if step['type'] != left_out])(dataset[0])
        for left_out in ('RandomMirror', '')
    ]
    plain, mirrored = (
        each['data_samples'].gt_instance_labels.keypoint_states for each in packed
    )
    assert plain.tolist() == [[2, 1, 2, 0]]
    assert mirrored[0].tolist() == plain[0, list(SKIRT.flip)].tolist()


@pytest.mark.slow
def test_the_record_keeps_them(small, tmp_path):
    """From the network to what is written of a garment."""
    config = load_config(small.config('fashionai_all'))
    config.model.head.states = dict()
    torch.save(MODELS.build(config.model).state_dict(), tmp_path / 'states.pth')
    network = PoseNetwork(config, tmp_path / 'states.pth')
    picture = np.zeros((90, 70, 3), np.uint8)
    (garment,) = network.predict([network.sample(picture, 'skirt', (0, 0, 70, 90))])
    assert garment.states.shape == (4, 3) and garment.states.dtype == np.float32
    np.testing.assert_allclose(garment.states.sum(1), 1, atol=1e-5)
    assert (garment.states > 0.2).all()  # it has learnt nothing
    written = garment.to_dict()['keypoint_states']
    np.testing.assert_allclose(written, garment.states, atol=1e-4)
    (plain,) = PoseNetwork(*small.of('fashionai_all')).predict(
        [network.sample(picture, 'skirt', (0, 0, 70, 90))]
    )
    assert plain.states is None and 'keypoint_states' not in plain.to_dict()
