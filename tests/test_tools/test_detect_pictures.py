"""`detect pictures`: boxes of any pictures, in one go and in parts."""

import json

import pytest
from toolbox import ROOT, run_cold

from fashion_mmpose import GarmentInferencer
from fashion_mmpose.catalogue.table_file import garments_in
from fashion_mmpose.cli.main import main
from fashion_mmpose.files.pictures.pixels import write_picture
from fashion_mmpose.synthetic import draw_deepfashion2

pytestmark = pytest.mark.slow
pytest.importorskip('onnxruntime')
pytest.importorskip('pyarrow')

NUM = 5
PARTS = '--format', 'parquet', '--part-size', '2'
ALONE = ROOT / 'tests' / 'helpers' / 'without_plugin.py'


@pytest.fixture(scope='module')
def shop(tmp_path_factory):
    """Outfits, one of which is no picture, and what is found in one go."""
    folder = tmp_path_factory.mktemp('shop')
    for index in range(NUM):
        write_picture(folder / f'{index}.png', draw_deepfashion2(0, index).image)
    (folder / '3.png').write_bytes(b'no picture')
    options = '--out-dir', 'plain', '--save-vis', '--skip-bad', '--device', 'cpu'
    run_cold(ALONE, ROOT / 'tools/detect_pictures.py', '.', *options, cwd=folder)
    return folder


@pytest.fixture
def call(shop, monkeypatch):
    """Runs the command; its exit code."""
    monkeypatch.chdir(shop)

    def run(*arguments):
        pictures = [f'{index}.png' for index in range(NUM)]
        options = *pictures, '--device', 'cpu'
        return main(['detect', 'pictures', *options, *map(str, arguments)])

    return run


def test_boxes_are_those_of_the_detector(shop):
    """Without PyTorch, as `predict` writes them, but without key points."""
    entries = json.loads((shop / 'plain/predictions.json').read_text())
    detector = GarmentInferencer(device='cpu').detector
    assert {each['image'] for each in entries} == {'0.png', '1.png', '2.png', '4.png'}
    own = [each for each in entries if each['image'] == '1.png']
    (found,) = detector.detect([draw_deepfashion2(0, 1).image])
    assert [each['category'] for each in own] == list(found.labels)
    for entry, score, (x1, y1, x2, y2) in zip(own, found.scores, found.bboxes):
        assert entry['bbox'] == pytest.approx([x1, y1, x2 - x1, y2 - y1], abs=1e-3)
        assert entry['score'] == entry['bbox_score'] == pytest.approx(score, abs=1e-5)
        assert 'keypoints' not in entry
    assert (shop / 'plain/unreadable.csv').is_file()
    drawn = sorted(path.name for path in (shop / 'plain/drawn').iterdir())
    assert drawn == ['0.png', '1.png', '2.png', '4.png']


def test_parts_and_shares(call, shop, tmp_path, capsys):
    out = '--out-dir', tmp_path / 'out', *PARTS
    assert call(*out, '--shard', '1/2', '--skip-bad') == 0
    (part,) = (tmp_path / 'out').glob('part-*')
    assert part.name == 'part-00001-of-00003.parquet'
    assert call(*out) == 1
    printed = capsys.readouterr()
    assert '1 of 3 parts were there before' in printed.out
    assert 'left out: 3.png is no picture' in printed.err
    merged = tmp_path / 'merged.json'
    assert main(['merge', str(tmp_path / 'out'), '--out', str(merged)]) == 0
    assert merged.read_bytes() == (shop / 'plain/predictions.json').read_bytes()
    for garment in garments_in(part):
        assert garment.keypoints.shape == (0, 2)
        assert garment.score == garment.bbox_score > 0.3
    # Parts of `predict` are others.
    options = *PARTS, '--out-dir', str(tmp_path / 'out'), '--device', 'cpu'
    assert main(['predict', '0.png', *options]) == 1
    assert 'the model was' in capsys.readouterr().err


def test_a_detector_of_pytorch(call, tmp_path, small_detector):
    """Its limits and categories count."""
    det = '--det', *small_detector, '--bbox-thr', 0, '--category', 'skirt'
    assert call(*det, '--out-dir', tmp_path, '--skip-bad') == 0
    entries = json.loads((tmp_path / 'predictions.json').read_text())
    assert entries and {each['category'] for each in entries} == {'skirt'}


@pytest.mark.parametrize(
    'options, error',
    [
        ([*PARTS, '--save-vis'], 'leave out --save-vis'),
        (['--part-size', 2], '--part-size is for parts'),
        (['--fps', 5], '--fps is for what is drawn'),
        (['--fps', 0, '--save-vis'], 'must be above 0'),
        (['--pose', 'a.onnx'], 'unrecognized arguments'),
    ],
)
def test_options_that_do_not_go_together(call, tmp_path, capsys, options, error):
    with pytest.raises(SystemExit, match='2'):
        call(*options, '--out-dir', tmp_path)
    assert error in capsys.readouterr().err
