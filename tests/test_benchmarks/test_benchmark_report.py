"""Ratios and tables of given figures."""

import pytest

from benchmarks.report import peer_of, ratios, table

FIGURES = {
    'ours': dict(items=7, seconds=2.0, own_mb=0.0),
    'mmpose': dict(items=7, seconds=5.0, own_mb=3.0),
    'ours, from files': dict(items=7, seconds=4.0),
    'xtcocotools, from files': dict(items=7, seconds=1234.5),
    'mmpose, unbiased': dict(items=7, seconds=1.0, other=1.0),
}


@pytest.mark.parametrize(
    'side, peer',
    [
        ('mmpose', 'ours'),
        ('xtcocotools, from files', 'ours, from files'),
        ('mmpose, unbiased', 'ours'),
    ],
)
def test_what_is_compared(side, peer):
    assert peer_of(side, FIGURES) == peer


def test_ratios():
    """Neither the size of the task, nor what one side does not measure."""
    assert ratios(FIGURES) == {
        'mmpose': dict(seconds=2.5, own_mb=None),
        'xtcocotools, from files': dict(seconds=1234.5 / 4),
        'mmpose, unbiased': dict(seconds=0.5),
    }


def test_table():
    rows = [
        [cell.strip() for cell in line.strip('|').split('|')]
        for line in table('oks', FIGURES).splitlines()
        if line.startswith('|')
    ]
    assert rows == [
        ['', 'items', 'seconds', 'own mb', 'other'],
        ['ours', '7', '2', '0', '-'],
        ['mmpose', '7', '5', '3', '-'],
        ['ours, from files', '7', '4', '-', '-'],
        ['xtcocotools, from files', '7', '1,234', '-', '-'],
        ['mmpose, unbiased', '7', '1', '-', '1'],
        ['mmpose / ours', '-', '2.5', '-', '-'],
        ['xtcocotools, from files / ours, from files', '-', '308.6', '-', '-'],
        ['mmpose, unbiased / ours', '-', '0.5', '-', '-'],
    ]
    assert table('oks', FIGURES).startswith('+ oks ---')
