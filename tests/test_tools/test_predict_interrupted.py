"""tools/predict.py, stopped with Ctrl-C while it reads a video."""

import json
import os
import signal
import subprocess

import cv2
import numpy as np
import pytest
from toolbox import ROOT, warm_python
from videos import write_video

pytestmark = pytest.mark.slow

POSE = '--pose', 'tiny.py', 'work_dirs/tiny/epoch_4.pth'

SLOW = """
import sys, time
from fashion_mmpose.inference import inferencer
real = inferencer.predict_crops
def slow(*args):
    found = real(*args)
    print('batch', flush=True)
    slow.calls += 1
    if slow.calls > 1:
        time.sleep(60)
    return found
slow.calls = 0
inferencer.predict_crops = slow
sys.argv[0] = {tool!r}
exec(compile(open({tool!r}).read(), {tool!r}, 'exec'))
"""


def test_ctrl_c(trained, tmp_path):
    script = tmp_path / 'slow.py'
    script.write_text(SLOW.format(tool=str(ROOT / 'tools/predict.py')))
    frames = [np.full((48, 64, 3), 9 * i, np.uint8) for i in range(20)]
    write_video(tmp_path / 'clip.avi', frames, fps=10)
    command = [
        *(warm_python(), script, tmp_path / 'clip.avi', *POSE, '--device', 'cpu'),
        *('--out-dir', tmp_path / 'out', '--save-json', '--save-vis'),
        *('--batch-size', '2'),
    ]
    process = subprocess.Popen(
        list(map(str, command)),
        cwd=trained,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background jobs ignore it, and so would their children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    for _ in range(2):
        assert process.stdout.readline() == 'batch\n'
    os.kill(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130, error
    assert 'stopped; what was finished is saved' in error
    assert 'Traceback' not in error
    entries = json.loads((tmp_path / 'out/predictions.json').read_text())
    assert [entry['frame'] for entry in entries] == [0, 1]
    capture = cv2.VideoCapture(str(tmp_path / 'out/drawn/clip.avi.mp4'))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 2
    assert not list((tmp_path / 'out').rglob('.*'))
