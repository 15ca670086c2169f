"""tools/predict.py: from pictures and videos to files."""

import contextlib
import json
import re
import shutil
from itertools import combinations

import cv2
import numpy as np
import pytest
from tiny_detector import save_detector, write_config
from toolbox import load_tool
from videos import write_video

from fashion_mmpose import garments
from fashion_mmpose.catalogue.merging import merge
from fashion_mmpose.cli.options.networks import check_category
from fashion_mmpose.formats.coco.results import read_predictions

pytestmark = pytest.mark.slow

CHECKPOINT = 'work_dirs/tiny/epoch_4.pth'
POSE = '--pose', 'tiny.py', CHECKPOINT
NUM = 5  # pictures of data/test


@pytest.fixture
def predict(trained, monkeypatch):
    """Runs the tool in this process, in the folder with the trained network."""
    monkeypatch.chdir(trained)
    main = load_tool('predict.py').main

    def call(*arguments):
        return main([str(each) for each in ('--device', 'cpu', *arguments)])

    return call


@pytest.fixture(scope='session')
def tested(trained, tmp_path_factory):
    """A folder with what tools/test.py says of the same pictures: JSON and CSV."""
    folder = tmp_path_factory.mktemp('tested')
    main = load_tool('test.py').main
    with contextlib.chdir(trained):
        for suffix in ('json', 'csv'):
            arguments = 'tiny.py', CHECKPOINT, '--out', folder / f'test.{suffix}'
            work_dir = '--work-dir', folder / 'work'
            assert main([str(each) for each in (*arguments, *work_dir)]) == 0
    return folder


@pytest.fixture(scope='session')
def detector(trained):
    """The options for a detector that finds garments everywhere."""
    save_detector(write_config(trained / 'tiny_det.py'), trained / 'det.pth')
    return '--det', 'tiny_det.py', 'det.pth'


def entries(folder):
    return json.loads((folder / 'predictions.json').read_text())


def test_json_is_that_of_a_test(predict, trained, tested, tmp_path):
    assert predict('data/test', *POSE, '--out-dir', tmp_path) == 0
    found = read_predictions(tmp_path / 'predictions.json')
    coco = json.loads((trained / 'data/annotations/test_blouse.json').read_text())
    names = {
        image['id']: f'{image["folder"]}/{image["file_name"]}'
        for image in coco['images']
    }
    tested = {
        names[entry['image_id']]: entry
        for entry in json.loads((tested / 'test.json').read_text())
    }
    # Names below the folder that was asked for, in their order.
    assert [entry['image'] for entry in found] == sorted(
        name.removeprefix('test/') for name in tested
    )
    assert [entry['image_id'] for entry in found] == list(range(NUM))
    for entry in found:
        own = garments.garment('fashionai', 'blouse')
        other = tested[f'test/{entry["image"]}']
        keypoints = np.reshape(other['keypoints'], (-1, 3))
        if len(keypoints) != len(own.keypoints):
            keypoints = keypoints[list(own.channels)]
        np.testing.assert_allclose(
            np.reshape(entry['keypoints'], (-1, 3)), keypoints, atol=1e-3
        )
        assert entry['category_id'] == other['category_id'] == own.category_id
        assert entry['category'] == 'blouse' and entry['bbox_score'] == 1
        assert entry['score'] == pytest.approx(other['score'], abs=1e-5)
    assert [path.name for path in tmp_path.iterdir()] == ['predictions.json']


def test_csv_scores_like_a_test(predict, trained, tested, tmp_path):
    assert predict('data/test', *POSE, '--out-dir', tmp_path, '--save-csv') == 0
    truth = trained / 'data/test/Annotations/annotations.csv'
    score = load_tool('score_fashionai.py').main
    scores = []
    for path in (tmp_path / 'predictions.csv', tested / 'test.csv'):
        assert score([str(truth), str(path), '--json', str(tmp_path / 's.json')]) == 0
        scores.append(json.loads((tmp_path / 's.json').read_text()))
    assert scores[0]['num_images'] == NUM
    assert scores[0] == scores[1]
    # What the run itself says, of positions that are not rounded.
    log = next((tested / 'work').glob('*/*.log')).read_text()
    error = float(re.findall(r'fashionai/NE: ([\d.]+)', log)[-1])
    assert scores[0]['ne'] == pytest.approx(error, abs=0.005)


