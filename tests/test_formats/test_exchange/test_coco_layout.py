"""COCO files with the key points of each category, and of all."""

import json

import numpy as np
import pytest
from constructed_errors import ConstructedRun
from pycocotools.coco import COCO
from report_runs import noisy, write_truth

from fashion_mmpose.cli.main import main
from fashion_mmpose.errors import FormatError
from fashion_mmpose.evaluation.functional.oks import score_files
from fashion_mmpose.formats.coco.columns import read_columns
from fashion_mmpose.formats.deepfashion2.results import write_results
from fashion_mmpose.formats.exchange.coco_layout import check_content, with_layout


@pytest.fixture
def files(tmp_path):
    run = noisy(10)
    truth = write_truth(tmp_path / 'truth.json', run)
    content = json.loads(truth.read_text())
    for entry in content['annotations']:
        entry |= dict(style=1, pair_id=7, segmentation=[[1, 2, 3, 4, 5, 6.5]])
    truth.write_text(json.dumps(content | dict(info=dict(version='1'))))
    with (tmp_path / 'found.json').open('w') as file:
        write_results(file, run.entries)
    return truth, tmp_path / 'found.json'


def export(*arguments):
    assert main(['convert', 'export', *map(str, arguments)]) == 0


def test_out_and_back_is_the_same(files, tmp_path):
    truth, _ = files
    own, full = tmp_path / 'own.json', tmp_path / 'full.json'
    export(truth, '--to', 'coco', '--out', own)
    export(own, '--to', 'coco', '--out', full, '--layout', 'full')
    assert json.loads(full.read_text()) == json.loads(truth.read_text())


def test_each_category_has_its_own_key_points(files, tmp_path):
    own = tmp_path / 'own.json'
    export(files[0], '--to', 'coco', '--out', own)
    known = COCO(own)
    skirt = known.loadCats(9)[0]
    assert skirt['name'] == 'skirt' and len(skirt['keypoints']) == 8
    assert max(map(max, skirt['skeleton'])) == 8
    for entry in known.loadAnns(known.getAnnIds()):
        names = known.loadCats(entry['category_id'])[0]['keypoints']
        assert len(entry['keypoints']) == 3 * len(names) and entry['pair_id'] == 7
    before, after = (
        read_columns(path, 'deepfashion2', points_dtype=np.float64)
        for path in (files[0], own)
    )
    assert (before.points == after.points).all()
    assert (before.boxes == after.boxes).all()


@pytest.mark.parametrize('layout', ['own', 'full'])
def test_predictions_score_the_same(files, tmp_path, layout):
    truth, found = files
    out = tmp_path / 'out.json'
    options = '--layout', layout, '--ann-file', truth
    export(found, '--to', 'coco', '--out', out, *options)
    sizes = {len(entry['keypoints']) for entry in json.loads(out.read_text())}
    assert sizes == ({882} if layout == 'full' else {24, 45, 75})
    assert score_files(truth, out).numbers == score_files(truth, found).numbers


def test_benchmarks_that_share_key_points(tmp_path):
    run = ConstructedRun('fashionai')
    for image_id, category in enumerate(('blouse', 'skirt'), 1):
        run.perfect(category, image_id)
    truth = write_truth(tmp_path / 'truth.json', run)
    content = json.loads(truth.read_text())
    own = with_layout(content, 'fashionai', 'own', truth)
    assert [len(e['keypoints']) // 3 for e in own['annotations']] == [13, 4]
    assert with_layout(own, 'fashionai', 'full', truth) == content


def test_what_is_no_coco_file():
    with pytest.raises(FormatError, match="no list 'annotations'"):
        check_content(dict(images=[], categories=[]), 'a.json', 'fashionai')
    entry = dict(id=3, category_id=1, keypoints=[1, 2])
    content = dict(images=[], categories=[], annotations=[entry])
    with pytest.raises(FormatError, match=r'a.json: annotation 3 has no list of x, y'):
        check_content(content, 'a.json', 'fashionai')
    entry['keypoints'] = ['1', '2', '2']
    with pytest.raises(FormatError, match='annotation 3 has keypoints that are no n'):
        check_content(content, 'a.json', 'fashionai')
    entry.update(category_id=1.0)
    with pytest.raises(FormatError, match='3 has category_id 1.0; to fix it: write w'):
        check_content(content, 'a.json', 'fashionai')
    entry.update(category_id=1, keypoints=[1, 2, 2], bbox=['1', '2', '3', '4'])
    with pytest.raises(FormatError, match='annotation 3: its bbox is .*, not four f'):
        check_content(content, 'a.json', 'fashionai')


@pytest.mark.parametrize('form', ['coco', 'fiftyone', 'yolo-pose'])
@pytest.mark.parametrize('of', ['annotations', 'predictions'])
def test_key_points_in_another_order_are_refused(tmp_path, capsys, form, of):
    """They would get the benchmark's names: left and right would be exchanged."""
    run = ConstructedRun('fashionai')
    run.perfect('skirt', 1)
    truth = write_truth(tmp_path / 'truth.json', run)
    content = with_layout(json.loads(truth.read_text()), 'fashionai', 'own', truth)
    content['categories'] = [e for e in content['categories'] if e['name'] == 'skirt']
    (skirt,) = content['categories']
    skirt['keypoints'] = [skirt['keypoints'][place] for place in (1, 0, 3, 2)]
    truth.write_text(json.dumps(content))
    found = tmp_path / 'found.json'
    (entry,) = run.entries
    found.write_text(
        json.dumps([dict(entry, keypoints=entry['keypoints'].ravel().tolist())])
    )
    files = (truth,) if of == 'annotations' else (found, '--ann-file', truth)
    arguments = *files, '--to', form, '--out', tmp_path / 'out'
    assert main(['convert', 'export', *map(str, arguments)]) == 1
    error = capsys.readouterr().err
    assert f"{truth}: the key points of category 'skirt' are not those of" in error
    assert not (tmp_path / 'out').exists()


def test_results_for_a_file_without_names_of_key_points(files, tmp_path):
    truth, found = files
    content = json.loads(truth.read_text())
    for entry in content['categories']:
        del entry['keypoints']
    truth.write_text(json.dumps(content))
    out = tmp_path / 'out.json'
    export(found, '--to', 'coco', '--out', out, '--ann-file', truth)
    assert len(json.loads(out.read_text())) == len(json.loads(found.read_text()))
    assert main(['convert', 'export', str(truth), '--to', 'coco', '--out', str(out)])


@pytest.mark.parametrize('form', ['coco', 'fiftyone'])
@pytest.mark.parametrize('image_id', [99, None, [1]])
def test_annotations_of_unlisted_images_are_refused(
    files, tmp_path, capsys, form, image_id
):
    truth, _ = files
    content = json.loads(truth.read_text())
    content['annotations'][2] |= dict(id=3, image_id=image_id)
    truth.write_text(json.dumps(content))
    arguments = str(truth), '--to', form, '--out', str(tmp_path / 'out')
    assert main(['convert', 'export', *arguments]) == 1
    error = capsys.readouterr().err
    assert f'annotation 3 is of image {image_id!r}, which the file does not' in error


def test_a_result_list_needs_its_annotations(files, tmp_path, capsys):
    arguments = files[1], '--to', 'coco', '--out', tmp_path / 'out.json'
    assert main(['convert', 'export', *map(str, arguments)]) == 1
    assert 'with --ann-file' in capsys.readouterr().err
