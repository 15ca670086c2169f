"""torchvision's operators under mmcv's names, against plain reference code."""

import numpy as np
import pytest
import torch
from toolbox import run_with_libraries

from fashion_mmpose.stack import compat

lite = pytest.mark.skipif(
    not compat.serve_operators(), reason='a compiled mmcv is installed'
)

# ---------------------------------------------------------------------------- nms


def plain_nms(boxes, scores, threshold, offset):
    """Textbook greedy NMS."""
    keep = []
    for i in np.argsort(-scores, kind='stable'):
        for j in keep:
            sides = np.minimum(boxes[i, 2:], boxes[j, 2:]) - np.maximum(
                boxes[i, :2], boxes[j, :2]
            )
            inter = np.prod(np.maximum(sides + offset, 0))
            areas = [np.prod(boxes[k, 2:] - boxes[k, :2] + offset) for k in (i, j)]
            if inter / (sum(areas) - inter) > threshold:
                break
        else:
            keep.append(int(i))
    return keep


def random_boxes(num, seed=0):
    """Boxes that overlap a lot, and scores that are all different."""
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, 40, (num, 2))
    boxes = np.hstack([corners, corners + rng.uniform(2, 30, (num, 2))])
    scores = (rng.permutation(num) + 1) / num
    return boxes.astype('f4'), scores.astype('f4')


@lite
@pytest.mark.parametrize('offset', [0, 1])
@pytest.mark.parametrize('threshold', [0.2, 0.5, 0.7])
def test_nms(offset, threshold):
    from mmcv.ops import nms

    boxes, scores = random_boxes(60)
    detections, keep = nms(
        torch.from_numpy(boxes), torch.from_numpy(scores), threshold, offset=offset
    )
    expected = plain_nms(boxes, scores, threshold, offset)
    assert 1 < len(expected) < 60
    assert keep.tolist() == expected
    np.testing.assert_array_equal(detections[:, :4], boxes[keep])
    np.testing.assert_array_equal(detections[:, 4], scores[keep])


@lite
def test_nms_score_threshold_and_number():
    from mmcv.ops import nms

    boxes, scores = random_boxes(60)
    _, keep = nms(
        torch.from_numpy(boxes),
        torch.from_numpy(scores),
        0.5,
        score_threshold=0.4,
        max_num=5,
    )
    order = [i for i in plain_nms(boxes, scores, 0.5, 0) if scores[i] > 0.4]
    assert keep.tolist() == order[:5]


@lite
def test_offset_matters():
    """Pixel boxes 0-9 and 0-4 share half of their 10 columns only with offset 1."""
    from mmcv.ops import nms

    boxes = torch.tensor([[0.0, 0.0, 9.0, 0.0], [0.0, 0.0, 4.0, 0.0]])
    scores = torch.tensor([0.9, 0.8])
    assert nms(boxes, scores, 0.45, offset=1)[1].tolist() == [0]
    assert nms(boxes, scores, 0.55, offset=1)[1].tolist() == [0, 1]


@lite
def test_nms_of_nothing_and_of_the_same():
    from mmcv.ops import nms

    detections, keep = nms(torch.zeros(0, 4), torch.zeros(0), 0.5)
    assert detections.shape == (0, 5) and keep.shape == (0,)
    same = torch.tensor([[1.0, 2.0, 5.0, 9.0]]).repeat(4, 1)
    _, keep = nms(same, torch.tensor([0.1, 0.4, 0.3, 0.2]), 0.99)
    assert keep.tolist() == [1]


@lite
def test_nms_in_half_precision():
    """Boxes 0-2049 and 0-2050 are the same in half precision, but not with offset."""
    from mmcv.ops import nms

    boxes = torch.tensor([[0, 0, 2048, 1], [0, 0, 1024, 1]]).half()
    scores = torch.tensor([0.5, 0.50001])  # equal in half precision
    assert nms(boxes, scores, 0.4)[1].tolist() == [1]


