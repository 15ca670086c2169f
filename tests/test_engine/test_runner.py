"""Runners whose weights must fit."""

import copy
import json
import os
from logging import FileHandler
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config, config
from mmengine.logging import MessageHub, MMLogger
from mmengine.registry import DefaultScope
from mmengine.visualization import Visualizer
from toy_training import Line, Numbers, toy_runner

from fashion_mmpose.engine.runner import ScoringRunner, TrainingRunner
from fashion_mmpose.weights import WeightsError

EMA = dict(custom_hooks=[dict(type='EMAHook', momentum=0.5)])


class Wide(Line):
    """The same names, another shape."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1, 3)


class Deep(Line):
    """One layer more."""

    def __init__(self):
        super().__init__()
        self.more = torch.nn.Linear(1, 1)


class Known(Line):
    """It goes on from a narrower one, of which it says how."""

    def __init__(self):
        super().__init__()
        self.more = torch.nn.Linear(2, 1)

    def widened(self, tensors, prefix):
        weight = tensors[f'{prefix}more.weight']
        return {**tensors, f'{prefix}more.weight': torch.cat([weight, 0 * weight], 1)}


class Garments(Numbers):
    metainfo = dict(
        benchmark='fashionai', dataset_name='fashionai_skirt', categories=('skirt',)
    )


def runner(folder, runner_type=TrainingRunner, max_epochs=1, **kwargs):
    return toy_runner(folder, [0.5] * 3, max_epochs, runner_type=runner_type, **kwargs)


def saved(path, model, **dataset_meta):
    meta = dict(dataset_meta=dataset_meta) if dataset_meta else {}
    torch.save(dict(state_dict=model.state_dict(), meta=meta), path)
    return str(path)


@pytest.fixture
def line(tmp_path):
    return saved(tmp_path / 'line.pth', Line())


def weights_in_use(run):
    """The weights with which a test scores."""
    seen = []

    def look(module, args, output):
        seen.append({k: v.clone() for k, v in run.model.state_dict().items()})

    run.model.layer.register_forward_hook(look)
    run.test()
    return seen[0]


def test_a_test_uses_just_the_weights(tmp_path, line):
    run = runner(tmp_path / 'run', ScoringRunner, load_from=line)
    weights = weights_in_use(run)
    for name, value in torch.load(line, weights_only=True)['state_dict'].items():
        assert torch.equal(weights[name], value)


def test_moving_averages_are_tested(tmp_path):
    runner(tmp_path / 'run', max_epochs=3, **EMA).train()
    path = tmp_path / 'run' / 'epoch_3.pth'
    content = torch.load(path, weights_only=True)
    assert not torch.equal(
        content['state_dict']['layer.weight'],
        content['ema_state_dict']['module.layer.weight'],
    )
    for hooks in (EMA, {}):
        run = runner(tmp_path / 'test', ScoringRunner, load_from=str(path), **hooks)
        weights = weights_in_use(run)
        assert torch.equal(
            weights['layer.weight'], content['state_dict']['layer.weight']
        )


def test_the_config_is_formatted_once(tmp_path, monkeypatch):
    """For the log, both copies and every checkpoint; anew where it has changed."""
    calls = []
    real = config.FormatCode

    def format_code(text, **kwargs):
        calls.append(text)
        return real(text, **kwargs)

    monkeypatch.setattr(config, 'FormatCode', format_code)
    cfg = Config(dict(names=['a', 'b'], part=dict(number=1)))
    run = runner(tmp_path, max_epochs=3, cfg=cfg)
    run.train()
    assert len(calls) == 1
    (copy,) = tmp_path.glob('*.py')
    checkpoint = torch.load(tmp_path / 'epoch_3.pth', weights_only=True)
    assert copy.read_text() == checkpoint['meta']['cfg'] == cfg.pretty_text
    run.cfg.part.number = cfg.part.number = 2
    assert run.cfg.pretty_text == cfg.pretty_text


@pytest.mark.parametrize('other', [Wide, Deep], ids=['shape', 'name'])
def test_weights_of_another_network_are_not_tested(tmp_path, line, other):
    run = runner(tmp_path / 'run', ScoringRunner, model=other(), load_from=line)
    with pytest.raises(WeightsError, match=r'line\.pth does not fit the config: '):
        run.test()


def test_weights_for_other_garments_are_not_tested(tmp_path):
    loader = dict(dataset=Garments(), batch_size=2, sampler=dict(type='DefaultSampler'))

    def run(**meta):
        path = saved(tmp_path / 'line.pth', Line(), **meta)
        weights = dict(load_from=path, test_dataloader=loader)
        runner(tmp_path / 'run', ScoringRunner, **weights).test()

    run(dataset_name='fashionai_skirt', categories=('skirt',))
    run()  # weights that tell nothing
    with pytest.raises(WeightsError, match='trained for fashionai_dress, the config'):
        run(dataset_name='fashionai_dress', categories=('dress',))
    with pytest.raises(WeightsError, match=r"trained for \('dress',\), the config is"):
        run(dataset_name='fashionai_skirt', categories=('dress',))


def test_a_start_from_other_garments_is_logged(tmp_path):
    model = Deep()
    model.more = torch.nn.Linear(1, 3)
    path = saved(tmp_path / 'deep.pth', model, dataset_name='deepfashion2')
    loader = dict(dataset=Garments(), batch_size=2, sampler=dict(type='DefaultSampler'))
    options = dict(model=Deep(), load_from=path, log_level='INFO')
    runner(tmp_path / 'run', train_dataloader=loader, **options).train()
    log = log_of(tmp_path / 'run')
    assert (
        'deep.pth was trained for deepfashion2, this run is for fashionai_skirt' in log
    )
    assert 'deep.pth: 2 of another shape: more.weight (3, 1), not (1, 1)' in log
    assert 'tensors taken over: layer 2 of 2, more 0 of 2' in log


def test_a_start_from_a_network_that_knew_less(tmp_path):
    path = saved(tmp_path / 'deep.pth', Deep())
    options = dict(model=Known(), load_from=path, log_level='INFO')
    run = runner(tmp_path / 'run', **options)
    run.load_or_resume()
    known = torch.load(path, weights_only=True)['state_dict']['more.weight']
    assert run.model.more.weight.tolist() == [[known.item(), 0]]
    log = log_of(tmp_path / 'run')
    assert 'tensors taken over: layer 2 of 2, more 2 of 2' in log
    assert 'of another shape' not in log


def test_a_test_on_whole_pictures_says_what_the_training_was_on(tmp_path):
    class Whole(Garments):
        metainfo = dict(Garments.metainfo, bbox_source='image')

    loader = dict(dataset=Whole(), batch_size=2, sampler=dict(type='DefaultSampler'))
    for source in ('annotation', 'image'):
        path = saved(
            tmp_path / 'line.pth',
            Line(),
            dataset_name='fashionai_skirt',
            categories=('skirt',),
            bbox_source=source,
        )
        settings = dict(load_from=path, test_dataloader=loader, log_level='INFO')
        runner(tmp_path / source, ScoringRunner, **settings).test()
        said = 'is tested on whole pictures' in log_of(tmp_path / source)
        assert said == (source == 'annotation')


def log_of(folder):
    return '\n'.join(path.read_text() for path in sorted(folder.glob('*/*.log')))


def test_training_says_what_it_leaves_out(tmp_path, line):
    run = runner(tmp_path / 'run', model=Deep(), load_from=line, log_level='INFO')
    run.train()
    log = log_of(tmp_path / 'run')
    assert 'line.pth: 2 as initialised, for the file has none: more.weight' in log
    wide = saved(tmp_path / 'wide.pth', Wide())
    deep = torch.load(line, weights_only=True)['state_dict']
    mixed = {**torch.load(wide, weights_only=True)['state_dict'], 'other': deep}
    mixed['other'] = torch.zeros(2)
    mixed['layer.bias'] = deep['layer.bias']
    torch.save(dict(state_dict=mixed), tmp_path / 'mixed.pth')
    path = str(tmp_path / 'mixed.pth')
    run = runner(tmp_path / 'two', load_from=path, log_level='INFO')
    run.train()
    log = log_of(tmp_path / 'two')
    assert '1 of another shape: layer.weight (3, 1), not (1, 1)' in log
    assert '1 unknown to the network: other' in log


def test_training_stops_when_nothing_fits(tmp_path):
    path = saved(tmp_path / 'wide.pth', Wide())
    run = runner(tmp_path / 'run', load_from=path)
    with pytest.raises(WeightsError, match='not one of its 2 tensors has name and'):
        run.train()


def test_another_network_is_not_resumed(tmp_path):
    runner(tmp_path / 'run').train()
    path = str(tmp_path / 'run' / 'epoch_1.pth')
    run = runner(tmp_path / 'run', model=Wide(), load_from=path, resume=True)
    with pytest.raises(WeightsError, match='cannot be resumed with the config: '):
        run.train()
    runner(tmp_path / 'run', max_epochs=2, load_from=path, resume=True).train()


def test_a_training_that_is_done_says_so(tmp_path, caplog):
    runner(tmp_path / 'run', max_epochs=2).train()
    path = str(tmp_path / 'run/epoch_2.pth')
    again = dict(load_from=path, resume=True, log_level='WARNING')
    for epochs, told in ((3, False), (2, True)):
        run = runner(tmp_path / f'run{epochs}', max_epochs=epochs, **again)
        run.logger.addHandler(caplog.handler)
        caplog.clear()
        run.train()
        assert any('has all 2 iterations' in text for text in caplog.messages) is told


def test_weights_alone_are_not_resumed(tmp_path):
    runner(tmp_path / 'run').train()
    stored = torch.load(tmp_path / 'run/epoch_1.pth', weights_only=True)
    path = tmp_path / 'weights.pth'
    for content in (
        dict(state_dict=stored['state_dict'], meta=dict(averaged=[])),
        dict(state_dict=stored['state_dict']),
    ):
        torch.save(content, path)
        run = runner(tmp_path / 'other', load_from=str(path), resume=True)
        with pytest.raises(WeightsError, match='--cfg-options load_from='):
            run.train()


def test_a_training_without_validation_is_resumed(tmp_path):
    none = dict(val_dataloader=None, val_cfg=None, val_evaluator=None)
    none |= dict(randomness=dict(seed=0))
    torch.manual_seed(0)
    whole = runner(tmp_path / 'whole', max_epochs=3, **none)
    whole.train()
    torch.manual_seed(0)
    runner(tmp_path / 'run', max_epochs=2, **none).train()
    path = str(tmp_path / 'run/epoch_2.pth')
    resumed = runner(
        tmp_path / 'run', max_epochs=3, load_from=path, resume=True, **none
    )
    resumed.train()
    assert resumed.epoch == 3
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(resumed.model.state_dict()[name], tensor)
    assert (tmp_path / 'run' / 'epoch_2.pth').is_file()


@pytest.mark.parametrize('runner_type', [TrainingRunner, ScoringRunner])
def test_the_config_is_never_cut(tmp_path, monkeypatch, runner_type):
    real, written = os.replace, []

    def replace(source, target):
        if target.suffix == '.py':
            written.append(Path(source).read_text())
            assert not target.exists()
        real(source, target)

    monkeypatch.setattr(os, 'replace', replace)
    run = runner(tmp_path / 'run', runner_type, cfg=Config(dict(number=1)))
    (path,) = (tmp_path / 'run').glob('*.py')
    assert path.read_text() == run.cfg.pretty_text
    # The other one is MMEngine's copy in vis_data/.
    assert written == [run.cfg.pretty_text] * 2


def test_a_test_leaves_the_config_of_the_training(tmp_path, line):
    folder = tmp_path / 'run'
    for runner_type, number in ((TrainingRunner, 1), (ScoringRunner, 2)):
        path = tmp_path / f'{number}' / 'tiny.py'
        path.parent.mkdir()
        path.write_text(f'number = {number}')
        runner(folder, runner_type, cfg=Config.fromfile(path))
    assert Config.fromfile(folder / 'tiny.py').number == 1
    assert Config.fromfile(folder / 'tested_tiny.py').number == 2


def runs_in_one_second(tmp_path, monkeypatch):
    """Two runs that MMEngine would give the same names."""
    monkeypatch.setattr('time.time', lambda: 1_700_000_000.0)
    visualizer = dict(
        type='PoseLocalVisualizer',
        name='visualizer',
        vis_backends=[dict(type='LocalVisBackend')],
    )
    return [
        runner(
            tmp_path / name,
            max_epochs=epochs,
            experiment_name='same',
            visualizer=copy.deepcopy(visualizer),
            log_level='INFO',
            default_hooks=dict(logger=dict(type='LoggerHook', interval=1)),
        )
        for name, epochs in (('one', 3), ('two', 2))
    ]


def scalars_in(folder):
    (path,) = folder.glob('*/vis_data/scalars.json')
    steps = map(json.loads, path.read_text().splitlines())
    return [step['iter'] for step in steps if 'loss' in step]


@pytest.mark.parametrize('order', [(0, 1), (1, 0)], ids=['in order', 'crossed'])
def test_two_runs_of_a_process_share_nothing(tmp_path, monkeypatch, order):
    runs = runs_in_one_second(tmp_path, monkeypatch)
    for kind in ('logger', 'message_hub', 'visualizer', 'default_scope'):
        assert getattr(runs[0], kind) is not getattr(runs[1], kind)
    for number in order:
        runs[number].train()
        # What metrics and losses write to.
        assert MMLogger.get_current_instance() is runs[number].logger
        assert MessageHub.get_current_instance() is runs[number].message_hub
        assert Visualizer.get_current_instance() is runs[number].visualizer
        assert DefaultScope.get_current_instance() is runs[number].default_scope
    assert scalars_in(tmp_path / 'one') == [1, 2, 3]
    assert scalars_in(tmp_path / 'two') == [1, 2]
    for name, other in (('one', 'two'), ('two', 'one')):
        log = log_of(tmp_path / name)
        assert f'{tmp_path / name}' in log
        assert f'{tmp_path / other}' not in log
    assert [run.message_hub.get_info('epoch') for run in runs] == [2, 1]


def test_a_log_that_cannot_be_written_ends_the_run(tmp_path, capfd):
    """On a full disk, logging alone would print a traceback for every line."""
    runner = toy_runner(tmp_path / 'run', [0.5], 1, runner_type=TrainingRunner)
    (handler,) = [h for h in runner.logger.handlers if isinstance(h, FileHandler)]
    full = open('/dev/full', 'w')  # noqa: SIM115
    handler.setStream(full).close()
    with pytest.raises(OSError, match='No space left') as caught:
        runner.logger.error('a line')
    assert caught.value.filename == handler.baseFilename
    runner.logger.error('another line')  # is not tried again
    handler.stream = None
    with pytest.raises(OSError, match='No space left'):
        full.close()
    assert 'Traceback' not in capfd.readouterr().err


def test_files_of_a_run_appear_as_a_whole(tmp_path, monkeypatch):
    """What is written in place is lost when the run is killed meanwhile."""
    written = []
    replace = os.replace

    def noting(old, new):
        written.append(os.path.basename(new))
        replace(old, new)

    monkeypatch.setattr(os, 'replace', noting)
    runner = toy_runner(tmp_path / 'run', [0.5], 1, runner_type=TrainingRunner)
    runner.visualizer.add_config(runner.cfg)
    runner.visualizer.add_image('stages', np.full((4, 6, 3), [1, 2, 3], np.uint8))
    runner.call_hook('before_run')
    runner.call_hook('after_test_epoch', metrics={})
    names = {'config.py', 'stages_0.png', f'{runner.timestamp}.json'}
    assert names <= set(written)
    (picture,) = tmp_path.rglob('stages_0.png')
    assert cv2.imread(str(picture))[0, 0].tolist() == [3, 2, 1]
