"""The networks' options: which limits of boxes reach the detector."""

import pytest

from fashion_mmpose.cli.options import networks
from fashion_mmpose.cli.pictures.predict import parse_args


@pytest.fixture
def limits(monkeypatch):
    """What a command hands to the detector as its limits."""
    handed = []

    class Inferencer:
        def __init__(self, *arguments):
            *_, options, _ = arguments
            handed.append(options)

        @classmethod
        def from_pretrained(cls, *arguments):
            handed.append(arguments[-1])

    monkeypatch.setattr(networks, 'GarmentInferencer', Inferencer)

    def of(*options: str):
        networks.build(parse_args(['a.jpg', '--out-dir', 'out', *options]))
        return handed.pop()

    return of


def test_a_folders_limits_give_way_to_those_that_are_given(limits):
    folder = '--pretrained', 'folder'
    assert limits(*folder) == {}
    given = '--score-thr', '0.3', '--max-overlap', '0.6'  # as the defaults
    assert limits(*folder, *given) == dict(score_thr=0.3, max_overlap=0.6)
    assert limits(*folder, '--bbox-thr', '0') == dict(score_thr=0)
    assert limits(*given) == dict(score_thr=0.3, max_overlap=0.6)
    alone = '--pose', 'a.py', 'a.pth'  # without a detector
    assert limits(*alone, *given) is None


@pytest.mark.parametrize('option', ['--score-thr', '--max-overlap'])
def test_limits_are_shares(capsys, option: str):
    with pytest.raises(SystemExit, match='2'):
        parse_args(['a.jpg', '--out-dir', 'out', option, '1.5'])
    assert f'{option} 1.5: must be between 0 and 1' in capsys.readouterr().err


def test_the_help_says_the_defaults(capsys):
    with pytest.raises(SystemExit, match='0'):
        parse_args(['--help'])
    text = ' '.join(capsys.readouterr().out.split())
    for value in '0.3', '0.6':
        assert f'(with --pretrained as the folder says, else {value})' in text
