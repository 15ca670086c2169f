"""Imports the files of tests, once for all processes of pytest-xdist.

Each of these asks for them again, which then takes it a quarter of the time. A warm
Python imports this; WARM_TESTS says where the tests are.
"""

import contextlib
import os
import shlex
import sys
from pathlib import Path

import pytest


class Again:
    """A file that could not be imported is tried again, by who can report it.

    pytest keeps what it has of one.
    """

    def pytest_collectreport(self, report: pytest.CollectReport):
        if not report.passed:
            sys.modules.pop('.'.join(Path(report.nodeid).with_suffix('').parts), None)


with open(os.devnull, 'w') as nothing, contextlib.redirect_stdout(nothing):
    places = shlex.split(os.environ['WARM_TESTS'])
    options = '--collect-only', '-qq', '-p', 'no:cacheprovider'
    pytest.main([*places, *options], plugins=[Again()])
