"""One category after the other, without networks."""

import csv
import json

import pytest
from category_runs import write_weights

from fashion_mmpose import garments
from fashion_mmpose.commands.categories import steps, train_all
from fashion_mmpose.commands.categories.plan import plan_runs

CATEGORIES = ['blouse', 'skirt']


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Calls the command for some categories; both are trained by other means."""
    options = [
        f'{part}_dataloader.dataset.data_root={tmp_path}/data'
        for part in ('train', 'val', 'test')
    ]
    _, runs = plan_runs(
        'small/cpn_r18', CATEGORIES, tmp_path / 'work', options, test_only=True
    )
    for run in runs:
        garment = garments.benchmark('fashionai').garments[run.category]
        numbers = [10 * garment.category_id + i for i in range(3)]
        image = dict(width=100, height=100, category_id=garment.category_id)
        images = [dict(image, id=n, file_name=f'{n}.jpg') for n in numbers]
        run.ann_file.parent.mkdir(parents=True, exist_ok=True)
        content = dict(images=images, annotations=[], categories=[], info={})
        run.ann_file.write_text(json.dumps(content))
        write_weights(run.folder / 'epoch_1.pth')
        write_weights(run.folder / 'best_fashionai_NE_epoch_1.pth')

    def run_step(title, command, log):
        (run,) = (each for each in runs if str(each.predictions) in command)
        run.test_folder.mkdir(exist_ok=True)
        images = json.loads(run.ann_file.read_text())['images']
        entry = dict(score=1, keypoints=[5.0, 5.0, 1] * 24)
        predictions = [
            dict(entry, image_id=each['id'], category_id=each['category_id'])
            for each in images
        ]
        run.predictions.write_text(json.dumps(predictions))
        metrics = {'fashionai/NE': 0.1, 'fashionai/num_points': 5}
        content = dict(metrics=metrics, num_parameters=1, loop_seconds=1)
        (run.test_folder / 'metrics.json').write_text(json.dumps(content))

    monkeypatch.setattr(steps, 'run_step', run_step)

    def call(categories: str, *more: str) -> dict:
        work = str(tmp_path / 'work')
        command = ['small/cpn_r18', '--categories', categories, '--work-dir', work]
        command += ['--test-only', '--cfg-options', *options, *more]
        assert train_all.main(command) == 0
        with (tmp_path / 'work' / 'submission.csv').open(newline='') as file:
            rows = [row[1] for row in csv.reader(file)][1:]
        content = json.loads((tmp_path / 'work' / 'summary.json').read_text())
        states = {name: c['status'] for name, c in content['categories'].items()}
        return dict(rows=rows, states=states, points=content['total']['num_points'])

    return call


@pytest.mark.slow
def test_finished_categories_stay(call):
    assert call('skirt')['states'] == {'skirt': 'done'}
    both = call('blouse')
    assert both['states'] == {'blouse': 'done', 'skirt': 'done before'}
    assert both['rows'] == ['blouse'] * 3 + ['skirt'] * 3
    assert both['points'] == 10
    again = call('skirt')
    assert again['states'] == {'blouse': 'done before', 'skirt': 'done before'}
    assert again['rows'] == both['rows']
    # What was tested with other settings is no part of it.
    other = call('skirt', 'test_dataloader.batch_size=1')
    assert other['states'] == {'skirt': 'done'}
    assert other['rows'] == ['skirt'] * 3