def test_drawn_pictures(predict, trained, tmp_path):
    arguments = 'data/test', *POSE, '--save-vis', '--kpt-thr', 0
    assert predict(*arguments, '--out-dir', tmp_path) == 0
    named = tmp_path / 'named'
    assert predict(*arguments, '--out-dir', named, '--names') == 0
    color = garments.category_color('fashionai', 'blouse')[::-1]
    names = sorted((trained / 'data/test/Images/blouse').iterdir())
    assert len(names) == NUM
    for path in names:
        image = cv2.imread(str(path))
        below = path.relative_to(trained / 'data/test')
        drawn = cv2.imread(str(tmp_path / 'drawn' / below)).astype(int)
        assert drawn.shape == image.shape
        # The box is the whole picture; JPEG blurs the line.
        before = abs(image[200:300, 0].astype(int) - color).mean()
        assert abs(drawn[200:300, 0] - color).mean() < min(60, before / 1.5)
        more = cv2.imread(str(named / 'drawn' / below)).astype(int)
        assert 200 < (abs(more - drawn).max(axis=2) > 60).sum() < 0.2 * image.size / 3


def test_one_garment_is_one_category(predict, detector, tmp_path):
    """Boxes in one place are one garment, unless all are asked for."""
    arguments = 'data/test', *POSE, *detector, '--score-thr', 0
    assert predict(*arguments, '--out-dir', tmp_path / 'best') == 0
    assert predict(*arguments, '--out-dir', tmp_path / 'all', '--max-overlap', 1) == 0
    assert len(entries(tmp_path / 'best')) < len(entries(tmp_path / 'all'))
    assert largest_overlap(entries(tmp_path / 'best')) <= 0.6 + 1e-4
    assert largest_overlap(entries(tmp_path / 'all')) > 0.6


def test_detector_and_category(predict, detector, tmp_path):
    """Blouses only: there is no network for the detector's other labels."""
    options = '--score-thr', 0, '--max-overlap', 0.3
    assert predict('data/test', *POSE, *detector, '--out-dir', tmp_path, *options) == 0
    found = entries(tmp_path)
    assert {entry['category'] for entry in found} == {'blouse'}
    assert all(0 < entry['bbox_score'] < 1 for entry in found)
    assert len(found) > len({entry['image_id'] for entry in found})
    assert largest_overlap(found) <= 0.3 + 1e-4


def largest_overlap(found):
    """Of two boxes of one picture."""
    corners = {}
    for entry in found:
        x, y, width, height = entry['bbox']
        corners.setdefault(entry['image_id'], []).append((x, y, x + width, y + height))
    return max(
        overlap(one, other)
        for boxes in corners.values()
        for one, other in combinations(boxes, 2)
    )


def overlap(one, other):
    """Intersection over union."""
    left, top = np.maximum(one[:2], other[:2])
    right, bottom = np.minimum(one[2:], other[2:])
    shared = max(0, right - left) * max(0, bottom - top)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return shared / (sum(areas) - shared)


def test_what_was_drawn_before_is_no_input(predict, trained, tmp_path, capsys):
    """Results may lie in the folder of the pictures."""
    shop = tmp_path / 'shop'
    shutil.copytree(trained / 'data/test/Images/blouse', shop)
    options = *POSE, '--out-dir', shop / 'found'
    assert predict(shop, *options, '--save-vis') == 0
    first = (shop / 'found/predictions.json').read_text()
    capsys.readouterr()
    assert predict(shop, *options) == 0
    assert (shop / 'found/predictions.json').read_text() == first
    assert '5 files in ' in capsys.readouterr().err


def test_nothing_found(predict, detector, tmp_path, capsys):
    arguments = 'data/test', *POSE, *detector, '--out-dir', tmp_path, '--save-json'
    assert predict(*arguments, '--save-csv', '--score-thr', 1) == 0
    assert entries(tmp_path) == []
    lines = (tmp_path / 'predictions.csv').read_text().splitlines()
    assert [line.split(',')[:2] for line in lines] == [['image_id', 'image_category']]
    assert f'{NUM} pictures have none' in capsys.readouterr().out


def test_several_networks(predict, trained, tmp_path):
    """Each for the garments that its config names; a detector is not needed."""
    arguments = ['data/test', *POSE, '--out-dir', tmp_path]
    assert predict(*arguments, '--category', 'blouse') == 0
    assert len(entries(tmp_path)) == NUM
    assert predict(*arguments, *POSE) == 1  # both are for blouses


