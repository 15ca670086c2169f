"""Any input gives what a reader promises, or the package's error with the file.

Short and the same every time; ``make fuzz`` goes on as long as it is told to.
"""

import random

import pytest
from fuzz_readers import core_readers, weight_readers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

CORE = core_readers()
WEIGHTS = ('tensorflow_index', 'tensorflow_data', 'pth_zip', 'pth_legacy')
SHORT = settings(
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize('name', CORE)
@settings(SHORT, max_examples=40)
@given(seed=st.integers(0, 2**32))
def test_readers_of_the_core(name, tmp_path_factory, seed):
    folder = tmp_path_factory.getbasetemp()
    CORE[name].try_once(folder, random.Random(seed))


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    return weight_readers(tmp_path_factory.mktemp('weights'))


@pytest.mark.slow
@pytest.mark.parametrize('name', WEIGHTS)
@settings(SHORT, max_examples=60)
@given(seed=st.integers(0, 2**32))
def test_readers_of_weights(name, weights, tmp_path_factory, seed):
    folder = tmp_path_factory.getbasetemp() / 'tried'
    folder.mkdir(exist_ok=True)
    weights[name].try_once(folder, random.Random(seed))


@pytest.mark.parametrize('name', CORE)
def test_the_unchanged_file_is_accepted(name, tmp_path):
    reader = CORE[name]
    for file, data in ((reader.name, reader.seed), *reader.more):
        (tmp_path / file).write_bytes(data)
    reader.read(tmp_path / reader.name)
