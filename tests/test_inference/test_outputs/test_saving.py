"""Files of predictions, written picture by picture."""

import json
import multiprocessing
import os
import signal
import sys

import cv2
import numpy as np
import pytest
from folder_contents import contents

from fashion_mmpose import garments
from fashion_mmpose.files.writing import sets
from fashion_mmpose.formats.coco.results import read_predictions
from fashion_mmpose.formats.fashionai.tianchi import read_tianchi
from fashion_mmpose.inference import GarmentPrediction, PicturePrediction
from fashion_mmpose.inference.outputs.names import name_sources
from fashion_mmpose.inference.outputs.saving import PredictionFiles, check_csv
from fashion_mmpose.media.reading import Picture
from fashion_mmpose.media.sources import find_sources

GREY = np.full((90, 120, 3), 128, np.uint8)
SKIRT = garments.garment('fashionai', 'skirt')


def skirt(x=10.0, score=0.5, **kwargs):
    """A skirt whose four points are at x, x + 20, ... of a line."""
    points = np.column_stack((x + 20 * np.arange(4), 30.6 + np.zeros(4)))
    values = dict(
        image_id=0,
        image='a.jpg',
        frame=None,
        benchmark='fashionai',
        category='skirt',
        bbox=np.array([5, 20, 100, 80], np.float32),
        bbox_score=score,
        keypoints=points.astype(np.float32),
        scores=np.ones(4, np.float32),
    )
    return GarmentPrediction(**(values | kwargs))


def predicted(source, found=(), frame=None, fps=None, pixels=GREY):
    return PicturePrediction(Picture(0, source, pixels, frame, fps), tuple(found))


def sources(*paths):
    return name_sources(find_sources(list(paths)))


def write(out_dir, by_name, found, **options):
    """Add these garments of every source; what the folder holds then."""
    with PredictionFiles(out_dir, by_name, **options) as files:
        for source, own in zip(by_name.values(), found):
            files.add(predicted(source, own))
    paths = sorted(path for path in out_dir.rglob('*') if path.is_file())
    return files, [path.relative_to(out_dir).as_posix() for path in paths]


def test_json(tmp_path):
    found = [[skirt(), skirt(30)], [], [skirt(50)]]
    by_name = sources('in/a.jpg', 'in/b.jpg', 'in/c.jpg')
    files, names = write(tmp_path, by_name, found)
    assert names == ['predictions.json']
    entries = read_predictions(tmp_path / 'predictions.json')
    assert [entry['image'] for entry in entries] == ['a.jpg', 'a.jpg', 'c.jpg']
    assert [entry['keypoints'][0] for entry in entries] == [10, 30, 50]
    assert entries[0]['bbox'] == [5, 20, 95, 60]
    assert 'keypoint_names' not in entries[0]
    assert (files.num_pictures, files.num_empty) == (3, 1)
    assert files.num_garments == {'skirt': 3}


@pytest.mark.parametrize('found', [[[], []], []], ids=['no garment', 'no picture'])
def test_nothing_is_an_empty_list(tmp_path, found):
    _, names = write(tmp_path, sources('a.jpg', 'b.jpg'), found)
    assert names == ['predictions.json']
    assert json.loads((tmp_path / 'predictions.json').read_text()) == []


def test_csv_holds_the_best_of_each_picture(tmp_path):
    found = [[skirt(10, 0.4), skirt(-3, 0.6), skirt(50, 0.5)], [], [skirt(70)]]
    by_name = sources('in/a b.jpg', 'in/b.jpg', 'in/ü.jpg')
    _, names = write(tmp_path, by_name, found, with_json=False, with_csv=True)
    assert names == ['predictions.csv']
    table = read_tianchi(tmp_path / 'predictions.csv', predictions=True)
    assert table.image_ids == ['a b.jpg', 'ü.jpg']
    assert table.categories == ['skirt', 'skirt']
    own = table.keypoints[:, list(SKIRT.channels)]
    np.testing.assert_array_equal(own[0, :, 0], [-3, 17, 37, 57])
    np.testing.assert_array_equal(own[1, :, 0], [70, 90, 110, 130])
    assert (own[..., 1] == 31).all() and (own[..., 2] == 1).all()
    rest = np.delete(table.keypoints, SKIRT.channels, axis=1)
    assert (rest == -1).all()


@pytest.mark.parametrize(
    'paths, benchmarks, message',
    [
        (['a.jpg'], ['fashionai', 'deepfashion2'], 'FashionAI, not of deepfashion2'),
        (['a.jpg', 'b.mp4'], ['fashionai'], r'b\.mp4 is a video'),
        ([0], ['fashionai'], 'camera0 is a camera'),
        (['a,b.jpg'], ['fashionai'], r"'a,b\.jpg' cannot be an id in a CSV"),
        ([' a.jpg'], ['fashionai'], r"' a\.jpg' cannot be an id in a CSV"),
        (['a\r.jpg'], ['fashionai'], r"'a\\r\.jpg' cannot be an id in a CSV"),
        (['"a".jpg'], ['fashionai'], r"'\"a\"\.jpg' cannot be an id in a CSV"),
    ],
    ids=['benchmark', 'video', 'camera', 'comma', 'blank', 'return', 'quote'],
)
def test_what_a_csv_cannot_hold(paths, benchmarks, message):
    with pytest.raises(ValueError, match=message):
        check_csv(sources(*paths), benchmarks)


