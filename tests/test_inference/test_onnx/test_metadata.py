"""What an exported file says about itself, and what happens where it does not."""

import json
import re
from pathlib import Path

import msgspec
import pytest

from fashion_mmpose.errors import FormatError
from fashion_mmpose.inference.onnx.crop import Crop
from fashion_mmpose.inference.onnx.metadata import (
    FORMAT,
    KEY,
    DetectorMetadata,
    PoseMetadata,
    read_metadata,
    write_metadata,
)

POSE = PoseMetadata(
    format=FORMAT,
    version='1.0',
    benchmark='fashionai',
    category='skirt',
    categories=('skirt',),
    keypoints=('waistband_left', 'waistband_right', 'hemline_left', 'hemline_right'),
    bbox_source=None,
    crop=Crop(method='affine', size_wh=(48, 64), padding=1.25),
    color='bgr',
    decoder=dict(decode_mode='quarter'),
    weights='float32',
)


def changed(**entries):
    """The JSON with other entries; None removes one."""
    told = json.loads(write_metadata(POSE)) | entries
    return {
        KEY: json.dumps(
            {
                k: v
                for k, v in told.items()
                if v is not None or k in ('category', 'bbox_source')
            }
        )
    }


def test_written_and_read():
    entries = {KEY: write_metadata(POSE), 'other': 'kept by somebody else'}
    assert read_metadata(entries, 'a.onnx') == POSE
    assert json.loads(entries[KEY])['kind'] == 'pose'


def test_a_described_benchmark():
    hats = dict(name='hats', categories=[dict(name='cap', keypoints=['top'])])
    told = msgspec.structs.replace(POSE, benchmark=hats)
    assert read_metadata({KEY: write_metadata(told)}, 'a.onnx').benchmark == hats


@pytest.mark.parametrize(
    'entries, message',
    [
        pytest.param({}, "no entry 'fashion_mmpose'.*fashion-mmpose export", id='none'),
        pytest.param({KEY: '{'}, 'is no JSON', id='no JSON'),
        pytest.param(changed(keypoints=None), 'keypoints', id='lacks key points'),
        pytest.param(changed(crop=None), 'crop', id='lacks crop'),
        pytest.param(changed(kind=None), 'kind', id='lacks kind'),
        pytest.param(changed(kind='segmentation'), 'segmentation', id='other kind'),
        pytest.param(changed(color='rgb'), 'rgb', id='other colours'),
        pytest.param(
            changed(crop=dict(method='affine', size_wh=[1, 2, 3])),
            r'\$.crop.size_wh',
            id='three sides',
        ),
        pytest.param(changed(format=2), 'of format 2.*update', id='newer'),
    ],
)
def test_what_is_missing_is_told(entries, message):
    with pytest.raises(FormatError, match=f'^a.onnx.*{message}'):
        read_metadata(entries, 'a.onnx')


@pytest.mark.parametrize(
    ('kind', 'head'),
    [(PoseMetadata, '| of a pose network |'), (DetectorMetadata, '| of a detector |')],
)
def test_the_page_explains_every_entry(kind: type, head: str):
    """It is what a reader in another language has."""
    page = (Path(__file__).parents[3] / 'docs/onnx.md').read_text()
    table = page.partition(head)[2].partition('\n\n')[0]
    assert {*re.findall(r'`(\w+)`', table)} >= {*kind.__struct_fields__}
