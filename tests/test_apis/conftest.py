"""Small pose networks, a small detector, and the test tool."""

import contextlib
import json

import pytest
import tiny_detector
from small_networks import write_networks
from toolbox import load_tool


@pytest.fixture(scope='session')
def small(tmp_path_factory):
    """A folder with pictures, configs of small networks and their weights."""
    return write_networks(tmp_path_factory.mktemp('small'))


@pytest.fixture(scope='session')
def small_detector(tmp_path_factory):
    """Config and weights of a detector of FashionAI's categories."""
    folder = tmp_path_factory.mktemp('detector')
    config = tiny_detector.write_config(folder / 'tiny_det.py')
    return config, tiny_detector.save_detector(config, folder / 'det.pth')


@pytest.fixture(scope='session')
def run_test(tmp_path_factory):
    """Runs ``tools/test.py CONFIG ... --out`` in a folder; what it writes."""
    tool = load_tool('test.py')

    def run(folder, *arguments):
        work_dir = tmp_path_factory.mktemp('tested')
        out = work_dir / 'predictions.json'
        arguments = [*arguments, '--work-dir', work_dir, '--out', out]
        with contextlib.chdir(folder):
            assert tool.main([str(argument) for argument in arguments]) == 0
        return json.loads(out.read_text())

    return run
