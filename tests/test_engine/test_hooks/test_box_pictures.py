"""Pictures of what a detector finds in a test."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData

from fashion_mmpose.engine import BoxPicturesHook
from fashion_mmpose.stack import compat


@pytest.mark.slow
def test_pictures_of_one_name_in_two_folders(tmp_path, monkeypatch):
    compat.require_mmdet()
    from mmdet.structures import DetDataSample
    from mmdet.visualization import DetLocalVisualizer

    monkeypatch.chdir(tmp_path)
    visualizer = DetLocalVisualizer.get_instance('box pictures')
    visualizer.dataset_meta = dict(classes=('skirt',), palette=[(255, 0, 0)])
    samples = []
    for path in ('images/a/1.png', 'images/b/1.png', 'images/2.png'):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shade = 40 * (1 + len(samples))
        cv2.imwrite(path, np.full((40, 30, 3), shade, np.uint8))
        found = InstanceData(
            bboxes=torch.zeros(0, 4), scores=torch.zeros(0), labels=torch.zeros(0)
        )
        sample = DetDataSample(metainfo=dict(img_path=path), pred_instances=found)
        samples.append(sample)
    paths = [sample.img_path for sample in samples]
    dataset = SimpleNamespace(pictures=lambda: dict.fromkeys(paths))
    runner = SimpleNamespace(
        test_dataloader=SimpleNamespace(dataset=dataset), work_dir='w', timestamp='now'
    )
    hook = BoxPicturesHook('drawn', draw=True)
    hook.before_test_epoch(runner)
    hook.after_test_iter(runner, 0, outputs=samples[:2])
    hook.after_test_iter(runner, 1, outputs=samples[2:])
    assert {path.name for path in tmp_path.iterdir()} == {'images', 'drawn'}
    shades = {
        name: cv2.imread(f'drawn/{name}').max()
        for name in ('a/1.png', 'b/1.png', '2.png')
    }
    assert shades == {'a/1.png': 40, 'b/1.png': 80, '2.png': 120}
