"""Two small runs as files, and the pictures that they are of."""

import pytest
from report_runs import write_folder


@pytest.fixture(scope='session')
def folder(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp('report'))
