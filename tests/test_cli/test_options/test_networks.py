"""The networks' options: which limits of boxes reach the detector."""

import pytest

from fashion_mmpose.catalogue.plan import PART_SIZE
from fashion_mmpose.cli.options import networks
from fashion_mmpose.cli.options.networks import check_category
from fashion_mmpose.cli.pictures.predict import parse_args
from fashion_mmpose.visualization.pictures import KEYPOINT_THR


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
    assert limits(*alone) is None
    with pytest.raises(ValueError, match='--score-thr and --max-overlap: for a det'):
        limits(*alone, *given)


@pytest.mark.parametrize('option', ['--path-column', '--img-root'])
def test_options_of_lists_are_for_lists(capsys, option: str):
    options = '--out-dir', 'out', option, 'x'
    with pytest.raises(SystemExit, match='2'):
        parse_args(['shop', 'a.jpg', *options])
    assert f'{option} is for lists and tables of paths' in capsys.readouterr().err
    for name in ('list.TXT', 't.csv', 'shop/*'):
        assert parse_args(['shop', name, *options]).inputs == ['shop', name]


@pytest.mark.parametrize('option', ['--score-thr', '--max-overlap'])
def test_limits_are_shares(capsys, option: str):
    with pytest.raises(SystemExit, match='2'):
        parse_args(['a.jpg', '--out-dir', 'out', option, '1.5'])
    assert f'{option} 1.5: must be between 0 and 1' in capsys.readouterr().err


@pytest.mark.parametrize(
    'options, reason',
    [
        (['--kpt-thr', '0.3'], '--kpt-thr is for what is drawn; give --save-vis'),
        (['--kpt-thr', '0'], '--kpt-thr is for what is drawn; give --save-vis'),
        (['--save-vis', '--kpt-thr', 'nan'], '--kpt-thr nan: must be between 0 and'),
        (['--part-size', '1000'], '--part-size is for parts; give --format parquet'),
        (['--ray-workers', '2'], '--ray-workers is for --engine ray'),
        (
            ['--format', 'parquet', '--ray-gpus', '0'],
            '--ray-gpus is for --engine ray',
        ),
    ],
)
def test_options_without_effect_are_refused(capsys, options: list, reason: str):
    with pytest.raises(SystemExit, match='2'):
        parse_args(['a.jpg', '--out-dir', 'out', *options])
    assert reason in capsys.readouterr().err


def test_what_is_not_given_has_its_default():
    args = parse_args(['a.jpg', '--out-dir', 'out'])
    assert (args.part_size, args.kpt_thr) == (PART_SIZE, KEYPOINT_THR)
    assert (args.ray_workers, args.ray_cpus, args.ray_gpus) == (2, 1, 0)
    drawn = ['--save-vis', '--kpt-thr', '0']
    assert parse_args(['a.jpg', '--out-dir', 'out', *drawn]).kpt_thr == 0


def test_the_help_says_the_defaults(capsys):
    with pytest.raises(SystemExit, match='0'):
        parse_args(['--help'])
    text = ' '.join(capsys.readouterr().out.split())
    for value in '0.3', '0.6':
        assert f'(from a folder of networks as it says, else {value})' in text


def test_categories_that_the_detector_never_finds_are_refused():
    """Every picture would have no garment, as if it showed none."""
    known, found = ['shorts', 'trousers', 'skirt'], ('trousers', 'shorts', 'shoe')
    with pytest.raises(ValueError, match='skirt: .* not find it; choose from shorts,'):
        check_category('skirt', known, True, found)
    check_category('shorts', known, True, found)
    check_category('skirt', known, True, None)  # of one that does not say
    check_category(None, known, True, found)
