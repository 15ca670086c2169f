"""Drawings are the same on all processors."""

import os
import subprocess
import sys

import cv2
import pytest

from fashion_mmpose.synthetic.painting.reproducible import same_on_all_processors

DRAW = """
import hashlib
import numpy as np
from fashion_mmpose.synthetic.deepfashion2 import draw_deepfashion2
from fashion_mmpose.synthetic.fashionai import draw_fashionai
from fashion_mmpose.synthetic.painting.photograph import photograph
from fashion_mmpose.synthetic.painting.reproducible import same_on_all_processors

drawn = [draw_deepfashion2(5, index) for index in (0, 4, 6, 8)]
drawn += [draw_fashionai(name, 5, 0) for name in ('blouse', 'trousers')]
for each in drawn:
    print(hashlib.sha256(each.image.tobytes()).hexdigest())
colors = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
with same_on_all_processors():
    for seed in range(150):  # all that a camera may do
        image = photograph(np.random.default_rng(seed), colors)
        print(hashlib.sha256(image.tobytes()).hexdigest())
for item in (item for each in drawn[:4] for item in each.items):
    print(item.landmarks.tolist())
"""

# Less than any processor that PyTorch runs on has; numpy rounds otherwise, too.
OLDER = dict(
    OPENCV_IPP='sse42',
    OPENCV_CPU_DISABLE='AVX512_SKX,AVX2,FMA3',
    NPY_DISABLE_CPU_FEATURES='AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL '
    'AVX512_ICL',
)


def drawn(**environment):
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', DRAW],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment},
    )
    return done.stdout.splitlines()


@pytest.mark.slow
def test_an_older_processor_draws_the_same():
    here = drawn()
    assert len(set(here)) == len(here) > 10
    assert drawn(**OLDER) == here


def test_the_setting_is_taken_back():
    before = cv2.ipp.useIPP()
    with pytest.raises(KeyError), same_on_all_processors():
        assert not cv2.ipp.useIPP()
        raise KeyError
    assert cv2.ipp.useIPP() == before
