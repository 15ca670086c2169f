"""The measuring options, and what is said of lengths at the end."""

from collections import Counter
from types import SimpleNamespace

from fashion_mmpose.cli.options.scale import report_lengths
from fashion_mmpose.measure.specification import Limit


def test_what_was_not_done_as_asked_is_listed(capsys):
    lengths = SimpleNamespace(
        in_pixels=['a.jpg: there is no marker'],
        not_combined=['b.jpg: it shows 2 garments'],
        idle_limits=[Limit('read/*', 'chest_width', 50, 1, 1)],
        num_garments=2,
        verdicts=Counter(),
        summary=lambda: '9 lengths of 2 garments',
    )
    report_lengths(lengths)
    printed = capsys.readouterr()
    assert printed.out == '9 lengths of 2 garments\n'
    *others, last = printed.err.splitlines()
    assert others == [
        'warning: in pixels: a.jpg: there is no marker',
        'warning: not combined: b.jpg: it shows 2 garments',
    ]
    assert "the row for chest_width of 'read/*' was for no garment; to fix" in last
    lengths.num_garments = 0  # then every row is idle, and the summary says why
    report_lengths(lengths)
    assert 'chest_width' not in capsys.readouterr().err
