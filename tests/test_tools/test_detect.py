"""tools/detect.py: the boxes of a COCO file, in pieces and in one go."""

import json
import shutil
from pathlib import Path

import cv2
import pytest
from coarse_pictures import pictures
from tiny_detector import save_detector, write_config
from toolbox import ROOT, load_tool, run

from fashion_mmpose import garments
from fashion_mmpose.apis import GarmentDetector
from fashion_mmpose.files.writing.locks import locked_file
from fashion_mmpose.formats.detectors.partial_boxes import PartialBoxes

pytestmark = pytest.mark.slow

IDS = [4, 9, 2, 7, 5]  # in the order of the file
SIZES = [(90, 70), (40, 120), (64, 64), (100, 30), (50, 50)]
TORCHRUN = '-m', 'torch.distributed.run', '--nproc_per_node=2', '--master_port=29617'


@pytest.fixture(scope='module', autouse=True)
def built_once():
    """What detects for a config, weights and limits is built once: half of each run."""
    built = {}

    def build(cfg, weights, *limits):
        key = repr(cfg.to_dict()), Path(weights).read_bytes(), limits
        if key not in built:
            built[key] = GarmentDetector(cfg, weights, *limits)
        return built[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('fashion_mmpose.commands.boxes.detect.GarmentDetector', build)
        yield


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    """A folder with pictures, their COCO file and a tiny detector."""
    folder = tmp_path_factory.mktemp('detect')
    save_detector(write_config(folder / 'tiny_det.py'), folder / 'det.pth')
    (folder / 'img/part').mkdir(parents=True)
    images = []
    for image_id, size, picture in zip(IDS, SIZES, pictures(SIZES)):
        cv2.imwrite(str(folder / f'img/part/{image_id}.png'), picture)
        width, height = size
        images.append(
            dict(
                id=image_id,
                file_name=f'{image_id}.png',
                folder='part',
                width=width,
                height=height,
            )
        )
    categories = [
        dict(id=garments.garment('fashionai', name).category_id, name=name)
        for name in garments.categories('fashionai')
    ]
    content = dict(images=images, categories=categories, annotations=[])
    (folder / 'coco.json').write_text(json.dumps(content))
    return folder


@pytest.fixture
def folder(data, tmp_path):
    """A copy that a test may change."""
    return shutil.copytree(data, tmp_path / 'run')


def arguments(folder, *options, out='boxes.json'):
    return [
        *(str(folder / 'tiny_det.py'), str(folder / 'det.pth')),
        *('--ann-file', str(folder / 'coco.json'), '--img-root', str(folder / 'img')),
        *('--out', str(folder / out), '--max-per-image', '4', '--batch-size', '2'),
        *('--device', 'cpu', '--workers', '0'),
        *options,
    ]


def detect(folder, *options, **kwargs):
    """The exit code of the tool, in this process."""
    return load_tool('detect.py').main(arguments(folder, *options, **kwargs))


def boxes_of(folder, out='boxes.json'):
    return json.loads((folder / out).read_text())


@pytest.fixture(scope='module')
def whole(data):
    """The bytes of an uninterrupted run."""
    assert detect(data, out='whole.json') == 0
    return (data / 'whole.json').read_bytes()


def test_boxes_are_the_detectors(data, whole):
    boxes = json.loads(whole)
    assert [box['image_id'] for box in boxes] == [i for i in IDS for _ in range(4)]
    detector = GarmentDetector(
        str(data / 'tiny_det.py'), data / 'det.pth', 'cpu', max_per_image=4
    )
    rows = iter(boxes)
    for found in detector.detect(pictures(SIZES), batch_size=2):
        for bbox, score, label in zip(found.bboxes, found.scores, found.labels):
            box = next(rows)
            x1, y1, x2, y2 = bbox
            assert box['bbox'] == pytest.approx([x1, y1, x2 - x1, y2 - y1], abs=1e-4)
            assert box['score'] == pytest.approx(score, abs=1e-6)
            expected = garments.garment('fashionai', label).category_id
            assert box['category_id'] == expected
    assert not list(data.glob('*.partial*'))


def test_without_names_the_test_pictures_of_the_config_are_searched(folder, whole):
    (folder / 'annotations').mkdir()
    shutil.move(folder / 'coco.json', folder / 'annotations/test_all.json')
    given = arguments(folder)
    names = given.index('--ann-file')
    there = ['--data-root', str(folder), '--img-root', str(folder / 'img')]
    detect_tool = load_tool('detect.py')
    assert detect_tool.main([*given[:names], *there, *given[names + 4 :]]) == 0
    assert (folder / 'boxes.json').read_bytes() == whole


def test_labels_go_by_name(folder, whole):
    """The same classes have other ids in DeepFashion2, and other places."""
    names = 'vest', 'sling', 'shorts', 'trousers', 'skirt'
    config = (folder / 'tiny_det.py').read_text()
    classes = f'metainfo = dict(classes={names})\n'
    config = config.replace('part = dict(', f'{classes}part = dict(metainfo=metainfo,')
    (folder / 'tiny_det.py').write_text(config)
    save_detector(folder / 'tiny_det.py', folder / 'det.pth', names)
    content = boxes_of(folder, 'coco.json')
    content['categories'] = [dict(id=9, name='skirt')]
    (folder / 'coco.json').write_text(json.dumps(content))
    assert detect(folder) == 0
    pairs = zip(json.loads(whole), boxes_of(folder))
    # FashionAI's ids are 1 to 5 in the order of its classes, these are 5 to 9.
    assert all(a['category_id'] + 4 == b['category_id'] for a, b in pairs)


@pytest.mark.parametrize('torn', [b'', b'{"image_id":2,"bo'], ids=['clean', 'torn'])
@pytest.mark.parametrize('batches', [0, 1, 2])
def test_an_interrupted_run_goes_on(folder, whole, batches, torn, monkeypatch, capsys):
    real = GarmentDetector.detect_samples
    calls = []

    def detect_samples(self, samples):
        calls.append(len(samples))
        if interrupt and len(calls) > batches:
            raise KeyboardInterrupt
        return real(self, samples)

    monkeypatch.setattr(GarmentDetector, 'detect_samples', detect_samples)
    interrupt = True
    assert detect(folder) == 130
    assert 'the same command goes on' in capsys.readouterr().err
    assert not (folder / 'boxes.json').exists()
    with open(folder / 'boxes.json.partial', 'ab') as file:
        file.write(torn)
    calls.clear()
    interrupt = False
    assert detect(folder) == 0
    assert (folder / 'boxes.json').read_bytes() == whole
    assert calls == [2, 2, 1][batches:]
    if batches:
        assert f'{2 * batches} images were finished' in capsys.readouterr().out
    assert not list(folder.glob('*.partial*'))


def test_a_batch_that_was_cut_is_detected_again(folder, whole):
    """Its neighbours are in it too, but no image is there twice."""
    (folder / 'img/part/4.png').rename(folder / 'later.png')
    assert detect(folder) == 1
    partial = (folder / 'boxes.json.partial').read_text().splitlines()
    assert [json.loads(line)['image_id'] for line in partial[1:]] == [9, 2, 7, 5]
    (folder / 'later.png').rename(folder / 'img/part/4.png')
    assert detect(folder) == 0
    boxes, expected = boxes_of(folder), json.loads(whole)
    assert [b['image_id'] for b in boxes] == [b['image_id'] for b in expected]
    # The first image's own neighbour was there when it was detected.
    assert boxes[:4] == expected[:4]


def test_two_at_once(folder, whole, capsys):
    """The second one leaves the file, and what is finished, to the first."""
    with locked_file(folder / 'boxes.json'):
        assert detect(folder) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f'error: {folder}/boxes.json is in use by process ')
    assert not list(folder.glob('*boxes.json*'))
    assert detect(folder) == 0
    assert (folder / 'boxes.json').read_bytes() == whole


