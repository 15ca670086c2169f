"""data_converters/predictions_to_tianchi.py as a user runs it, and its score."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from mmengine.logging import MessageHub
from toolbox import ROOT, load_tool, run

from fashion_mmpose import garments
from fashion_mmpose.evaluation.metrics import NormalizedError, PredictionFile
from fashion_mmpose.formats.coco.results import write_predictions
from fashion_mmpose.formats.fashionai.tianchi import read_tianchi, write_tianchi

CONVERTER = ROOT / 'data_converters' / 'fashionai_to_coco.py'
SCRIPT = ROOT / 'data_converters' / 'predictions_to_tianchi.py'
CATEGORIES = garments.categories('fashionai')
NUM_IMAGES = 15
MISSING = 7  # the place of an image in the list


def load(path: Path):
    return json.loads(path.read_text())


@pytest.fixture(scope='module')
def main():
    spec = importlib.util.spec_from_file_location('predictions_to_tianchi', SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


@pytest.fixture(scope='module')
def annotated(tmp_path_factory):
    """A folder with answers for all categories, in mixed order, as CSV and JSON."""
    folder = tmp_path_factory.mktemp('annotated')
    rng = np.random.default_rng(0)
    names, categories = [], []
    rows = np.full((NUM_IMAGES, 24, 3), -1)
    for i, row in enumerate(rows):
        garment = garments.garment('fashionai', CATEGORIES[i * 2 % 5])
        names.append(f'Images/{garment.name}/{i:02}.jpg')
        categories.append(garment.name)
        cells = rng.integers(0, 512, (len(garment.channels), 3))
        cells[:, 2] = rng.integers(-1, 2, len(cells))
        cells[cells[:, 2] == -1] = -1
        row[list(garment.channels)] = cells
    write_tianchi(folder / 'answers.csv', names, categories, rows)
    run(
        CONVERTER,
        *('--csv', 'answers.csv', '--image-root', '.', '--split', 'test'),
        *('--image-size', 512, 512, '--out', 'coco'),
        cwd=folder,
    )
    return folder


def samples_of(path: Path, rng: np.random.Generator) -> list[dict]:
    """What a run with whole-pixel predictions hands to the metrics."""
    content = load(path)
    samples = []
    for annotation in content['annotations']:
        truth = np.reshape(annotation['keypoints'], (-1, 3))[:, :2]
        # Some lie outside of the picture, some exactly at (-1, -1).
        xy = truth + rng.integers(-30, 30, truth.shape)
        xy[rng.random(len(xy)) < 0.1] = -1
        instances = dict(
            keypoints=xy[None].astype(np.float32),
            keypoint_scores=rng.random((1, len(xy))).astype(np.float32),
            bboxes=np.array([[0, 0, 512, 512]], np.float32),
            bbox_scores=np.ones(1, np.float32),
        )
        samples.append(
            dict(
                img_id=annotation['image_id'],
                category_id=annotation['category_id'],
                raw_ann_info=annotation,
                pred_instances=instances,
            )
        )
    return samples


def evaluate(metric, samples: list[dict]) -> dict:
    metric.process(None, samples)
    return metric.evaluate(len(samples))


@pytest.fixture(scope='module')
def predicted(annotated):
    """The folder, five prediction files, and all samples by image id."""
    rng = np.random.default_rng(1)
    samples = {}
    for category in CATEGORIES:
        ann_file = annotated / 'coco' / f'test_{category}.json'
        found = samples_of(ann_file, rng)
        metric = PredictionFile(
            [annotated / f'{category}.json', annotated / f'{category}.csv']
        )
        metric.dataset_meta = dict(dataset_name=f'fashionai_{category}')
        hub = MessageHub.get_current_instance()
        hub.update_info(f'fashionai_{category}_ann_file', str(ann_file))
        evaluate(metric, found)
        samples |= {sample['img_id']: sample for sample in found}
    return annotated, samples


def arguments(*categories: str) -> list[str]:
    return [
        *(f'{category}.json' for category in categories),
        '--ann-file',
        *(f'coco/test_{category}.json' for category in categories),
    ]


def test_scores_as_the_metric(predicted):
    """Exactly: predictions are whole pixels, and rows in the order of the run."""
    folder, samples = predicted
    files = ['--ann-file', 'coco/test_all.json', '--out', 'all/all.csv']
    result = run(SCRIPT, *(f'{c}.json' for c in CATEGORIES), *files, cwd=folder)
    assert result.stdout.splitlines()[-2].split() == ['all', '15', '15', '0']
    gt = read_tianchi(folder / 'answers.csv')
    merged = read_tianchi(folder / 'all' / 'all.csv', predictions=True)
    assert merged.image_ids == gt.image_ids
    for category, row in zip(merged.categories, merged.keypoints):
        own = list(garments.garment('fashionai', category).channels)
        assert (row[own, 2] == 1).all()
        assert (np.delete(row, own, axis=0) == -1).all()

    arguments = [folder / 'answers.csv', folder / 'all' / 'all.csv']
    arguments += ['--json', folder / 'score.json']
    assert load_tool('score_fashionai.py').main([str(a) for a in arguments]) == 0
    score = load(folder / 'score.json')
    in_order = [samples[image_id] for image_id in sorted(samples)]
    metrics = evaluate(NormalizedError(per_keypoint=True), in_order)
    assert metrics['fashionai/NE'] == score['ne'] > 0
    assert metrics['fashionai/num_points'] == score['num_points'] > 20
    for category in CATEGORIES:
        own = [s for s in in_order if f'/{category}/' in gt.image_ids[s['img_id'] - 1]]
        alone = evaluate(NormalizedError(), own)['fashionai/NE']
        in_all = metrics[f'fashionai/NE_{category}']
        assert alone == in_all == score['per_category'][category]['ne'] > 0


def test_is_what_a_test_run_writes(predicted, main, monkeypatch):
    folder, _ = predicted
    monkeypatch.chdir(folder)
    for category in CATEGORIES:
        assert main([*arguments(category), '--out', 'one.csv']) == 0
        written = (folder / 'one.csv').read_bytes()
        assert written == (folder / f'{category}.csv').read_bytes()


def test_orders(predicted, main, monkeypatch):
    folder, _ = predicted
    monkeypatch.chdir(folder)
    assert main([*arguments('skirt', 'blouse'), '--out', 'two.csv']) == 0
    rows = (folder / 'two.csv').read_text().splitlines()
    parts = [
        (folder / f'{c}.csv').read_text().splitlines() for c in ('skirt', 'blouse')
    ]
    assert rows == [parts[0][0], *parts[0][1:], *parts[1][1:]]

    gt = read_tianchi('answers.csv')
    (folder / 'list.csv').write_text(
        ''.join(f'{i},{c}\r\n' for i, c in zip(gt.image_ids[::-1], gt.categories[::-1]))
    )
    listed = [*arguments(*CATEGORIES), '--out', 'listed.csv', '--test-list', 'list.csv']
    assert main(listed) == 0
    listed = read_tianchi('listed.csv', predictions=True)
    assert listed.image_ids == gt.image_ids[::-1]


def test_missing_image(predicted, main, monkeypatch, capsys, tmp_path):
    folder, _ = predicted
    monkeypatch.chdir(folder)
    image = load(folder / 'coco/test_all.json')['images'][MISSING]
    category = CATEGORIES[image['category_id'] - 1]
    kept = [
        e for e in load(folder / f'{category}.json') if e['image_id'] != image['id']
    ]
    write_predictions(tmp_path / 'holes.json', kept)
    out = tmp_path / 'out' / 'holes.csv'
    command = [str(tmp_path / 'holes.json'), *arguments(category)[1:]]
    assert main([*command, '--out', str(out)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith('error: 1 of 3 images have no prediction')
    assert image['file_name'] in line
    assert not out.parent.exists()

    assert main([*command, '--out', str(out), '--allow-missing']) == 0
    printed = capsys.readouterr()
    assert printed.err == (
        f'warning: {image["file_name"]}: no prediction, filled with the mean shape\n'
    )
    assert printed.out.splitlines()[1].split() == [category, '3', '2', '1']
    table = read_tianchi(out, predictions=True)
    filled = table.image_ids.index(image['file_name'])
    others = np.delete(table.keypoints, filled, axis=0)
    own = list(garments.garment('fashionai', category).channels)
    # All pictures are of one size, so the mean shape is the mean of the pixels.
    np.testing.assert_array_equal(
        table.keypoints[filled][own], np.rint(others.mean(axis=0)[own])
    )


@pytest.mark.parametrize(
    'command, message',
    [
        pytest.param(
            ['skirt.json', 'coco/test_all.json'],
            "12 of 15 images have no prediction of their category: 'Images/blouse/00",
            id='missing',
        ),
        pytest.param(
            ['skirt.json', 'coco/test_dress.json'],
            '3 predictions are of images that the list of images does not have: image',
            id='unknown',
        ),
        pytest.param(
            ['skirt.json', 'copy.json', 'coco/test_skirt.json'],
            '3 images are predicted by two files',
            id='twice',
        ),
        pytest.param(['answers.csv', 'coco/test_all.json'], 'answers.csv is', id='CSV'),
        pytest.param(['none.json', 'coco/test_all.json'], 'none.json', id='no file'),
        pytest.param(['skirt.json', 'skirt.json'], 'it lists no `images`', id='list'),
    ],
)
def test_errors_are_one_line(predicted, main, monkeypatch, capsys, command, message):
    folder, _ = predicted
    monkeypatch.chdir(folder)
    (folder / 'copy.json').write_bytes((folder / 'skirt.json').read_bytes())
    *predictions, ann_file = command
    assert main([*predictions, '--ann-file', ann_file, '--out', 'no.csv']) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith('error: ') and message in line
    assert not (folder / 'no.csv').exists()


def test_a_file_given_twice(main, capsys):
    with pytest.raises(SystemExit):
        main(['a.json', 'a.json', '--ann-file', 'b.json', '--out', 'c.csv'])
    assert 'a.json: given twice' in capsys.readouterr().err


@pytest.mark.slow
def test_starts_without_mmpose(predicted):
    folder, _ = predicted
    code = (
        'import runpy, sys\n'
        "sys.modules['mmpose'] = sys.modules['torch'] = None  # not importable\n"
        'sys.argv = sys.argv[1:]\n'
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    command = [SCRIPT, *arguments('skirt'), '--out', 'light.csv']
    result = subprocess.run(
        [sys.executable, '-c', code, *map(str, command)],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert 'written to light.csv' in result.stdout


@pytest.mark.slow
def test_real_predictions(fashion_data, main, tmp_path, capsys):
    """Published predictions of test_a, in which one skirt is missing."""
    data = fashion_data / 'fashionai'
    answers = data / 'fashionAI_key_points_test_a_answer_20180426.csv'
    run(
        CONVERTER,
        *('--csv', answers, '--image-root', '.', '--split', 'test_a'),
        *('--image-size', 512, 512, '--out', 'coco'),
        cwd=tmp_path,
    )
    content = load(tmp_path / 'coco' / 'test_a_all.json')
    ids = {image['file_name']: image['id'] for image in content['images']}
    table = read_tianchi(data / 'predictions_test_a_no_header.csv', predictions=True)
    entries = {category: [] for category in CATEGORIES}
    for name, category, row in zip(table.image_ids, table.categories, table.keypoints):
        garment = garments.garment('fashionai', category)
        entry = dict(image_id=ids[name], category_id=garment.category_id, score=1.0)
        entry['keypoints'] = row[list(garment.channels)].ravel().tolist()
        entries[category].append(entry)
    for category in CATEGORIES:
        write_predictions(tmp_path / f'{category}.json', entries[category])
    command = [str(tmp_path / f'{c}.json') for c in CATEGORIES]
    command += ['--ann-file', str(tmp_path / 'coco' / 'test_a_all.json')]
    command += ['--test-list', str(answers), '--out', str(tmp_path / 'a.csv')]
    assert main(command) == 1
    assert '1 of 9996 images have no prediction' in capsys.readouterr().err
    assert main([*command, '--allow-missing']) == 0
    scores = tmp_path / 'score.json'
    arguments = [str(answers), str(tmp_path / 'a.csv'), '--json', str(scores)]
    assert load_tool('score_fashionai.py').main(arguments) == 0
    score = load(scores)
    assert (score['num_points'], score['num_missing_images']) == (82410, 0)
    # 0.0431421 over the 82,408 points of the others; 0.0431653 with the image unfilled.
    assert 0.0431421 < score['ne'] < 0.0431653
