"""tools/test.py --report and tools/report.py as a user runs them."""

import json
import re
from html import unescape

import pytest
from toolbox import tool

pytest.importorskip('plotly', reason='`make setup` brings plotly')
pytestmark = pytest.mark.slow

LAST = 'work_dirs/tiny/epoch_4.pth'


def shown(page):
    """Texts of the page outside of its scripts and styles."""
    text = re.sub(r'<(script|style).*?</\1>', ' ', page.read_text(), flags=re.DOTALL)
    return ' '.join(unescape(re.sub(r'<[^>]*>', ' ', text)).split())


def headline(page):
    """The first number of the page."""
    return float(re.search(r'\bNE (\d\.\d{4}) \[', shown(page))[1])


def measured(folder):
    metrics = json.loads((folder / 'metrics.json').read_text())['metrics']
    return metrics['fashionai/NE']


def test_a_test_reports(trained):
    tool('test.py', 'tiny.py', LAST, '--report', 'report.html', cwd=trained)
    work_dir = trained / 'work_dirs/tiny/test'
    page = trained / 'report.html'
    assert headline(page) == pytest.approx(measured(work_dir), abs=1e-4)
    said = shown(page)
    assert '5 garments in 5 pictures' in said and 'cannot be read' not in said
    # The training's folder is the checkpoint's: its config and its log.
    assert 'max_epochs=4' in said and 'System environment' in said
    assert '"chart-training"' in page.read_text() and 'loss' in page.read_text()
    # Its predictions are kept, and the command gives the same page of them.
    predictions = work_dir / 'predictions.json'
    ann_file = 'data/annotations/test_blouse.json'
    options = '--ann-file', ann_file, '--out', 'again.html'
    tool('report.py', predictions, *options, cwd=trained)
    assert headline(trained / 'again.html') == headline(page)


def test_the_report_of_a_part_is_of_that_part(trained):
    tool(
        'test.py',
        *('tiny.py', LAST, '--report', 'part.html', '--out', 'part.json'),
        *('--work-dir', 'part', '--cfg-options', 'test_dataloader.dataset.indices=2'),
        cwd=trained,
    )
    page = trained / 'part.html'
    assert '2 garments in 2 pictures' in shown(page)
    assert headline(page) == pytest.approx(measured(trained / 'part'), abs=1e-4)
    assert not (trained / 'part' / 'predictions.json').exists()


def test_only_one_garment_dataset_is_reported(trained):
    config = trained / 'two.py'
    config.write_text(
        "_base_ = 'tiny.py'\n"
        'test_dataloader = dict(dataset=dict(_delete_=True, '
        "type='ConcatDataset', datasets=[_base_.test_dataloader.dataset] * 2))\n"
    )
    result = tool(
        'test.py', 'two.py', LAST, '--report', 'two.html', cwd=trained, check=False
    )
    assert result.returncode == 1
    assert '--report is for one garment dataset, not for ConcatDataset' in result.stderr