def test_no_file_of_fewer_pictures(folder, monkeypatch, capsys):
    """What is finished is removed meanwhile, by hand."""
    real = PartialBoxes.finish

    def finish(self, image_ids):
        for path in self.files():
            path.unlink()
        return real(self, image_ids)

    monkeypatch.setattr(PartialBoxes, 'finish', finish)
    assert detect(folder) == 1
    assert '5 of 5 images are missing' in capsys.readouterr().err
    assert not (folder / 'boxes.json').exists()


def test_unreadable_pictures(folder, whole, capsys):
    (folder / 'img/part/9.png').write_bytes(b'no picture')
    (folder / 'img/part/5.png').unlink()
    assert detect(folder) == 1
    error = capsys.readouterr().err
    assert 'part/5.png: no such file' in error and 'part/9.png: ' in error
    assert '2 images cannot be read' in error and '--skip-bad' in error
    assert not (folder / 'boxes.json').exists()
    assert detect(folder, '--skip-bad') == 0
    assert '2 left out' in capsys.readouterr().out
    ids = [box['image_id'] for box in boxes_of(folder)]
    assert ids == [i for i in (4, 2, 7) for _ in range(4)]


@pytest.mark.parametrize(
    'options, changed',
    [
        pytest.param(('--score-thr', '0.2'), 'score_thr: 0.05 then, 0.2 now', id='thr'),
        pytest.param(('--max-per-image', '5'), 'max_per_image: 4 then, 5', id='number'),
        pytest.param(
            ('--cfg-options', 'model.test_cfg.nms.iou_threshold=0.1'),
            'config: ',
            id='config',
        ),
    ],
)
def test_other_settings_do_not_go_on(folder, options, changed, capsys):
    (folder / 'img/part/5.png').unlink()
    assert detect(folder) == 1
    before = (folder / 'boxes.json.partial').read_bytes()
    assert detect(folder, *options) == 1
    error = capsys.readouterr().err
    assert changed in error and 'delete the file to begin anew' in error
    assert (folder / 'boxes.json.partial').read_bytes() == before


