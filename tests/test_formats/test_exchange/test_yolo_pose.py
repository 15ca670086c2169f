"""YOLO's pose data, out and back."""

import json
import os

import cv2
import numpy as np
import pytest
import yaml
from constructed_errors import ConstructedRun
from report_runs import noisy, write_truth

from fashion_mmpose import garments
from fashion_mmpose.cli.main import main
from fashion_mmpose.evaluation.functional.oks import score_files
from fashion_mmpose.formats.coco.annotations import coco_categories
from fashion_mmpose.formats.coco.columns import read_columns
from fashion_mmpose.formats.deepfashion2.results import read_results, write_results
from fashion_mmpose.formats.exchange.yolo_pose import YoloNames, write_yolo


def command(*arguments):
    assert main(['convert', *map(str, arguments)]) == 0


def write_pictures(folder, run, size=(800, 700)):
    folder.mkdir(parents=True)
    for image_id in run.image_ids:
        cv2.imwrite(str(folder / f'{image_id}.jpg'), np.zeros((*size[::-1], 3)))


@pytest.fixture
def run():
    return noisy(8)


@pytest.fixture
def truth(tmp_path, run):
    return write_truth(tmp_path / 'truth.json', run)


@pytest.mark.slow
def test_annotations_out_and_back(tmp_path, run, truth):
    yolo = tmp_path / 'yolo'
    command('export', truth, '--to', 'yolo-pose', '--out', yolo)
    write_pictures(yolo / 'images', run)
    back = tmp_path / 'back.json'
    command(
        *('labels', yolo / 'data.yaml', '--benchmark', 'deepfashion2'),
        *('--images', yolo / 'images', '--out', back),
    )
    before, after = (
        read_columns(path, 'deepfashion2', points_dtype=np.float64)
        for path in (truth, back)
    )
    assert after.images.file_names == sorted(before.images.file_names)
    order = [before.images.file_names.index(name) for name in after.images.file_names]
    rows = [
        np.flatnonzero(before.image_ids == before.images.ids[place])[0]
        for place in order
    ]
    assert (before.category_ids[rows] == after.category_ids).all()
    assert after.boxes == pytest.approx(before.boxes[rows], abs=1e-3)
    for row, place in enumerate(rows):
        old = before.points[before.starts[place] : before.starts[place + 1]]
        new = after.points[after.starts[row] : after.starts[row + 1]]
        assert new == pytest.approx(old, abs=1e-3)


@pytest.mark.slow
def test_the_description_of_the_data(tmp_path, truth):
    command('export', truth, '--to', 'yolo-pose', '--out', tmp_path / 'yolo')
    data = yaml.safe_load((tmp_path / 'yolo' / 'data.yaml').read_text())
    whole = garments.benchmark('deepfashion2')
    assert data['kpt_shape'] == [294, 3] and data['names'][8] == 'skirt'
    assert len(data['names']) == 13
    # A mirrored key point is the benchmark's: lapel tips of short sleeve outwear.
    coat = whole.garments['short_sleeved_outwear']
    assert data['flip_idx'][coat.channels[1]] == coat.channels[coat.flip[1]]
    assert sorted(data['flip_idx']) == list(range(294))


def test_one_category_has_its_own_key_points():
    names = YoloNames.of('fashionai', ['skirt'])
    assert names.keypoints == garments.keypoints('fashionai', 'skirt')
    assert names.flip == [1, 0, 3, 2] and not names.full


def test_landmarks_outside_of_the_picture_are_left_out(tmp_path, capsys):
    run = ConstructedRun()
    run.garment('skirt', 1, corner=(500.0, 100.0))  # 800 px wide is the picture
    truth = write_truth(tmp_path / 'truth.json', run)
    points = run.annotations[0]['keypoints'].copy()
    outside = int((points[:, 0] > 800).sum())
    assert outside > 0
    command('export', truth, '--to', 'yolo-pose', '--out', tmp_path)
    assert f'left out: {outside}' in capsys.readouterr().out
    line = (tmp_path / 'labels' / '1.txt').read_text().split()
    fractions = np.array(line[5:], float).reshape(-1, 3)
    assert fractions[:, :2].max() <= 1
    assert (fractions[:, 2] == 2).sum() == len(points) - outside


def test_predictions_out_and_back(tmp_path, run, truth):
    found = tmp_path / 'found.json'
    with found.open('w') as file:
        write_results(file, run.entries)
    labels = tmp_path / 'predicted'
    options = '--ann-file', truth
    command('export', found, '--to', 'yolo-pose', '--out', labels, *options)
    back = tmp_path / 'back.json'
    command('yolo-predictions', labels / 'labels', '--out', back, *options)
    before, after = read_results(found), read_results(back)
    order = np.argsort(before.image_ids, kind='stable')
    assert (before.image_ids[order] == after.image_ids).all()
    assert after.scores == pytest.approx(before.scores[order], abs=1e-7)
    assert score_files(truth, back).numbers == pytest.approx(
        score_files(truth, found).numbers, abs=1e-6
    )