def test_videos(predict, trained, tmp_path):
    frames = [np.full((48, 62, 3), 40 * i, np.uint8) for i in range(5)]
    write_video(tmp_path / 'clip.avi', frames, fps=10)
    picture = next((trained / 'data/test/Images/blouse').iterdir())
    arguments = tmp_path / 'clip.avi', picture, *POSE, '--out-dir', tmp_path / 'out'
    assert predict(*arguments, '--save-vis', '--save-json') == 0
    found = entries(tmp_path / 'out')
    assert [entry.get('frame') for entry in found] == [0, 1, 2, 3, 4, None]
    assert [entry['image'] for entry in found] == ['clip.avi'] * 5 + [picture.name]
    assert [entry['image_id'] for entry in found] == list(range(6))
    capture = cv2.VideoCapture(str(tmp_path / 'out/drawn/clip.avi.mp4'))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(10)
    levels = []
    while (frame := capture.read()[1]) is not None:
        assert frame.shape == (48, 62, 3)
        levels.append(np.median(frame))
    assert levels == pytest.approx([0, 40, 80, 120, 160], abs=12)
    assert predict(*arguments, '--save-vis', '--fps', 5) == 0
    capture = cv2.VideoCapture(str(tmp_path / 'out/drawn/clip.avi.mp4'))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(5)


def test_same_names_in_two_folders(predict, trained, tmp_path):
    source = sorted((trained / 'data/test/Images/blouse').iterdir())
    for part, path in zip('ab', source):
        (tmp_path / part).mkdir()
        shutil.copy(path, tmp_path / part / 'same.jpg')
    arguments = tmp_path / 'a', tmp_path / 'b', tmp_path / 'a/same.jpg'
    out = tmp_path / 'out'
    assert (
        predict(*arguments, *POSE, '--out-dir', out, '--save-vis', '--save-json') == 0
    )
    assert [entry['image'] for entry in entries(out)] == ['a/same.jpg', 'b/same.jpg']
    drawn = [cv2.imread(str(out / 'drawn' / part / 'same.jpg')) for part in 'ab']
    for image, path in zip(drawn, source):
        assert abs(image.astype(int) - cv2.imread(str(path))).mean() < 20
    assert {path.name for path in tmp_path.iterdir()} == {'a', 'b', 'out'}


def test_parts_are_the_same_in_the_end(predict, tmp_path):
    pytest.importorskip('pyarrow')
    parts = '--out-dir', tmp_path / 'parts', '--format', 'parquet', '--part-size', 2
    assert predict('data/test', *POSE, '--out-dir', tmp_path) == 0
    assert predict('data/test', *POSE, *parts, '--batch-size', 2) == 0
    merge([tmp_path / 'parts'], tmp_path / 'merged.json')
    merged, whole = (
        json.loads((tmp_path / name).read_text())
        for name in ('merged.json', 'predictions.json')
    )
    assert len(merged) == len(whole) == NUM
    for found, expected in zip(merged, whole):
        keypoints = found.pop('keypoints'), expected.pop('keypoints')
        np.testing.assert_allclose(*keypoints, atol=1e-2)
        scores = found.pop('score'), expected.pop('score')
        np.testing.assert_allclose(*scores, atol=1e-4)
        assert found == expected


def test_unreadable_pictures(predict, trained, tmp_path, capsys):
    folder = tmp_path / 'in'
    shutil.copytree(trained / 'data/test/Images/blouse', folder)
    (folder / 'broken.jpg').write_bytes(b'nothing')
    (folder / 'zero.png').touch()
    arguments = folder, folder / 'none.jpg', *POSE, '--out-dir', tmp_path / 'out'
    assert predict(*arguments) == 1
    assert len(entries(tmp_path / 'out')) == NUM
    error = capsys.readouterr().err
    assert all(f'{folder}/{name}' in error for name in ('broken.jpg', 'zero.png'))
    assert f'left out: {folder}/none.jpg' in error
    assert predict(*arguments, '--skip-bad') == 0
    assert len(entries(tmp_path / 'out')) == NUM


