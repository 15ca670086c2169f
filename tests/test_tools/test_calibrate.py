"""tools/calibrate.py: a network's errors become its covariances."""

import json
import os

import numpy as np
import pytest
from toolbox import load_tool, tool

from fashion_mmpose import GarmentInferencer
from fashion_mmpose.measure.uncertainty.calibration import read_calibration

pytestmark = pytest.mark.slow

CHECKPOINT = 'work_dirs/tiny/epoch_4.pth'


def test_it_is_found_beside_the_checkpoint(trained, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(trained)
    plot = tmp_path / 'reliability.png'
    call = load_tool('calibrate.py').main
    weights = tmp_path / 'tiny.pth'
    weights.write_bytes((trained / CHECKPOINT).read_bytes())
    options = '--part', 'test', '--device', 'cpu', '--plot', plot
    assert call([str(each) for each in ('tiny.py', weights, *options)]) == 0
    printed = capsys.readouterr().out
    assert 'hold, before' in printed and 'hold, after' in printed
    assert plot.stat().st_size > 5000
    path = tmp_path / 'tiny.calibration.json'
    calibration = read_calibration(path)
    assert len(calibration.scales) == 24
    report = json.loads(path.read_text())['report']
    assert report['points'] > 30 and 0 <= report['after']['ece'] <= 1
    assert 'points are within 0.1 units; ECE of scores' in printed
    assert 0 <= report['near'] <= 1 and 0 <= report['after']['score_ece'] <= 1
    assert calibration.curve.measure == 'NE' and calibration.curve.tolerance == 0.1

    assert (
        call(
            [str(each) for each in ('tiny.py', weights, *options[:4], '--check', path)]
        )
        == 0
    )
    checked = capsys.readouterr().out
    assert 'hold, after' in checked and 'written' not in checked

    picture = next((trained / 'data/test').rglob('*.jpg'))
    plain, fitted = (
        GarmentInferencer('tiny.py', each, device='cpu').predict(picture).garments[0]
        for each in (CHECKPOINT, weights)
    )
    np.testing.assert_array_equal(plain.keypoints, fitted.keypoints)
    assert np.isinf(plain.dof) and fitted.dof == calibration.dof
    expected = calibration.applied(plain)
    np.testing.assert_array_equal(fitted.probabilities, expected.probabilities)
    assert plain.probabilities is None
    np.testing.assert_allclose(fitted.covariances, expected.covariances, rtol=1e-5)

    # The report of a test takes it from beside the checkpoint.
    report = tmp_path / 'report.html'
    weights = os.path.relpath(weights, trained)
    tool('test.py', 'tiny.py', weights, '--report', report, cwd=trained)
    assert 'key points, probabilities' in report.read_text()


def test_another_tolerance(trained, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(trained)
    call = load_tool('calibrate.py').main
    out = tmp_path / 'wide.calibration.json'
    options = '--part', 'test', '--device', 'cpu', '--out', str(out)
    arguments = ['tiny.py', CHECKPOINT, *options, '--tolerance', '100']
    assert call(arguments) == 0
    assert '100.0 % of the points are within 100 units' in capsys.readouterr().out
    assert min(read_calibration(out).curve.probabilities) > 0.9
    for wrong in (['--tolerance', '0'], ['--tolerance', '1', '--check', str(out)]):
        with pytest.raises(SystemExit, match='2'):
            call([*arguments[:2], *options, *wrong])
        assert '--tolerance' in capsys.readouterr().err


def test_a_calibration_of_another_network_is_refused(
    trained, monkeypatch, tmp_path, capsys
):
    monkeypatch.chdir(trained)
    call = load_tool('calibrate.py').main
    own = dict(power=1, dof=4, keypoints=dict(hood=[1, 0.1]))
    other = tmp_path / 'other.json'
    other.write_text(json.dumps(dict(calibration=own)))
    arguments = 'tiny.py', CHECKPOINT, '--part', 'test', '--check', str(other)
    assert call([*arguments]) == 1
    assert 'fitted to another network: it has no neckline_left' in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(
    'options, message',
    [
        (['--out', '.'], '. is a folder'),
        (['--out', './a.pth'], 'a.pth is an input, which would be written over'),
        (['--plot', 'plot.txt'], '--plot plot.txt: its name must end in .png'),
        (['--plot', 'plot'], '--plot plot: its name must end in .png'),
        (['--plot', 'a.pth/plot.png'], 'a.pth'),
    ],
)
def test_wrong_places_are_found_before_the_work(
    tmp_path, monkeypatch, capsys, options, message
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'a.pth').touch()
    called = 'fashion_mmpose.commands.calibration.calibrate.PoseNetwork'
    monkeypatch.setattr(called, lambda *_: pytest.fail('the work has begun'))
    assert load_tool('calibrate.py').main(['starter/fashionai', 'a.pth', *options]) == 1
    assert message in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ['a.pth']


def test_what_is_only_checked_is_not_written(capsys):
    call = load_tool('calibrate.py').main
    with pytest.raises(SystemExit, match='2'):
        call(['tiny.py', 'a.pth', '--check', 'a.json', '--out', 'b.json'])
    assert '--check fits nothing' in capsys.readouterr().err


def test_without_a_checkpoint_a_place_is_needed(capsys):
    call = load_tool('calibrate.py').main
    for arguments in (['tiny.py'], ['tiny.py', 'starter://fashionai']):
        with pytest.raises(SystemExit, match='2'):
            call(arguments)
        assert '--out FILE is missing' in capsys.readouterr().err
