"""tools/compare_boxes.py: the same network in boxes of three sources."""

import json
from types import SimpleNamespace

import pytest
from mmengine.config import Config
from toolbox import ROOT, load_tool, run, tool

from fashion_mmpose import garments
from fashion_mmpose.commands.boxes import box_comparison
from fashion_mmpose.commands.boxes.box_comparison import (
    ANNOTATED,
    WHOLE,
    box_sources,
    compare_boxes,
    comparison_table,
)

pytestmark = pytest.mark.slow

CHECKPOINT = 'work_dirs/tiny/epoch_4.pth'


@pytest.fixture(scope='module')
def boxes(trained):
    """The annotated boxes as a detector's, all but the first picture's."""
    coco = json.loads((trained / 'data/annotations/test_blouse.json').read_text())
    found = [
        dict(
            image_id=item['image_id'],
            category_id=item['category_id'],
            bbox=item['bbox'],
            score=0.9,
        )
        for item in coco['annotations'][1:]
    ]
    (trained / 'boxes.json').write_text(json.dumps(found))
    return trained / 'boxes.json'


@pytest.fixture(scope='module')
def compared(trained, boxes):
    """What the command printed and wrote."""
    result = run(
        ROOT / 'tools/compare_boxes.py',
        *('tiny.py', CHECKPOINT, '--bbox-file', 'boxes.json'),
        *('--json', 'scores.json', '--work-dir', 'work_dirs/compared'),
        cwd=trained,
    )
    return result.stdout, json.loads((trained / 'scores.json').read_text())


def test_sources_in_order(compared):
    assert list(compared[1]) == ['annotated boxes', 'boxes.json', 'whole images']


def test_same_scores_as_a_test(trained, compared):
    """By tools/test.py; the config's own boxes are the whole images."""
    for name, options in (('boxes.json', ['--bbox-file', 'boxes.json']), (WHOLE, [])):
        tool(
            'test.py',
            *('tiny.py', CHECKPOINT, '--work-dir', 'work_dirs/one', *options),
            cwd=trained,
        )
        logs = sorted((trained / 'work_dirs/one').glob('*/*.json'))
        log = max(logs, key=lambda path: path.stat().st_mtime)
        tested = json.loads(log.read_text().splitlines()[-1])
        assert compared[1][name]['fashionai/NE'] == tested['fashionai/NE']


def test_boxes_matter(compared):
    """Three sources, three scores: a picture without a box counts as a whole."""
    assert len({scores['fashionai/NE'] for scores in compared[1].values()}) == 3


def test_the_table_ends_what_is_printed(compared):
    printed, scores = compared
    assert printed.rstrip().endswith(comparison_table(scores))


def test_table():
    first = garments.keypoints('fashionai')[0]
    scores = {
        'fashionai/NE': 0.04567,
        'fashionai/num_points': 12,
        'fashionai/NE_blouse': 0.1,
        f'fashionai/NE_{first}': 0.2,
    }
    table = comparison_table({'one': scores, 'other': scores | {'fashionai/NE': 0.5}})
    rows = [row.split('|')[1:-1] for row in table.splitlines() if '|' in row]
    assert [[cell.strip() for cell in row] for row in rows] == [
        ['boxes', 'NE (%)', 'num points'],
        ['one', '4.57', '12'],
        ['other', '50.00', '12'],
    ]


def test_table_of_deepfashion2():
    scores = {
        'deepfashion2/AP': 0.25,
        'deepfashion2/AP(M)': -1.0,
        'deepfashion2/AP_short_sleeved_shirt': 0.5,
    }
    assert '| one   | 0.250 |     - |' in comparison_table({'one': scores})
    assert 'shirt' not in comparison_table({'one': scores})


