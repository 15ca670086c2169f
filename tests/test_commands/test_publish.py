"""The figures that a published folder tells."""

import json

import pytest

from fashion_mmpose.commands.publish import read_figures


def test_figures_of_several_tests(tmp_path):
    told = dict(
        pose={'fashionai/NE': 0.04, 'fashionai/PCK': None},
        det={'coco/bbox_mAP': 0.5, 'fashionai/NE': 0.04},
        other={'fashionai/NE': 0.06},
    )
    pose, det, other = (str(tmp_path / f'{name}.json') for name in told)
    for path, metrics in zip((pose, det, other), told.values()):
        with open(path, 'w', encoding='utf-8') as file:
            json.dump(dict(metrics=metrics), file)
    assert read_figures([pose, det]) == {'fashionai/NE': 0.04, 'coco/bbox_mAP': 0.5}
    message = f'{pose} and {other} have two figures of fashionai/NE, 0.04 and 0.06'
    with pytest.raises(ValueError, match=message):
        read_figures([pose, det, other])