def test_drawn_in_colour_whatever_the_kind(tmp_path):
    by_name = sources('in/a.pgm', 'in/sub.png')
    found = [[skirt()], []]
    _, names = write(tmp_path, by_name, found, with_json=False, with_drawn=True)
    assert names == ['drawn/a.pgm.png', 'drawn/sub.png']
    drawn = cv2.imread(str(tmp_path / 'drawn/a.pgm.png'))
    color = garments.category_color('fashionai', 'skirt')[::-1]
    assert (drawn[50:70, 5] == color).all()  # the box's left side
    assert (cv2.imread(str(tmp_path / 'drawn/sub.png')) == GREY).all()


def test_inputs_are_not_drawn_over(tmp_path):
    by_name = sources(str(tmp_path / 'drawn/a.jpg'))
    PredictionFiles(tmp_path, by_name)
    with pytest.raises(ValueError, match=r'a\.jpg is an input'):
        PredictionFiles(tmp_path, by_name, with_drawn=True)


def test_what_will_be_removed_is_no_input(tmp_path):
    by_name = sources(str(tmp_path / 'predictions.unfinished/drawn/a.jpg'))
    with pytest.raises(ValueError, match='is an input, but .* will be removed'):
        PredictionFiles(tmp_path, by_name)


def test_what_is_drawn_waits_beside(with_old):
    """So that it can be looked at, and takes no place of what it does not belong to."""
    folder, by_name = with_old
    old = contents(folder)
    _, picture = by_name.values()
    left = folder / 'predictions.unfinished'
    (left / 'drawn').mkdir(parents=True)
    (left / 'drawn/b.jpg').write_text('of a killed run')
    with PredictionFiles(folder, by_name, **EVERYTHING) as files:
        assert not left.exists()
        files.add(predicted(picture, [skirt(12)]))
        files._drawing[-1].result()
        assert contents(folder / 'drawn')['a.jpg'] == old['drawn/a.jpg']
        waiting = (left / 'drawn/a.jpg').read_bytes()
    new = contents(folder)
    assert new['drawn/a.jpg'] == waiting != old['drawn/a.jpg']
    assert sorted(new) == sorted(old)


def test_what_other_runs_have_left_is_told(with_old):
    folder, by_name = with_old
    again, _ = write(folder, by_name, [], **EVERYTHING)
    assert again.of_other_runs() == []
    other, _ = write(folder, sources('in/b.jpg'), [[skirt()]], with_drawn=True)
    assert other.of_other_runs() == [
        f'{folder}/predictions.csv is of another run',
        f'2 files in {folder}/drawn are of other runs',
    ]


def write_all(folder, by_name, x):
    """Write all files, as a new process does."""
    sets._tidied.clear()
    with PredictionFiles(folder, by_name, **EVERYTHING) as files:
        add_all(files, by_name, x)


def write_and_die(victim, *args):
    """The same, but die when the file of a number is renamed or removed."""
    seen = 0

    def watch(name, arguments):
        nonlocal seen
        if name in ('os.rename', 'os.remove'):
            seen += 1
            if seen - 1 == victim:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    write_all(*args)


def in_a_process(*args):
    """Whether it came to its end."""
    context = multiprocessing.get_context('fork')
    process = context.Process(target=write_and_die, args=args)
    process.start()
    process.join(60)
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode == 0


@pytest.mark.slow
def test_a_kill_leaves_nothing_old_beside_the_new(with_old, monkeypatch):
    folder, by_name = with_old
    monkeypatch.setattr(sets, '_tidied', set())
    old = contents(folder)
    write_all(folder, by_name, 12)
    new = contents(folder)
    unlike = {name for name in new if new[name] != old[name]}
    victim, ends = 0, []
    while True:
        write_all(folder, by_name, 10)
        if in_a_process(victim, folder, by_name, 12):
            break
        left = contents(folder)
        found = {name: left[name] for name in unlike if name in left}
        assert found.items() <= old.items() or found.items() <= new.items(), victim
        sets._tidied.clear()
        with PredictionFiles(folder, by_name, with_json=False):
            pass
        ends.append(contents(folder))
        assert ends[-1] in (old, new), victim
        victim += 1
    assert old in ends and new in ends and victim > 10


