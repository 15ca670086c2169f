"""What several tests share."""

import os
from pathlib import Path

import pytest

# First of all, as every user of mmcv-lite must: it prepares mmcv for MMPose.
import fashion_mmpose  # noqa: F401


@pytest.fixture(scope='session')
def fashion_data() -> Path:
    """Folder of real data, named by FASHION_MMPOSE_DATA; skips without it."""
    folder = os.environ.get('FASHION_MMPOSE_DATA')
    if not folder:
        pytest.skip('FASHION_MMPOSE_DATA does not name a folder of real data')
    return Path(folder)
