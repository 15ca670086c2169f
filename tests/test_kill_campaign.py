"""A short run of what `make campaign` does; see tests/campaign/.

Killed trainings have a test of their own, tests/test_engine/test_killed_trainings.py.
"""

import json

import pytest
from toolbox import ROOT, run


@pytest.mark.slow
@pytest.mark.parametrize('more', [[], ['--warm']])
def test_a_few_kills_of_a_converter(tmp_path, more):
    run(
        *(ROOT / 'tests' / 'campaign' / 'kill_campaign.py', '--work-dir', tmp_path),
        *('--kills', 2, '--seed', 3, '--only', 'convert', *more),
        cwd=tmp_path,
    )
    report = json.loads((tmp_path / 'report.json').read_text())
    assert report == {'convert': dict(kills=2, faults=[])}