def test_a_video_that_breaks_off(predict, trained, tmp_path, capsys):
    folder = tmp_path / 'in'
    shutil.copytree(trained / 'data/test/Images/blouse', folder / 'z')
    (folder / 'notes.txt').write_text('none of the pictures')
    rng = np.random.default_rng(0)  # noise, beside which the header is small
    frames = list(rng.integers(0, 256, (20, 48, 62, 3), np.uint8))
    write_video(folder / 'clip.avi', frames, fps=10)
    data = (folder / 'clip.avi').read_bytes()
    (folder / 'clip.avi').write_bytes(data[: len(data) // 2])
    arguments = folder, *POSE, '--out-dir', tmp_path / 'out', '--save-json'
    assert predict(*arguments, '--save-vis') == 1
    images = [entry['image'] for entry in entries(tmp_path / 'out')]
    num_frames = images.count('clip.avi')
    assert 3 < num_frames < 20 and len(images) == num_frames + NUM
    error = capsys.readouterr().err
    assert f'clip.avi breaks off: {num_frames} of 20 frames could be read' in error
    assert f'not used: {folder}/notes.txt is no picture and no video' in error
    capture = cv2.VideoCapture(str(tmp_path / 'out/drawn/clip.avi.mp4'))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == num_frames
    assert predict(*arguments, '--skip-bad') == 0


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['nowhere/*.jpg', *POSE], 'no file fits nowhere'),
        (['data/annotations', *POSE], 'holds no picture'),
        (['data/test', '--pose', 'tiny.py', 'no.pth'], 'no.pth'),
        (['data/test', '--pose', 'tiny.py'], 'needs weights'),
        (['data/test', *POSE, '--category', 'dress'], '--category dress: there is no'),
        (['data/test', *POSE, '--det', 'tiny.py', CHECKPOINT], 'of a detector'),
    ],
    ids=['pattern', 'folder', 'weights', 'no weights', 'category', 'detector'],
)
def test_errors(predict, tmp_path, capsys, arguments, message):
    """In a line, and nothing is written."""
    assert predict(*arguments, '--out-dir', tmp_path / 'out') == 1
    error = capsys.readouterr().err
    assert error.startswith('error: ') and message in error
    assert not (tmp_path / 'out').exists()


def test_missing_category():
    """The option is named, not the argument of Python's call."""
    known = ['blouse', 'skirt']
    with pytest.raises(ValueError, match='--category NAME, one of blouse, skirt, or'):
        check_category(None, known, has_detector=False)
    check_category('skirt', known, has_detector=False)
    check_category(None, known, has_detector=True)
    check_category(None, ['blouse'], has_detector=False)


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['--score-thr', '2'], 'must be between 0 and 1'),
        (['--max-overlap', '-1'], 'must be between 0 and 1'),
        (['--batch-size', '0'], 'must be at least 1'),
        (['--save-vis', '--fps', '0'], 'must be above 0'),
        (['--fps', '5'], '--fps is for what is drawn; give --save-vis'),
        (['--names'], '--names is for what is drawn; give --save-vis'),
        (['--pose', 'a', 'b', 'c'], '--pose takes a config and a checkpoint'),
    ],
    ids=['score', 'overlap', 'batch', 'fps', 'no video', 'no picture', 'pose'],
)
def test_usage_errors(predict, tmp_path, capsys, arguments, message):
    with pytest.raises(SystemExit) as stop:
        predict('data/test', *POSE, '--out-dir', tmp_path / 'out', *arguments)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    'config, message',
    [
        ('model = dict(', 'was never closed'),
        ("_base_ = '{tiny}'\nmodel = dict(type='NoNetwork')", 'NoNetwork is not in'),
    ],
    ids=['no Python', 'not registered'],
)
def test_config_errors(predict, trained, tmp_path, capsys, config, message):
    path = tmp_path / 'bad.py'
    path.write_text(config.format(tiny=trained / 'tiny.py'))
    arguments = 'data/test', '--pose', path, CHECKPOINT, '--out-dir', tmp_path / 'out'
    assert predict(*arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith(f'error: {path} cannot be used: ') and message in error
    assert not (tmp_path / 'out').exists()


def test_csv_holds_no_video(predict, tmp_path, capsys):
    write_video(tmp_path / 'a.avi', [np.zeros((48, 64, 3), np.uint8)], fps=5)
    arguments = tmp_path / 'a.avi', *POSE, '--out-dir', tmp_path / 'out', '--save-csv'
    assert predict(*arguments) == 1
    assert 'a.avi is a video' in capsys.readouterr().err
    assert not (tmp_path / 'out').exists()


def test_an_error_keeps_the_files_of_before(predict, tmp_path, monkeypatch):
    assert predict('data/test', *POSE, '--out-dir', tmp_path, '--save-csv') == 0
    before = (tmp_path / 'predictions.csv').read_bytes()

    def write_picture(path, picture):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(
        'fashion_mmpose.inference.outputs.saving.write_picture', write_picture
    )
    options = '--save-csv', '--save-vis', '--save-json'
    assert predict('data/test', *POSE, '--out-dir', tmp_path, *options) == 1
    assert [path.name for path in tmp_path.iterdir()] == ['predictions.csv']
    assert (tmp_path / 'predictions.csv').read_bytes() == before


def test_help(predict, capsys):
    with pytest.raises(SystemExit) as stop:
        predict('--help')
    assert stop.value.code == 0
    shown = capsys.readouterr().out
    assert '--save-csv' in shown and 'Ctrl-C stops' in shown