@pytest.mark.parametrize(
    'wanted, own, expected',
    [(None, 12, 12), (5, 12, 5), (None, None, 25)],
    ids=['own', 'wanted', 'unknown'],
)
def test_frames_per_second(tmp_path, wanted, own, expected):
    """Of two videos, whose frames come one after the other."""
    by_name = sources('a.mp4', 'b.avi')
    options = dict(with_json=False, with_drawn=True, fps=wanted)
    with PredictionFiles(tmp_path, by_name, **options) as files:
        for source, num in zip(by_name.values(), (3, 2)):
            for frame in range(num):
                files.add(predicted(source, [skirt()], frame, own))
    assert sorted(path.name for path in (tmp_path / 'drawn').iterdir()) == [
        *('a.mp4', 'b.avi.mp4'),
    ]
    for name, num in (('a.mp4', 3), ('b.avi.mp4', 2)):
        capture = cv2.VideoCapture(str(tmp_path / 'drawn' / name))
        assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(expected)
        assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == num


EVERYTHING = dict(with_csv=True, with_drawn=True)


def add_all(files, by_name, x):
    """Two empty frames of a video, and a picture with a skirt."""
    video, picture = by_name.values()
    for frame in range(2):
        files.add(predicted(video, frame=frame, fps=10))
    files.add(predicted(picture, [skirt(x)]))


@pytest.fixture
def with_old(tmp_path):
    """A folder with the results of an earlier run, and the names of its inputs."""
    by_name = sources('in/v.mp4', 'in/a.jpg')
    with PredictionFiles(tmp_path, by_name, **EVERYTHING) as files:
        add_all(files, by_name, 10)
    return tmp_path, by_name


def test_a_second_run_replaces_the_first(with_old):
    folder, by_name = with_old
    old = contents(folder)
    with PredictionFiles(folder, by_name, **EVERYTHING) as files:
        add_all(files, by_name, 12)
    new = contents(folder)
    assert (
        sorted(new)
        == sorted(old)
        == [
            *('drawn/a.jpg', 'drawn/v.mp4', 'predictions.csv', 'predictions.json'),
        ]
    )
    changed = {name for name in new if new[name] != old[name]}
    assert changed == set(new) - {'drawn/v.mp4'}


def test_what_is_finished_is_saved(with_old):
    """Where the interruption is caught inside of the block."""
    folder, by_name = with_old
    video, picture = by_name.values()
    with PredictionFiles(folder, by_name, **EVERYTHING) as files:
        try:
            files.add(predicted(picture, [skirt(12)]))
            files.add(predicted(video, frame=0, fps=10))
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            pass
    entries = json.loads((folder / 'predictions.json').read_text())
    assert [entry['keypoints'][0] for entry in entries] == [12]
    table = read_tianchi(folder / 'predictions.csv', predictions=True)
    assert table.keypoints[0, SKIRT.channels[0], 0] == 12
    capture = cv2.VideoCapture(str(folder / 'drawn/v.mp4'))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 1


def full_disk(*args, **kwargs):
    raise OSError(28, 'No space left on device')


@pytest.mark.parametrize('error', [RuntimeError, KeyboardInterrupt])
def test_a_crash_leaves_the_old_results(with_old, error):
    folder, by_name = with_old
    old = contents(folder)
    video, _ = by_name.values()
    with (
        pytest.raises(error, match='in the middle'),
        PredictionFiles(folder, by_name, **EVERYTHING) as files,
    ):
        files.add(predicted(video, [skirt(12)], frame=0, fps=10))
        raise error('in the middle')
    assert contents(folder) == old


@pytest.mark.parametrize('writer', ['write_picture', 'write_tianchi'])
def test_a_full_disk_leaves_the_old_results(with_old, monkeypatch, writer):
    folder, by_name = with_old
    old = contents(folder)
    monkeypatch.setattr(f'fashion_mmpose.inference.outputs.saving.{writer}', full_disk)
    with (
        pytest.raises(OSError, match='No space left'),
        PredictionFiles(folder, by_name, **EVERYTHING) as files,
    ):
        add_all(files, by_name, 12)
    new = contents(folder)
    assert sorted(new) == sorted(old)
    for name in ('predictions.csv', 'predictions.json'):
        assert new[name] == old[name]


def test_a_full_disk_is_noticed_early(tmp_path, monkeypatch):
    """Not after thousands of pictures."""
    monkeypatch.setattr(
        'fashion_mmpose.inference.outputs.saving.write_picture', full_disk
    )
    by_name = sources(*(f'{i}.jpg' for i in range(50)))
    options = dict(with_json=False, with_drawn=True)
    files = PredictionFiles(tmp_path, by_name, **options)
    with pytest.raises(OSError, match='No space left'), files:
        for source in by_name.values():
            files.add(predicted(source))
    assert files.num_pictures < 20


def test_numbers_that_are_none(tmp_path):
    points = np.full((4, 2), np.nan, np.float32)
    with pytest.raises(ValueError, match=r'a\.jpg: the network finds a skirt at no'):
        write(tmp_path, sources('in/a.jpg'), [[skirt(keypoints=points)]])
    assert not list(tmp_path.iterdir())
