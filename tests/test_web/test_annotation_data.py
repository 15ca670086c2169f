"""The data sets of a training read what the page has saved."""

import json
from pathlib import Path

import cv2
import pytest

from fashion_mmpose.cli.main import main
from fashion_mmpose.garments import benchmark
from fashion_mmpose.synthetic import draw_deepfashion2
from fashion_mmpose.web.annotation import AnnotationFolder

pytest.importorskip('mmpose')

pytestmark = pytest.mark.slow


def test_check_data_finds_nothing_wrong(desk_of, sessions, tmp_path: Path, capsys):
    folder, out = tmp_path / 'pictures', tmp_path / 'corrected.json'
    folder.mkdir()
    for index in (5, 6):
        picture = draw_deepfashion2(20, index, 'long_sleeved_dress').image
        cv2.imwrite(str(folder / f'{index}.png'), picture)
    table = benchmark('deepfashion2')
    with (
        AnnotationFolder(folder, out, table) as task,
        sessions.of('me') as session,
    ):
        own = desk_of(task)
        own.open(session, 0)
        for _ in task.names:
            own.done(session)
    assert len(json.loads(out.read_text())['images']) == 2
    code = main(
        [
            'check-data',
            'res18_deepfashion2_mini',
            '--loaders',
            'test',
            '--workers',
            '1',
            '--cfg-options',
            f'test_dataloader.dataset.data_root={tmp_path}',
            'test_dataloader.dataset.ann_file=corrected.json',
            'test_dataloader.dataset.data_prefix.img=pictures/',
        ]
    )
    said = capsys.readouterr().out
    assert code == 0, said
    assert 'pictures: 2, broken: 0' in said