def test_other_weights_and_images_do_not_go_on(folder, capsys):
    (folder / 'img/part/5.png').unlink()
    assert detect(folder) == 1
    content = boxes_of(folder, 'coco.json')
    content['images'].pop()
    (folder / 'coco.json').write_text(json.dumps(content))
    assert detect(folder) == 1
    assert 'other settings (ann_file: ' in capsys.readouterr().err
    with open(folder / 'det.pth', 'ab') as file:
        file.write(b'\0')
    assert detect(folder) == 1


@pytest.mark.parametrize(
    'options, message',
    [
        pytest.param(('--score-thr', '2'), 'must be between 0 and 1', id='threshold'),
        pytest.param(('--batch-size', '0'), 'must be at least 1', id='batch'),
        pytest.param(('--img-root', 'nowhere'), 'no such folder', id='root'),
    ],
)
def test_wrong_options(folder, options, message, capsys):
    with pytest.raises(SystemExit) as stop:
        detect(folder, *options)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_wrong_files(folder, capsys):
    pose = 'demo/cpn_r18_fashionai_blouse'
    assert load_tool('detect.py').main([pose, *arguments(folder)[1:]]) == 1
    assert 'not the config of a detector' in capsys.readouterr().err
    before = (folder / 'coco.json').read_bytes()
    assert detect(folder, out='coco.json') == 1
    assert 'coco.json is an input, which would be written' in capsys.readouterr().err
    assert (folder / 'coco.json').read_bytes() == before
    assert detect(folder, '--ann-file', str(folder / 'none.json')) == 1
    assert 'none.json does not exist' in capsys.readouterr().err
    content = boxes_of(folder, 'coco.json')
    content['categories'] = [dict(id=1, name='short_sleeved_shirt')]
    (folder / 'coco.json').write_text(json.dumps(content))
    assert detect(folder) == 1
    assert 'which are no categories of deepfashion2' in capsys.readouterr().err


def test_two_processes(folder, whole):
    """Each appends to a file of its own; the first joins them.

    Their batches are others than those of one process, so the last decimal may differ.
    """
    command = *TORCHRUN, ROOT / 'tools/detect.py', *arguments(folder)
    result = run(*command, '--launcher', 'pytorch', cwd=folder)
    for box, expected in zip(boxes_of(folder), json.loads(whole), strict=True):
        assert box.pop('bbox') == pytest.approx(expected.pop('bbox'), abs=2e-4)
        assert box.pop('score') == pytest.approx(expected.pop('score'), abs=2e-6)
        assert box == expected
    assert result.stdout.count('20 boxes in 5 images') == 1
    assert not list(folder.glob('*.partial*'))


def test_what_is_finished_is_not_needed_again(folder, whole):
    """A picture may be gone, and its neighbour in the batch mended."""
    (folder / 'img/part/4.png').rename(folder / 'later.png')
    assert detect(folder) == 1
    (folder / 'later.png').rename(folder / 'img/part/4.png')
    (folder / 'img/part/9.png').unlink()  # in the batch of 4.png
    assert detect(folder) == 0
    expected = [box['image_id'] for box in json.loads(whole)]
    assert [box['image_id'] for box in boxes_of(folder)] == expected
