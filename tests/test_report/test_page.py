"""The page of a report: complete in itself, and safe."""

import base64
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest
from constructed_errors import ConstructedRun
from report_runs import EVIL, noisy, write_truth

from fashion_mmpose.cli.main import main
from fashion_mmpose.formats.deepfashion2.results import write_results
from fashion_mmpose.measure.uncertainty.calibration import (
    Calibration,
    ScoreCurve,
    write_calibration,
)
from fashion_mmpose.report.page import for_script

pytest.importorskip('plotly', reason='`make setup` brings plotly')


class Page(HTMLParser):
    """What is in a page: its tags, the texts of its scripts, and its other text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.scripts, self.said = [], [], ''
        self.inside = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside = tag
        if tag == 'script':
            self.scripts.append('')

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        if self.inside == 'script':
            self.scripts[-1] += data
        elif self.inside != 'style':
            self.said += data

    def all(self, name):
        return [attrs for tag, attrs in self.tags if tag == name]

    @property
    def charts(self):
        """The charts by their names."""
        lines = re.findall(r'^  "(\w+)": (\{.*\}),$', self.scripts[-1], re.MULTILINE)
        return {name: json.loads(text) for name, text in lines}


def report(*arguments):
    assert main(['report', *map(str, arguments)]) == 0
    return Page(arguments[arguments.index('--out') + 1].read_text())


@pytest.fixture(scope='module')
def page(folder):
    files = folder / 'rough.json', '--ann-file', folder / 'truth.json'
    options = '--compare', folder / 'fine.json', '--images', folder / 'pictures'
    return report(*files, *options, '--out', folder / 'report.html')


@pytest.mark.slow
def test_what_it_shows(page):
    headers = ' '.join(page.said.split())
    for said in ('rough.json', 'fine.json', '12 garments in 12 pictures', 'AP.75'):
        assert said in headers
    assert set(page.charts) == {
        *('costs', 'types', 'sides', 'distances', 'curves', 'sizes'),
        *('visibility', 'calibration', 'map'),
    }
    tables = [attrs['id'] for attrs in page.all('table')]
    assert tables == ['headline', 'garments', 'categories', 'landmarks']
    ids = {attrs['id'] for _, attrs in page.tags if 'id' in attrs}
    assert all(f'chart-{name}' in ids for name in page.charts)
    links = [attrs['href'].removeprefix('#') for attrs in page.all('a')]
    assert links and set(links) <= ids


def test_it_needs_no_connection(page):
    policy = next(attrs for attrs in page.all('meta') if 'http-equiv' in attrs)
    assert policy['content'].startswith("default-src 'none'")
    assert page.all('link') == [] and len(page.scripts) == 2
    sources = [attrs['src'] for tag, attrs in page.tags if 'src' in attrs]
    assert sources and all(source.startswith('data:image/') for source in sources)


def test_charts_hold_the_numbers(page):
    costs = page.charts['costs']['data']
    assert [trace['name'] for trace in costs] == ['A: rough.json', 'B: fine.json']
    by_type = dict(zip(costs[0]['y'], costs[0]['x']))
    assert by_type['missed'] > 0 and by_type['duplicate'] == 0
    assert len(page.charts['types']['data']) == 12  # six types, two runs


def calibration_file(path, measure='OKS', **changes):
    curve = ScoreCurve(measure, 1.1774, (0.0, 1.0), (0.5, 1.0))
    fitted = Calibration({}, {}, power=1.0, dof=4.0, curve=curve)
    write_calibration(path, replace(fitted, **changes), {})
    return path


def scored(run):
    """The predictions of a run, whose points score something."""
    rng = np.random.default_rng(4)
    for entry in run.entries:
        points = np.array(entry['keypoints'])
        points[:, 2] = rng.uniform(0, 1, len(points))
        yield dict(entry, keypoints=points)


@pytest.mark.slow
def test_probabilities_are_shown_beside_scores(folder, tmp_path):
    with (tmp_path / 'scored.json').open('w') as file:
        write_results(file, scored(noisy(6)))
    files = tmp_path / 'scored.json', '--ann-file', folder / 'truth.json'
    out = '--out', tmp_path / 'report.html'
    fitted = calibration_file(tmp_path / 'a.calibration.json')
    found = report(*files, '--calibration', fitted, *out)
    lines = [each for each in found.charts['calibration']['data'] if 'name' in each]
    _, scores, sure = lines
    assert scores['name'].startswith('key points, scores, scored.json: off by 0.')
    assert sure['name'].startswith('key points, probabilities, scored.json: off by 0.')
    # Nearly all points are near, whatever they score, which the curve half knows.
    off, less = (float(each['name'].rpartition(' ')[2]) for each in (scores, sure))
    assert 0.3 < off < 0.7 and less == pytest.approx(off / 2, abs=0.02)
    assert min(sure['x']) >= 0.5 and 'whole numbers' not in found.said


def test_whole_scores_are_said_to_promise_nothing(page):
    names = [each.get('name', '') for each in page.charts['calibration']['data']]
    assert not any(name.startswith('key points') for name in names)
    for name in ('rough.json', 'fine.json'):
        assert f'All scores of key points in {name} are whole numbers' in page.said


def test_calibrations_of_others_are_refused(folder, tmp_path, capsys):
    files = folder / 'rough.json', '--ann-file', folder / 'truth.json'
    out = '--out', tmp_path / 'report.html'

    def refused(path):
        arguments = *files, *out, '--calibration', path
        assert main(['report', *map(str, arguments)]) == 1
        return capsys.readouterr().err

    other = calibration_file(tmp_path / 'ne.json', measure='NE')
    assert 'ne.json tells near points by NE' in refused(other)
    old = calibration_file(tmp_path / 'old.json', curve=None)
    assert 'old.json knows no probabilities' in refused(old)
    with pytest.raises(SystemExit, match='2'):
        main(['report', *map(str, (*files, *out, '--calibration', old, old))])
    assert 'one file for each run' in capsys.readouterr().err


def test_the_map_has_every_landmark_where_it_is(page):
    chart = page.charts['map']
    buttons = chart['layout']['updatemenus'][0]['buttons']
    assert [each['label'] for each in buttons] == [
        *('short_sleeved_shirt', 'vest', 'skirt'),
    ]
    # Of each category the outline and the landmarks, of both runs.
    assert len(chart['data']) == 3 * 2 * 2
    shown = [place for place, trace in enumerate(chart['data']) if trace['visible']]
    assert shown == [0, 1, 2, 3]
    skirt = chart['data'][9]
    assert skirt['text'] == [str(i) for i in range(1, 9)]
    # The constructed points stand on a grid of three columns.
    assert skirt['x'][:3] == pytest.approx([1 / 6, 1 / 2, 5 / 6])
    assert skirt['y'][:4] == pytest.approx([1 / 6, 1 / 6, 1 / 6, 1 / 2])
    assert all(0 < value <= 1 for value in skirt['marker']['color'])


def test_pictures_show_truth_and_prediction(page):
    pictures = page.all('img')
    # 6 better, 12 worst and 6 in the middle, of both runs; none is worse in B.
    assert len(pictures) == 2 * (6 + 12 + 6)
    assert 'What is better in B' in page.said and 'What is worse' not in page.said
    data = base64.b64decode(pictures[0]['src'].partition(',')[2])
    drawn = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert max(drawn.shape[:2]) == 300
    away = np.abs(drawn.astype(int) - (0, 80, 200)).max(axis=2)
    assert 0.02 < (away > 60).mean() < 0.6
    assert 'the picture cannot be read' in page.said  # the last one
    assert 'missed' in page.said


@pytest.mark.slow
def test_absolute_paths_lead_to_their_pictures(folder, tmp_path, capsys):
    truth = json.loads((folder / 'truth.json').read_text())
    for image in truth['images']:
        image['file_name'] = str(folder / 'pictures' / image['file_name'])
    (tmp_path / 'truth.json').write_text(json.dumps(truth))
    files = folder / 'fine.json', '--ann-file', tmp_path / 'truth.json'
    out = '--out', tmp_path / 'report.html'
    found = report(*files, '--images', folder / 'pictures', *out)
    unread = re.findall(r'(\d+)\.jpg, \w+ \(the picture cannot be read', found.said)
    assert set(unread) == {'12'}  # which is missing
    assert main(['report', *map(str, (*files, *out, '--images', tmp_path))]) == 1
    said = capsys.readouterr().err
    assert 'which is absolute' in said and '--images /photos' in said


@pytest.mark.slow
def test_names_cannot_become_html(tmp_path):
    run = noisy(20)
    write_truth(tmp_path / 'truth.json', run, file_name='{}' + EVIL.replace('/', '-'))
    name = EVIL.replace('/', '-') + '.json'
    with (tmp_path / name).open('w') as file:
        write_results(file, run.entries)
    work = tmp_path / 'work<script>alert(3)<'
    (work / '1' / 'vis_data').mkdir(parents=True)
    entry = dict(loss=1.0, iter=1, lr=0.1) | {'loss_</script><b>': 2.0}
    scalars = work / '1' / 'vis_data' / 'scalars.json'
    scalars.write_text(json.dumps(entry) + '\n')
    (work / 'config.py').write_text(f'# {EVIL}\n')
    options = '--ann-file', tmp_path / 'truth.json', '--work-dir', work
    out = tmp_path / 'report.html'
    found = report(tmp_path / name, *options, '--out', out)
    assert len(found.scripts) == 2  # the library, and the page's own
    assert all('onerror' not in attrs for _, attrs in found.tags)
    assert found.all('img') and all('src' in attrs for attrs in found.all('img'))
    assert {attrs['src'][:5] for attrs in found.all('img')} == {'data:'}
    assert EVIL in found.said  # the config, as it is
    # plotly reads its texts as HTML, too.
    names = {trace['name'] for trace in found.charts['training']['data']}
    assert 'loss_&lt;/script&gt;&lt;b&gt;' in names
    for chart in found.charts.values():
        assert '<img' not in json.dumps(chart)


def test_scripts_hold_json_that_cannot_end_them():
    text = json.dumps(dict(a='</script><!--\u2028&'), ensure_ascii=False)
    escaped = for_script(text)
    assert not set('<>&\u2028') & set(escaped)
    assert json.loads(escaped) == json.loads(text)


@pytest.mark.slow
def test_without_any_prediction(folder, tmp_path, capsys):
    (tmp_path / 'none.json').write_text('[]')
    files = tmp_path / 'none.json', '--ann-file', folder / 'truth.json'
    found = report(*files, '--out', tmp_path / 'report.html')
    assert '12 (100.0%)' in found.said  # missed
    assert set(found.charts) >= {'costs', 'types', 'distances', 'sizes'}
    doubt = 'the score is 0, since there are no predictions'
    assert f'{folder / "truth.json"}: {doubt}' in found.said
    assert f'warning: {folder / "truth.json"}: {doubt}\n' in capsys.readouterr().err
    compared = report(
        *files, '--compare', folder / 'fine.json', '--out', tmp_path / 'report.html'
    )
    assert f'none.json: {doubt}' in compared.said
    assert f'none.json: {doubt}\n' in capsys.readouterr().err


def unlabelled(run):
    points = run.perfect('skirt', 1)
    run.annotations[-1]['keypoints'][:, 2] = 0
    assert len(points) == 8


def flat(run):
    run.perfect('skirt', 1)
    run.annotations[-1].update(bbox=(0, 0, 0, 0), area=0)


def far(run):
    run.predict('skirt', 1, run.garment('skirt', 1) + 900_000)


@pytest.mark.slow
@pytest.mark.parametrize('build', [lambda run: run.image(1), unlabelled, flat, far])
def test_odd_truth_and_predictions(tmp_path, build):
    run = ConstructedRun()
    build(run)
    write_truth(tmp_path / 'truth.json', run)
    with (tmp_path / 'found.json').open('w') as file:
        write_results(file, run.entries)
    files = tmp_path / 'found.json', '--ann-file', tmp_path / 'truth.json'
    found = report(*files, '--out', tmp_path / 'report.html')
    assert {'costs', 'types', 'distances'} <= set(found.charts)
    assert 'NaN' not in found.said and 'nan' not in found.said.split()


@pytest.mark.parametrize(
    'options, message',
    [
        (('--images', 'nowhere'), 'nowhere does not exist'),
        (('--work-dir', 'nowhere'), 'nowhere does not exist'),
        (('--compare', 'nowhere.json'), 'nowhere.json'),
    ],
)
def test_mistakes_are_one_line(folder, tmp_path, capsys, options, message):
    out = tmp_path / 'report.html'
    files = folder / 'rough.json', '--ann-file', folder / 'truth.json', '--out', out
    assert main(['report', *map(str, files), *options]) == 1
    assert message in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    'option, message',
    [
        (('--rule', 'image_mean'), '--rule is of the normalized error, and'),
        (('--benchmark', 'own.yaml'), '--benchmark: truth.csv is of FashionAI'),
    ],
)
def test_options_without_effect_are_refused(
    folder, monkeypatch, capsys, option, message
):
    monkeypatch.chdir(folder)
    truth = 'truth.csv' if option[0] == '--benchmark' else 'truth.json'
    arguments = 'rough.json', '--ann-file', truth, '--out', 'other.html', *option
    try:
        assert main(['report', *arguments]) == 1
    except SystemExit as stop:
        assert stop.code == 2
    assert message in capsys.readouterr().err
    assert not (folder / 'other.html').exists()