@lite
@pytest.mark.parametrize('offset', [0, 1])
@pytest.mark.parametrize('split_thr', [10_000, 10], ids=['at-once', 'class-by-class'])
def test_batched_nms_keeps_classes_apart(offset, split_thr):
    from mmcv.ops import batched_nms

    boxes, scores = random_boxes(60)
    classes = np.arange(60) % 3
    detections, keep = batched_nms(
        torch.from_numpy(boxes),
        torch.from_numpy(scores),
        torch.from_numpy(classes),
        dict(type='nms', iou_threshold=0.4, offset=offset, split_thr=split_thr),
    )
    expected = []
    for label in range(3):
        (own,) = np.nonzero(classes == label)
        kept = plain_nms(boxes[own], scores[own], 0.4, offset)
        expected += own[kept].tolist()
    assert len(expected) > len(plain_nms(boxes, scores, 0.4, offset))
    assert keep.tolist() == sorted(expected, key=lambda i: -scores[i])
    np.testing.assert_array_equal(detections[:, :4], boxes[keep])


@lite
def test_batched_nms_class_agnostic_identical_and_empty():
    from mmcv.ops import batched_nms

    same = torch.tensor([[1.0, 2.0, 5.0, 9.0]]).repeat(3, 1)
    scores, classes = torch.tensor([0.1, 0.3, 0.2]), torch.tensor([0, 1, 1])
    cfg = dict(type='nms', iou_threshold=0.5)
    assert batched_nms(same, scores, classes, cfg)[1].tolist() == [1, 0]
    assert batched_nms(same, scores, classes, cfg, class_agnostic=True)[1].tolist() == [
        1
    ]
    # With classes, mmcv asks even of compiled operators that there are boxes.
    nothing = batched_nms(same[:0], scores[:0], classes[:0], cfg, class_agnostic=True)
    assert nothing[0].shape == (0, 5) and nothing[1].tolist() == []


# ---------------------------------------------------------------------- RoI align


def plain_roi_align(features, rois, size, scale, ratio, aligned):
    """Average RoIAlign, sample by sample. The loops give gradients, too."""
    height, width = features.shape[2:]

    def at(image, y, x):
        if not (-1 <= y <= height and -1 <= x <= width):
            return image.new_zeros(image.shape[0])
        y, x = max(y, 0), max(x, 0)
        y0, x0 = min(int(y), height - 1), min(int(x), width - 1)
        y1, x1 = min(y0 + 1, height - 1), min(x0 + 1, width - 1)
        down, right = min(y, height - 1) - y0, min(x, width - 1) - x0
        return (
            image[:, y0, x0] * (1 - down) * (1 - right)
            + image[:, y0, x1] * (1 - down) * right
            + image[:, y1, x0] * down * (1 - right)
            + image[:, y1, x1] * down * right
        )

    pooled = features.new_zeros(len(rois), features.shape[1], *size)
    for r, (batch, *corners) in enumerate(rois.tolist()):
        left, top, right, bottom = (c * scale - aligned / 2 for c in corners)
        roi_w, roi_h = right - left, bottom - top
        if not aligned:
            roi_w, roi_h = max(roi_w, 1), max(roi_h, 1)
        bin_h, bin_w = roi_h / size[0], roi_w / size[1]
        rows = ratio or int(np.ceil(bin_h))
        columns = ratio or int(np.ceil(bin_w))
        for i in range(size[0]):
            for j in range(size[1]):
                total = 0
                for a in range(rows):
                    for b in range(columns):
                        y = top + (i + (a + 0.5) / rows) * bin_h
                        x = left + (j + (b + 0.5) / columns) * bin_w
                        total = total + at(features[int(batch)], y, x)
                pooled[r, :, i, j] = total / max(rows * columns, 1)
    return pooled


