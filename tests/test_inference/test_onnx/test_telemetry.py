"""Exported networks tell nobody that they run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip('onnxruntime')


@pytest.mark.slow
def test_onnxruntime_leaves_no_number_of_this_machine(tmp_path: Path):
    """Where it sends telemetry, it first writes down who it is."""
    unset = ('ORT_DISABLE_TELEMETRY', 'CI', 'ORT_RUNNING_UNIT_TESTS')
    environment = {k: v for k, v in os.environ.items() if k not in unset}
    places = dict.fromkeys(('HOME', 'TMPDIR', 'XDG_CACHE_HOME'), str(tmp_path))
    script = (
        'import os\n'
        'from fashion_mmpose.inference import GarmentInferencer\n'
        "GarmentInferencer(device='cpu')\n"
        "print(os.environ['ORT_DISABLE_TELEMETRY'])\n"
    )
    done = subprocess.run(
        [sys.executable, '-c', script],
        env=environment | places,
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == '1\n'
    assert list(tmp_path.rglob('*')) == []