def test_what_nothing_counts_for_is_null(tmp_path, monkeypatch, capsys):
    """A key point that is visible in no picture; NaN is no JSON."""
    scores = {
        'fashionai/NE': float('nan'),
        'fashionai/NE_crotch': float('nan'),
        'fashionai/num_points': 0,
    }
    called = 'fashion_mmpose.commands.boxes.compare_boxes.compare_boxes'
    monkeypatch.setattr(called, lambda *_: {WHOLE: scores})
    out = tmp_path / 'scores.json'
    options = '--json', str(out), '--work-dir', str(tmp_path / 'work')
    assert load_tool('compare_boxes.py').main(['starter/fashionai', *options]) == 0
    written = json.loads(out.read_text(), parse_constant=pytest.fail)
    assert written == {WHOLE: dict.fromkeys(scores, None) | {'fashionai/num_points': 0}}
    assert '| whole images |      - |          0 |' in capsys.readouterr().out


@pytest.mark.parametrize(
    'indices, others, warned',
    [
        (3, [7, 8, 8], 'so many pictures: 2 of annotated boxes, 3 of whole images;'),
        (3, [7, 8, 9], None),
        (None, [7, 8, 8], None),
    ],
    ids=['garments', 'the same pictures', 'all'],
)
def test_a_part_of_other_pictures_is_told(monkeypatch, indices, others, warned):
    """The first boxes may lie in one picture, and the first pictures never do."""
    told = []
    tested = {'annotation': others, 'image': [7, 8, 9]}

    def build(cfg, testing):
        source = cfg.test_dataloader.dataset.bbox_source
        infos = [dict(img_id=each) for each in tested[source]]
        return SimpleNamespace(
            test=lambda: dict(AP=0.5),
            test_dataloader=SimpleNamespace(dataset=Pictures(infos)),
        )

    monkeypatch.setattr(box_comparison, 'build_runner', build)
    monkeypatch.setattr(box_comparison, 'set_testing', lambda *_: None)
    monkeypatch.setattr(box_comparison, 'print_log', lambda text, *_: told.append(text))
    dataset = dict(type='DeepFashion2Dataset', indices=indices)
    cfg = Config(dict(test_dataloader=dict(dataset=dataset), work_dir='work'))
    metrics = compare_boxes(cfg, None, box_sources([]))
    assert metrics == {ANNOTATED: dict(AP=0.5), WHOLE: dict(AP=0.5)}
    assert len(told) == (warned is not None)
    assert not told or warned in told[0]


class Pictures(list):
    """A data set of these samples."""

    get_data_info = list.__getitem__


@pytest.mark.parametrize('inner', ['dataset', 'datasets'])
def test_wrapped_data_sets_are_refused(inner):
    dataset = dict(type='AnyWrapper', **{inner: []})
    cfg = Config(dict(test_dataloader=dict(dataset=dataset), work_dir='work'))
    with pytest.raises(
        ValueError, match='on one data set, not in a AnyWrapper; to fix'
    ):
        compare_boxes(cfg, None, box_sources([]))


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['tiny.py', 'none.pth'], 'none.pth does not exist'),
        (['tiny.py'], 'CHECKPOINT is missing'),
        (['tiny.py', CHECKPOINT, '--bbox-file', 'no.json'], 'no.json does not exist'),
        (
            ['tiny.py', CHECKPOINT, '--bbox-file', 'boxes.json', 'boxes.json'],
            'a file of boxes comes twice',
        ),
        (
            [
                'tiny.py',
                CHECKPOINT,
                '--bbox-file',
                'boxes.json',
                '--json',
                'boxes.json',
            ],
            'boxes.json is an input',
        ),
        (
            ['detection/rtmdet_demo_fashionai', CHECKPOINT],
            'config is that of a detector',
        ),
    ],
    ids=['checkpoint', 'no checkpoint', 'boxes', 'twice', 'over boxes', 'detector'],
)
def test_errors(trained, boxes, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(trained)
    assert load_tool('compare_boxes.py').main(arguments) == 1
    assert message in capsys.readouterr().err
