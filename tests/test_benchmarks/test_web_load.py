"""benchmarks/web_load.py, small: nobody is lost, and nothing is left."""

import re

import pytest
from toolbox import ROOT, run_with_gradio

pytestmark = pytest.mark.slow


def test_a_few_people_and_bad_uploads(tmp_path):
    pytest.importorskip('gradio')
    pytest.importorskip('onnxruntime')
    few = ('--people', 3, '--bad', 10, '--at-once', 4)
    script = ROOT / 'benchmarks' / 'web_load.py'
    said = run_with_gradio(script, *few, cwd=tmp_path).stdout
    assert re.search(r"^3 people in \d+\.\d s: \{'saved': 3\}$", said, re.MULTILINE)
    assert "'refused': " in said and "'too large': 1" in said
    assert re.search(r'^after 10 bad uploads +\d+ MB +0 files$', said, re.MULTILINE)