def test_ultralytics_takes_the_files(tmp_path):
    utils = pytest.importorskip(
        'ultralytics.data.utils', reason='ultralytics (AGPL) is not installed'
    )
    run = noisy(8)
    run.garment('skirt', 13, corner=(600.0, -30.0))  # partly outside
    truth = write_truth(tmp_path / 'truth.json', run)
    command('export', truth, '--to', 'yolo-pose', '--out', tmp_path)
    write_pictures(tmp_path / 'images', run)
    for image_id in run.image_ids:
        picture, labels = f'images/{image_id}.jpg', f'labels/{image_id}.txt'
        files = str(tmp_path / picture), str(tmp_path / labels)
        checked = utils.verify_image_label((*files, '', True, 13, 294, 3, False))
        assert checked[-1] == '' and checked[1].shape == (1, 5)


@pytest.mark.parametrize(
    'line, message',
    [
        ('0 0.5 0.5', r'3 numbers, expected 888'),
        ('0 half', 'is no line of numbers'),
        (' '.join(['13'] + ['0.5'] * 887), 'class 13 is not one of 13'),
    ],
)
def test_lines_that_are_no_predictions(tmp_path, truth, capsys, line, message):
    labels = tmp_path / 'labels'
    labels.mkdir()
    (labels / '3.txt').write_text(f'\n{line}\n')
    options = '--ann-file', truth, '--out', tmp_path / 'out.json'
    arguments = ['convert', 'yolo-predictions', labels, *options]
    assert main(list(map(str, arguments))) == 1
    error = capsys.readouterr().err
    assert message in error and '3.txt, line 2' in error


@pytest.mark.parametrize(
    'names, message',
    [
        (('a.jpg', 'a.png'), 'another picture has the text file'),
        (('a.jpg', 'a.jpg'), '2 images are called a.jpg'),
    ],
)
def test_pictures_of_one_name_are_refused(tmp_path, capsys, names, message):
    run = ConstructedRun()
    run.garment('skirt', 1)
    run.garment('skirt', 2)
    truth = write_truth(tmp_path / 'truth.json', run)
    content = json.loads(truth.read_text())
    for image, name in zip(content['images'], names):
        image['file_name'] = name
    truth.write_text(json.dumps(content))
    arguments = ['convert', 'export', truth, '--to', 'yolo-pose', '--out', tmp_path]
    assert main(list(map(str, arguments))) == 1
    assert message in capsys.readouterr().err


def test_a_box_without_area_is_refused(tmp_path, capsys):
    truth = skirts(tmp_path / 'truth.json', ['a.jpg'])
    content = json.loads(truth.read_text())
    content['annotations'][0]['bbox'] = [60, 70, -50, -50]
    truth.write_text(json.dumps(content))
    arguments = ['convert', 'export', truth, '--to', 'yolo-pose', '--out', tmp_path]
    assert main(list(map(str, arguments))) == 1
    assert 'has no area in its picture' in capsys.readouterr().err
    assert not (tmp_path / 'labels').exists()


def skirts(path, names):
    """A COCO file of a skirt of FashionAI in each picture of these names."""
    run = ConstructedRun('fashionai')
    for image_id in range(1, len(names) + 1):
        run.garment('skirt', image_id, corner=(10.0 * image_id, 20.0))
    content = json.loads(write_truth(path, run).read_text())
    for image, name in zip(content['images'], names, strict=True):
        image['file_name'] = name
    for entry in content['annotations']:
        points = np.reshape(entry['keypoints'], (-1, 3))
        entry['keypoints'] = points[points[:, 2] > 0].ravel().tolist()
    content['categories'] = coco_categories('fashionai', 'skirt')
    path.write_text(json.dumps(content))
    return path


def predicted(folder, *names):
    """Text files with a skirt each, 0.1, 0.2, ... wide."""
    for place, name in enumerate(names, 1):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        points = '0.1 0.2 0.9 ' * 4
        path.write_text(f'0 0.5 0.5 0.{place} 0.4 {points}0.8\n')
    return folder


