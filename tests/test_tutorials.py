"""The tutorials run from their first cell to their last, shortened."""

import os
import re
import subprocess
import sys

import pytest
from toolbox import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.docs]

# Fewer pictures and epochs; what is printed stays.
WHOLE = r'NUM_PICTURES, NUM_EPOCHS = \d+, \d+'
SHORT = 'NUM_PICTURES, NUM_EPOCHS = 24, 5'


def run_tutorial(name, folder):
    """What a tutorial prints, run in a folder."""
    text = (ROOT / 'tutorials' / name).read_text()
    (folder / name).write_text(re.sub(WHOLE, SHORT, text))
    environment = dict(os.environ, PYTHONPATH=str(ROOT), OMP_NUM_THREADS='1')
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', name],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    return done.stdout


def test_predict_and_measure(tmp_path):
    """The starter finds the shirt; its lengths are near the true ones."""
    printed = run_tutorial('predict_and_measure.py', tmp_path)
    assert re.search(r'^long_sleeved_shirt: 0\.\d+$', printed, re.MULTILINE)
    pairs = re.findall(r'_width: ([\d.]+) cm, .*\(true ([\d.]+)\)', printed)
    assert len(pairs) >= 5
    errors = [abs(float(length) / float(true) - 1) for length, true in pairs]
    assert sorted(errors)[len(errors) // 2] < 0.1, printed
    for name in ('scene.jpg', 'found.jpg', 'measured.jpg'):
        assert (tmp_path / name).stat().st_size > 10_000


def test_finetune_the_starter(tmp_path):
    printed = run_tutorial('finetune_the_starter.py', tmp_path)
    before, after = re.search(r'([\d.]+) before, ([\d.]+) after', printed).groups()
    assert 0.5 < float(before) <= 1 and 0.5 < float(after) <= 1
    assert len(list((tmp_path / 'found/drawn').iterdir())) == 12


def test_own_garments(tmp_path):
    printed = run_tutorial('own_garments.py', tmp_path)
    error = float(re.search(r'normalized error: ([\d.]+)%', printed)[1])
    assert error < 60  # five epochs of 24 pictures: its points may score too low
    assert re.search(r'^peak: [\d.-]+, [\d.-]+$', printed, re.MULTILINE)
    assert re.search(r'^rim: ([\d.]+ px|.*low.*)$', printed, re.MULTILINE)