ROIS = torch.tensor(
    [
        [0, 1.0, 2.0, 9.0, 13.0],
        [1, -6.0, -4.0, 40.0, 40.0],  # beyond every edge
        [1, 5.0, 5.0, 5.5, 5.25],  # smaller than a cell
        [0, 3.0, 3.0, 3.0, 3.0],  # no area
    ],
    dtype=torch.float64,
)


@lite
@pytest.mark.parametrize('aligned', [True, False], ids=['aligned', 'not-aligned'])
@pytest.mark.parametrize('ratio', [0, 1, 2])
@pytest.mark.parametrize('scale', [1.0, 0.5])
def test_roi_align_and_its_gradient(aligned, ratio, scale):
    from mmcv.ops import roi_align

    generator = torch.Generator().manual_seed(0)
    features = torch.rand(2, 2, 7, 6, dtype=torch.float64, generator=generator)
    weights = torch.rand(4, 2, 3, 2, dtype=torch.float64, generator=generator)
    ours, plain = (features.clone().requires_grad_() for _ in range(2))
    pooled = roi_align(ours, ROIS, (3, 2), scale, ratio, 'avg', aligned)
    expected = plain_roi_align(plain, ROIS, (3, 2), scale, ratio, aligned)
    torch.testing.assert_close(pooled, expected)
    (pooled * weights).sum().backward()
    (expected * weights).sum().backward()
    assert plain.grad.abs().max() > 0.1
    torch.testing.assert_close(ours.grad, plain.grad)


@lite
def test_roi_align_by_hand():
    from mmcv.ops import roi_align

    rows, columns = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing='ij')
    features = (rows + 10 * columns)[None, None]
    rois = torch.tensor([[0, 1.0, 2.0, 5.0, 6.0]])
    pooled = roi_align(features, rois, (2, 2), 1.0, 2, 'avg', True)
    # Linear features: each bin is the value at its centre, half a pixel less.
    expected = torch.tensor([[2.5 + 15, 2.5 + 35], [4.5 + 15, 4.5 + 35]])
    torch.testing.assert_close(pooled[0, 0], expected)


@lite
def test_roi_align_of_nothing():
    from mmcv.ops import roi_align

    features = torch.rand(1, 3, 4, 4, requires_grad=True)
    pooled = roi_align(features, torch.zeros(0, 5), (2, 2), 1.0, 0, 'avg', True)
    assert pooled.shape == (0, 3, 2, 2)
    pooled.sum().backward()
    assert features.grad.abs().sum() == 0


@lite
def test_roi_align_of_mixed_precision():
    from mmcv.ops import roi_align

    generator = torch.Generator().manual_seed(0)
    features = torch.rand(2, 2, 7, 6, generator=generator).half().requires_grad_()
    pooled = roi_align(features, ROIS.float(), (3, 2), 1.0, 2, 'avg', True)
    single = roi_align(
        features.detach().float(), ROIS.float(), (3, 2), 1.0, 2, 'avg', True
    )
    assert pooled.dtype == torch.half
    torch.testing.assert_close(pooled, single.half())
    pooled.sum().backward()
    # A bin hands its sum of 1 on, less what lies beyond the edges.
    assert features.grad.dtype == torch.half
    assert 20 < features.grad.float().sum() <= 48


@lite
def test_roi_max_is_refused():
    from mmcv.ops import RoIAlign

    layer = RoIAlign((2, 2), pool_mode='max')
    with pytest.raises(NotImplementedError, match="pool_mode='max'.*use 'avg'"):
        layer(torch.rand(1, 1, 4, 4), torch.tensor([[0, 0.0, 0.0, 2.0, 2.0]]))


# --------------------------------------------------------------------- focal loss


def plain_focal_loss(logits, target, gamma, alpha):
    """Focal loss as its paper writes it."""
    probability = torch.sigmoid(logits)
    is_class = target[:, None] == torch.arange(logits.shape[1])
    positive = -alpha * (1 - probability) ** gamma * probability.log()
    negative = -(1 - alpha) * probability**gamma * (1 - probability).log()
    return torch.where(is_class, positive, negative)