def test_pictures_of_one_base_name_have_predictions_of_their_own(tmp_path, capsys):
    truth = skirts(tmp_path / 'truth.json', ['a/1.jpg', 'b/1.jpg', 'b/2.jpg'])
    out = tmp_path / 'out.json'
    options = '--ann-file', truth, '--out', out
    nested = predicted(tmp_path / 'nested', 'a/1.txt', 'b/1.txt', '2.txt')
    command('yolo-predictions', nested, *options)
    found = json.loads(out.read_text())
    assert [e['image_id'] for e in found] == [1, 2, 3]
    assert [e['bbox'][2] for e in found] == pytest.approx([80, 160, 240])
    out.unlink()
    flat = predicted(tmp_path / 'flat', '1.txt', '2.txt')
    arguments = ['convert', 'yolo-predictions', flat, *options]
    assert main(list(map(str, arguments))) == 1
    error = capsys.readouterr().err
    assert '1.txt may be of any of 2 pictures, such as a/1.jpg' in error
    assert not out.exists()


def test_pictures_that_differ_in_their_suffixes_share_no_predictions(tmp_path, capsys):
    truth = skirts(tmp_path / 'truth.json', ['1.jpg', '1.png'])
    flat = predicted(tmp_path / 'flat', '1.txt')
    options = '--ann-file', truth, '--out', tmp_path / 'out.json'
    arguments = ['convert', 'yolo-predictions', flat, *options]
    assert main(list(map(str, arguments))) == 1
    assert 'may be of any of 2 pictures' in capsys.readouterr().err


def test_text_files_that_an_export_before_has_left(tmp_path, capsys):
    names = ['1.jpg', '2.jpg', 'train/images/3.jpg']
    truth = skirts(tmp_path / 'truth.json', names)
    yolo = tmp_path / 'yolo'
    for _ in range(2):
        command('export', truth, '--to', 'yolo-pose', '--out', yolo)
    (yolo / 'notes.txt').touch()
    assert not capsys.readouterr().err
    truth = skirts(tmp_path / 'truth.json', names[1:2])
    command('export', truth, '--to', 'yolo-pose', '--out', yolo)
    error = capsys.readouterr().err
    left = yolo / 'images' / 'train' / 'labels' / '3.txt'
    assert f'warning: 2 text files of other pictures, such as {left}, stay' in error
    assert left.is_file()


def test_text_files_of_other_pictures(tmp_path, capsys):
    truth = skirts(tmp_path / 'truth.json', ['1.jpg', '2.jpg'])
    out = tmp_path / 'out.json'
    options = '--ann-file', truth, '--out', out
    some = predicted(tmp_path / 'some', '2.txt', '3.txt', 'c/4.txt')
    command('yolo-predictions', some, *options)
    assert [e['image_id'] for e in json.loads(out.read_text())] == [2]
    assert 'warning: 2 text files are of no picture in' in capsys.readouterr().err
    out.unlink()
    for folder, count in ((predicted(tmp_path / 'c', '3.txt', '4.txt'), 2), ('d', 0)):
        (tmp_path / folder).mkdir(exist_ok=True)
        arguments = ['convert', 'yolo-predictions', tmp_path / folder, *options]
        assert main(list(map(str, arguments))) == 1
        assert f'none of its {count} text files' in capsys.readouterr().err
        assert not out.exists()


def test_more_pictures_than_a_system_keeps_files_open(tmp_path):
    """DeepFashion2 has 32,153 to validate with; many systems keep 1,024."""
    resource = pytest.importorskip('resource')
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with open(os.devnull) as file:
        first = file.fileno()  # that is free
    texts = {f'{number}.jpg': f'{number}' for number in range(100)}
    resource.setrlimit(resource.RLIMIT_NOFILE, (first + 50, limits[1]))
    try:
        written = write_yolo(tmp_path, texts, 'names: []')
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert [path.read_text().strip() for path in written] == [*texts.values()]


@pytest.mark.parametrize(
    'names',
    [
        pytest.param(['shop/images/1.jpg', 'images/b/2.jpg', '3.jpg'], id='images'),
        pytest.param(['front/1.jpg', 'back/1.jpg', 'back/left/1.jpg'], id='one name'),
    ],
)
def test_pictures_in_folders_come_back(tmp_path, names):
    truth = skirts(tmp_path / 'truth.json', names)
    yolo = tmp_path / 'images' / 'yolo'
    command('export', truth, '--to', 'yolo-pose', '--out', yolo)
    for name in names:
        (yolo / 'images' / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(yolo / 'images' / name), np.zeros((700, 800, 3)))
    back = tmp_path / 'back.json'
    command(
        *('labels', yolo / 'data.yaml', '--benchmark', 'fashionai'),
        *('--images', yolo / 'images', '--out', back),
    )
    content = json.loads(back.read_text())
    known = {image['id']: image['file_name'] for image in content['images']}
    corners = {known[e['image_id']]: e['bbox'][0] for e in content['annotations']}
    assert corners == pytest.approx(dict(zip(names, (10, 20, 30))), abs=1e-3)


