"""A head whose landmarks of one place are one channel."""

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

from fashion_mmpose.garments import garment
from fashion_mmpose.garments.shared import shared_places

CODEC = dict(type='PointHeatmap', input_size=(32, 32), heatmap_size=(8, 8), sigma=1.0)
CATEGORIES = ('short_sleeved_shirt', 'short_sleeved_dress', 'skirt')


def build(**kwargs):
    settings = dict(
        type='PointHeatmapHead',
        in_channels=4,
        out_channels=294,
        deconv_out_channels=(6,),
        deconv_kernel_sizes=(4,),
        decoder=CODEC,
        share_places=True,
    )
    torch.manual_seed(0)
    head = MODELS.build({**settings, **kwargs})
    # MMPose starts with all but nothing.
    torch.nn.init.normal_(head.final_layer.weight)
    return head


def samples():
    rng = np.random.default_rng(0)
    for name in CATEGORIES:
        spec = garment('deepfashion2', name)
        sample = PoseDataSample(
            metainfo=dict(dataset_name='deepfashion2', category_id=spec.category_id)
        )
        points = torch.tensor(rng.uniform(0, 32, (1, 294, 2)), dtype=torch.float32)
        weights = torch.zeros(1, 294)
        weights[0, list(spec.channels)] = 1
        sample.gt_instance_labels = InstanceData(
            keypoint_labels=points, keypoint_weights=weights
        )
        yield sample


def test_landmarks_of_a_place_have_one_heatmap():
    head = build()
    assert head.final_layer.out_channels == 81 and head.out_channels == 294
    maps = head((torch.rand(2, 4, 4, 4),))
    assert maps.shape == (2, 294, 8, 8)
    places = shared_places()
    first = places.index(places[-1])
    assert torch.equal(maps[:, first], maps[:, -1])
    assert not torch.equal(maps[:, 0], maps[:, 1])


def test_asked_for_maps_are_those_of_all():
    head, feats = build(), (torch.rand(3, 4, 4, 4),)
    (stage,) = head.stage_heatmaps(feats)
    rows = torch.tensor([0, 5, 293, 294 + 7, 2 * 294 + 100])
    flat = head(feats).flatten(0, 1)
    torch.testing.assert_close(stage.maps(rows), flat[rows])
    assert torch.equal(stage.maps(), flat)


def test_the_loss_is_that_of_a_network_with_all_channels():
    shared = build()
    whole = build(share_places=False)
    places = torch.tensor(shared_places())
    state = shared.state_dict()
    for name in ('final_layer.weight', 'final_layer.bias'):
        state[name] = state[name][places]
    whole.load_state_dict(state)
    feats = (torch.rand(len(CATEGORIES), 4, 4, 4),)
    losses = [head.loss(feats, [*samples()])['loss_kpt'] for head in (shared, whole)]
    torch.testing.assert_close(*losses)
    assert losses[0] > 0
    for loss in losses:
        loss.backward()
    # What every category says of a place is added up.
    summed = torch.zeros_like(shared.final_layer.weight)
    summed.index_add_(0, places, whole.final_layer.weight.grad)
    torch.testing.assert_close(shared.final_layer.weight.grad, summed)


def test_predictions_with_the_mirror_image():
    shared, whole = build(), build(share_places=False)
    state = shared.state_dict()
    for name in ('final_layer.weight', 'final_layer.bias'):
        state[name] = state[name][list(shared_places())]
    whole.load_state_dict(state)
    flip = np.arange(294)
    for name in CATEGORIES:
        spec = garment('deepfashion2', name)
        flip[list(spec.channels)] = np.array(spec.channels)[list(spec.flip)]
    batch = [*samples()]
    for sample in batch:
        sample.set_metainfo(dict(flip_indices=flip.tolist()))
    feats = [(torch.rand(len(batch), 4, 4, 4),) for _ in range(2)]
    with torch.no_grad():
        found = [
            head.predict(feats, batch, dict(flip_test=True)) for head in (shared, whole)
        ]
    for one, other in zip(*found):
        np.testing.assert_allclose(one.keypoints, other.keypoints, atol=1e-4)
        assert one.keypoint_scores.any()


def test_other_key_points_share_nothing():
    with pytest.raises(ValueError, match='not for out_channels=24'):
        build(out_channels=24)
