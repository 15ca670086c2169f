"""tools/train_all.py: trained, stopped, gone on with, tested, merged and scored."""

import csv
import json
import os
import re
import signal
import sys
import threading
import time
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from types import SimpleNamespace
from unittest.mock import patch

import pytest
import torch
from toolbox import CONFIG, ROOT, load_tool, run, warm_python

from fashion_mmpose import garments
from fashion_mmpose.synthetic import write_fashionai

pytestmark = pytest.mark.slow

NUM_TEST = 4
TRAINING = 'data/annotations/train_trousers.json'


def train_all(*arguments):
    """Run the tool in this process: exit code, and what it printed."""
    output = StringIO()
    with redirect_stdout(output), patch.object(sys, 'executable', warm_python()):
        code = load_tool('train_all.py').main(
            ['tiny.py', '--categories', 'trousers,skirt', *arguments]
        )
    return SimpleNamespace(code=code, output=output.getvalue())


@contextmanager
def interrupted_by(path, seconds=120):
    """Ctrl-C as soon as a file is there."""

    def watch():
        end = time.monotonic() + seconds
        while not path.exists():
            if time.monotonic() > end or done.wait(0.05):
                return
        os.kill(os.getpid(), signal.SIGINT)

    done = threading.Event()
    thread = threading.Thread(target=watch)
    # A shell starts what it runs in the background with Ctrl-C ignored.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        signal.signal(signal.SIGINT, handler)


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Drawn skirts and trousers, converted, and the recipe ``tiny.py``."""
    folder = tmp_path_factory.mktemp('categories')
    for seed, (part, num) in enumerate({'train': 7, 'test': NUM_TEST}.items()):
        write_fashionai(folder / 'data' / part, ['skirt', 'trousers'], num, seed, 1)
    run(
        ROOT / 'data_converters' / 'fashionai_to_coco.py',
        *('data', '--out', 'data/annotations', '--val-fraction', 0.3),
        cwd=folder,
    )
    recipe = CONFIG.format(root=ROOT, data='data')
    recipe = recipe.replace('demo/cpn_r18_fashionai_blouse', 'small/cpn_r18')
    # Enough epochs to be stopped among them.
    (folder / 'tiny.py').write_text(recipe.replace('max_epochs=4', 'max_epochs=8'))
    return folder


@pytest.fixture(scope='module')
def journey(folder):
    """Three calls: one category fails; mended but interrupted; to the end."""
    with pytest.MonkeyPatch.context() as here:
        here.chdir(folder)
        here.setenv('OMP_NUM_THREADS', '1')
        os.rename(TRAINING, 'hidden.json')
        failed = train_all()
        failed.summary = load(folder / 'work_dirs/tiny/summary.json')
        failed.weights = modified(folder / 'work_dirs/tiny/skirt')
        os.rename('hidden.json', TRAINING)
        # The third one may be cut off then: two are complete.
        with interrupted_by(folder / 'work_dirs/tiny/trousers/epoch_3.pth'):
            stopped = train_all()
        stopped.journal = load(folder / 'work_dirs/tiny/trousers/train_all.json')
        finished = train_all('--out', 'all.csv')
        finished.summary = load(folder / 'work_dirs/tiny/summary.json')
    return SimpleNamespace(
        folder=folder, failed=failed, stopped=stopped, finished=finished
    )


def load(path):
    return json.loads(path.read_text())


def modified(folder):
    """When the checkpoints and predictions of a category were written."""
    paths = [*folder.glob('*.pth'), folder / 'test' / 'predictions.json']
    return {path.name: path.stat().st_mtime_ns for path in paths}


def commands(call):
    """The scripts that a call started, with their categories."""
    pattern = r'^== (?:(\w+): )?(train$|go on|test$|merge$)'
    # Below the table, the end of a failed run's log may repeat its first lines.
    steps, _, _ = call.output.partition('\nwritten to ')
    return re.findall(pattern, steps, re.MULTILINE)


def test_the_others_go_on_when_one_fails(journey):
    call = journey.failed
    assert call.code == 1
    assert commands(call) == [
        ('skirt', 'train'),
        ('skirt', 'test'),
        ('trousers', 'train'),
        ('', 'merge'),
    ]
    skirt, trousers = call.summary['categories'].values()
    assert skirt['status'] == 'done' and trousers['status'] == 'training failed'
    assert trousers['error'] == 'train.py ended with exit code 1'
    assert call.summary['total']['num_points'] == skirt['num_points'] > 0
    assert call.summary['total']['ne'] == skirt['ne']
    # The reason stands below the table.
    report = call.output[call.output.index('training failed: train.py') :]
    assert f'{TRAINING} of train_dataloader does not exist' in report
    assert 'without trousers' in report


def test_an_interrupt_stops_at_once_and_loses_nothing(journey):
    call = journey.stopped
    assert call.code == 130
    # The skirts are neither trained nor tested again.
    assert commands(call) == [('trousers', 'train')]
    assert not call.journal['trained'] and call.journal['train_seconds'] > 0


def test_the_same_command_goes_on(journey):
    call = journey.finished
    assert call.code == 0
    assert commands(call) == [
        ('trousers', 'go on'),
        ('trousers', 'test'),
        ('', 'merge'),
    ]
    # Ctrl-C may come between epochs, or in the middle of one.
    begun = re.search(r'go on from (?:epoch_(\d+)|interrupted)\.pth', call.output)
    resumed = re.search(r'resumed epoch: (\d+)', call.output)
    assert resumed and begun and begun[1] in (resumed[1], None)
    epoch = int(resumed[1])
    assert epoch >= 3
    epochs = re.findall(r'Epoch\(train\)\s+\[\s*(\d+)\]', call.output)
    assert sorted({int(number) for number in epochs}) == list(range(epoch + 1, 9))
    work_dir = journey.folder / 'work_dirs' / 'tiny'
    assert modified(work_dir / 'skirt') == journey.failed.weights
    skirt, trousers = call.summary['categories'].values()
    assert skirt['status'] == 'done before' and trousers['status'] == 'done'
    before = journey.failed.summary['categories']['skirt']
    assert {**skirt, 'status': 'done'} == before
    assert trousers['train_seconds'] > journey.stopped.journal['train_seconds']


@pytest.mark.parametrize('category', ['skirt', 'trousers'])
def test_parameters_are_those_of_the_checkpoint(journey, category):
    (best,) = (journey.folder / 'work_dirs/tiny' / category).glob('best_*.pth')
    weights = torch.load(best, weights_only=True)['state_dict']
    assert weights['head.refine_net.output.1.weight'].shape[0] == len(
        garments.keypoints('fashionai', category)
    )
    num = sum(
        tensor.numel()
        for name, tensor in weights.items()
        if not name.endswith(('running_mean', 'running_var', 'num_batches_tracked'))
    )
    figures = journey.finished.summary['categories'][category]
    assert figures['num_parameters'] == num
    assert figures['num_images'] == NUM_TEST


def test_the_total_is_the_score_of_the_merged_file(journey, monkeypatch, capsys):
    monkeypatch.chdir(journey.folder)
    answers = 'data/test/Annotations/annotations.csv'
    score = load_tool('score_fashionai.py')
    assert score.main([answers, 'all.csv', '--json', 'score.json']) == 0
    assert 'without prediction: 0' in capsys.readouterr().out
    scored = load(journey.folder / 'score.json')
    total = journey.finished.summary['total']
    assert total['num_points'] == scored['num_points'] > 30
    # The file holds whole pixels: half a pixel on garments of some 100 px.
    assert total['ne'] == pytest.approx(scored['ne'], abs=5e-3)
    for category, figures in journey.finished.summary['categories'].items():
        assert figures['num_points'] == scored['per_category'][category]['num_points']
        assert figures['ne'] == pytest.approx(
            scored['per_category'][category]['ne'], abs=5e-3
        )
    # The total is over points, and not the mean of the two errors.
    errors = [f['ne'] for f in journey.finished.summary['categories'].values()]
    assert abs(total['ne'] - sum(errors) / 2) > 1e-4
    with open('all.csv', newline='') as file:
        rows = list(csv.reader(file))
    assert len(rows) == 1 + 2 * NUM_TEST and len(rows[1]) == 26
    assert journey.finished.summary['submission'] == 'all.csv'


def test_other_options_are_refused(journey, monkeypatch, capsys):
    monkeypatch.chdir(journey.folder)
    before = modified(journey.folder / 'work_dirs/tiny/trousers')
    call = train_all('--cfg-options', 'optim_wrapper.optimizer.lr=0.1')
    assert call.code == 1 and commands(call) == []
    message = capsys.readouterr().err
    assert 'trousers: optim_wrapper.optimizer.lr was 0.003, is 0.1' in message
    assert '--restart' in message
    assert modified(journey.folder / 'work_dirs/tiny/trousers') == before


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['--categories', 'hat'], "categories 'hat': expected names out of blouse"),
        (['--cfg-options', 'lr'], '--cfg-options lr: expected KEY=VALUE'),
    ],
    ids=['category', 'option'],
)
def test_errors_are_one_line(folder, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(folder)
    assert train_all(*arguments).code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith('error: ') and message in line