def test_pictures_that_are_damaged_can_be_left_out(tmp_path, capsys):
    """Their sizes, of which YOLO's places are shares, cannot be told."""
    truth = skirts(tmp_path / 'truth.json', ['1.jpg', '2.jpg'])
    yolo, back = tmp_path / 'yolo', tmp_path / 'back.json'
    command('export', truth, '--to', 'yolo-pose', '--out', yolo)
    (yolo / 'images').mkdir()
    (yolo / 'images/1.jpg').write_bytes(b'\xff\xd8\xff\xe0')
    cv2.imwrite(str(yolo / 'images/2.jpg'), np.zeros((700, 800, 3)))
    options = '--benchmark', 'fashionai', '--out', back
    assert (
        main(list(map(str, ('convert', 'labels', yolo / 'data.yaml', *options)))) == 1
    )
    message = f'{yolo / "images/1.jpg"} is no readable picture'
    assert f'error: {message}' in capsys.readouterr().err
    command('labels', yolo / 'data.yaml', *options, '--skip-bad')
    assert f'warning: left out: {message}' in capsys.readouterr().err
    (image,) = json.loads(back.read_text())['images']
    assert image['file_name'] == 'images/2.jpg'


def test_predictions_below_a_folder_called_images_come_back(tmp_path):
    truth = skirts(tmp_path / 'truth.json', ['shop/images/1.jpg'])
    points = [100.0, 200.0, 0.5] * 4
    entry = dict(image_id=1, category_id=4, bbox=[80.0, 70, 240, 280], score=0.5)
    found = tmp_path / 'found.json'
    found.write_text(json.dumps([dict(entry, keypoints=points)]))
    options = '--ann-file', truth
    command('export', found, '--to', 'yolo-pose', '--out', tmp_path / 'p', *options)
    back = tmp_path / 'back.json'
    command('yolo-predictions', tmp_path / 'p' / 'labels', '--out', back, *options)
    assert json.loads(back.read_text()) == [dict(entry, keypoints=points)]


def test_predictions_do_not_replace_annotations(tmp_path, capsys):
    truth = skirts(tmp_path / 'truth.json', ['1.jpg'])
    yolo = tmp_path / 'yolo'
    command('export', truth, '--to', 'yolo-pose', '--out', yolo)
    before = (yolo / 'labels/1.txt').read_text()
    entry = dict(image_id=1, category_id=4, bbox=[80.0, 70, 240, 280], score=0.5)
    found = tmp_path / 'found.json'
    found.write_text(json.dumps([dict(entry, keypoints=[100.0, 200.0, 0.5] * 4)]))
    options = '--ann-file', truth, '--to', 'yolo-pose', '--out', yolo
    assert main(list(map(str, ('convert', 'export', found, *options)))) == 1
    assert 'predictions would replace their text files' in capsys.readouterr().err
    assert (yolo / 'labels/1.txt').read_text() == before


def test_pictures_without_predictions_do_not_get_those_of_their_namesakes(tmp_path):
    truth = skirts(tmp_path / 'truth.json', ['a/1.jpg', '1.jpg'])
    entry = dict(image_id=2, category_id=4, bbox=[80.0, 70, 240, 280], score=0.5)
    entry['keypoints'] = [100.0, 200.0, 0.5] * 4
    for place, entries in enumerate(([entry], [])):
        found, labels = tmp_path / 'found.json', tmp_path / f'p{place}'
        found.write_text(json.dumps(entries))
        options = '--ann-file', truth
        command('export', found, '--to', 'yolo-pose', '--out', labels, *options)
        command('yolo-predictions', labels / 'labels', '--out', found, *options)
        assert json.loads(found.read_text()) == entries


def test_categories_that_the_file_does_not_list(tmp_path, capsys):
    truth = skirts(tmp_path / 'truth.json', ['1.jpg', '2.jpg'])
    content = json.loads(truth.read_text())
    blouse = dict(category_id=1, keypoints=[100, 200, 2] * 13)
    content['annotations'][1] |= blouse
    truth.write_text(json.dumps(content))
    found = tmp_path / 'found.json'
    found.write_text(json.dumps([dict(blouse, image_id=1, score=0.5)]))
    ending = '--to', 'yolo-pose', '--out', tmp_path / 'yolo'
    for files, where in (
        ([truth], 'annotation 2'),
        ([found, '--ann-file', truth], 'a prediction for image 1'),
    ):
        arguments = ['convert', 'export', *files, *ending]
        assert main(list(map(str, arguments))) == 1
        error = capsys.readouterr().err
        assert f"{where} is of category 'blouse', which the COCO file does" in error