@lite
@pytest.mark.parametrize('weighted', [False, True], ids=['plain', 'class-weights'])
def test_sigmoid_focal_loss_and_its_gradient(weighted):
    """What RetinaNet asks mmcv for on a GPU."""
    from mmcv.ops import sigmoid_focal_loss

    generator = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(6, 3, generator=generator)
    target = torch.tensor([0, 1, 2, 3, 3, 1])  # 3 is background
    weight = torch.tensor([1.0, 2.0, 0.5]) if weighted else None
    ours, plain = (logits.clone().requires_grad_() for _ in range(2))
    loss = sigmoid_focal_loss(ours, target, 2.0, 0.25, weight, 'none')
    expected = plain_focal_loss(plain, target, 2.0, 0.25)
    if weighted:
        expected = expected * torch.tensor([1, 2, 0.5, 1, 1, 2])[:, None]
    torch.testing.assert_close(loss, expected)
    factors = torch.arange(18.0).view(6, 3)
    (loss * factors).sum().backward()
    (expected * factors).sum().backward()
    torch.testing.assert_close(ours.grad, plain.grad)


@lite
def test_sigmoid_focal_loss_of_nothing():
    from mmcv.ops import sigmoid_focal_loss

    logits = torch.zeros(0, 3, requires_grad=True)
    loss = sigmoid_focal_loss(logits, torch.zeros(0).long(), 2.0, 0.25, None, 'none')
    assert loss.shape == (0, 3)
    loss.sum().backward()
    assert logits.grad.shape == (0, 3)


# ------------------------------------------------------------------ the other ones


@lite
def test_other_operators_name_themselves():
    from mmcv.ops import DeformConv2dPack, batched_nms, soft_nms

    boxes, scores = torch.rand(2, 4), torch.rand(2)
    with pytest.raises(
        NotImplementedError, match="operator 'softnms' needs a compiled.*install"
    ):
        soft_nms(boxes, scores)
    with pytest.raises(NotImplementedError, match="operator 'softnms'"):
        batched_nms(boxes, scores, torch.zeros(2), dict(type='soft_nms'))
    with pytest.raises(NotImplementedError, match="'deform_conv_forward'"):
        DeformConv2dPack(4, 4, 3, padding=1)(torch.rand(1, 4, 8, 8))


@lite
def test_mmengine_sees_no_compiled_extension():
    from mmengine.utils.dl_utils.misc import mmcv_full_available

    assert mmcv_full_available() is False


FAKE_EXTENSION = """
def nms(boxes, scores, iou_threshold, offset):
    return scores.new_tensor([1]).long()

def __getattr__(name):  # every other operator is there, too
    if name.startswith('__'):
        raise AttributeError(name)
    return lambda *args, **kwargs: name
"""

USES_FAKE_EXTENSION = """
import sys, torch
assert 'mmcv' not in sys.modules
import mmcv
mmcv.__path__.insert(0, sys.argv[1])  # before the file that `make setup` writes
import fashion_mmpose.plugin
from fashion_mmpose.stack import compat
from mmcv.ops import nms
assert compat.serve_operators() is False
assert sys.modules['mmcv._ext'].__file__.startswith(sys.argv[1])
print(nms(torch.rand(3, 4), torch.rand(3), 0.5)[1].tolist())
"""


@pytest.mark.slow
def test_a_compiled_mmcv_is_left_alone(tmp_path):
    """With an extension module in place, mmcv's operators are that module's."""
    (tmp_path / '_ext.py').write_text(FAKE_EXTENSION)
    (tmp_path / 'use.py').write_text(USES_FAKE_EXTENSION)
    options = '-W', 'ignore', 'use.py', tmp_path
    result = run_with_libraries(*options, cwd=tmp_path, check=False)
    assert result.stdout.splitlines()[-1:] == ['[1]'], result.stderr
