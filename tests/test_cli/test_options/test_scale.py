"""The measuring options, and what is said of lengths at the end."""

from collections import Counter
from types import SimpleNamespace

import pytest

from fashion_mmpose.cli.options.scale import measuring_by, report_lengths
from fashion_mmpose.cli.pictures import predict
from fashion_mmpose.cli.pictures.measure import parse_args
from fashion_mmpose.garments import categories
from fashion_mmpose.inference import GarmentInferencer
from fashion_mmpose.measure import KnownLength
from fashion_mmpose.measure.specification import Limit


def test_what_was_not_done_as_asked_is_listed(capsys):
    lengths = SimpleNamespace(
        in_pixels=['a.jpg: there is no marker'],
        not_combined=['b.jpg: it shows 2 garments'],
        idle_limits=[Limit('read/*', 'chest_width', 50, 1, 1)],
        num_garments=2,
        verdicts=Counter(),
        of_other_runs=lambda: ['measurements.xlsx is of another run'],
        summary=lambda: '9 lengths of 2 garments',
    )
    report_lengths(lengths)
    printed = capsys.readouterr()
    assert printed.out == '9 lengths of 2 garments\n'
    *others, last, of_others = printed.err.splitlines()
    assert of_others == 'warning: measurements.xlsx is of another run'
    assert others == [
        'warning: in pixels: a.jpg: there is no marker',
        'warning: not combined: b.jpg: it shows 2 garments',
    ]
    assert "the row for chest_width of 'read/*' was for no garment; to fix" in last
    report_lengths(lengths, is_share=True)  # it may be for pictures of another one
    assert 'chest_width' not in capsys.readouterr().err
    lengths.num_garments = 0  # then every row is idle, and the summary says why
    report_lengths(lengths)
    assert 'chest_width' not in capsys.readouterr().err


def measuring(benchmark: str, *options: str, calibration: object = (), **others: str):
    """By networks of a benchmark, and of others for single categories."""
    networks = {
        name: SimpleNamespace(
            benchmark=others.get(name, benchmark), calibration=calibration
        )
        for name in categories(benchmark)
    }
    inferencer = GarmentInferencer.__new__(GarmentInferencer)
    inferencer.networks = networks
    args = parse_args(['a.jpg', '--out-dir', 'out', *options])
    return measuring_by(args, inferencer)


@pytest.mark.parametrize(
    ('ends', 'category', 'message'),
    [
        (('armpit_left', 'armpit_rihgt'), None, 'similar ones are armpit_right'),
        (
            ('armpit_left', 'xyz'),
            None,
            "point 'xyz' .* those of blouse are neck",
        ),
        (
            ('armpit_left', 'crotch'),
            None,
            r"both .*'armpit_left' is of blouse, outwear, dress, 'crotch' is of tr",
        ),
        (('armpit_left', 'armpit_right'), 'skirt', "no key point 'armpit_left'"),
    ],
)
def test_ends_that_no_garment_has_are_refused(ends, category, message: str):
    options = ('--known-length', *ends, '50')
    options += () if category is None else ('--category', category)
    with pytest.raises(ValueError, match=f'--known-length: .*{message}'):
        measuring('fashionai', *options)


def test_ends_that_one_category_has_are_taken():
    ends = 'sss_kpt12', 'sss_kpt20'
    known = measuring('deepfashion2', '--known-length', *ends, '52').centimetres.known
    assert known == KnownLength(*ends, 52)


@pytest.mark.parametrize(
    ('options', 'named'),
    [
        ('--px-per-cm 5 --spec s.csv --combine --format xlsx',) * 2,
        ('--min-score 0', '--min-score'),
        ('--min-score 0.2', '--min-score'),  # as the default
        ('--dictionary 4X4_50 --lens c.json', '--dictionary, --lens'),
        ('--format csv json', '--format'),
        ('--table t.json --marker 10', '--marker, --table'),
        ('--known-length a b 5 --format parquet', '--known-length'),
    ],
)
def test_options_of_lengths_need_lengths(capsys, options: str, named: str):
    argv = ['a.jpg', '--out-dir', 'out', *options.split()]
    with pytest.raises(SystemExit, match='2'):
        predict.parse_args(argv)
    printed = capsys.readouterr().err
    assert 'for lengths; give --measure, too' in printed
    assert all(word in printed for word in named.split() if word.startswith('--'))
    assert predict.parse_args([*argv, '--measure']).measure


def test_defaults_of_lengths():
    for parse, more in (
        (predict.parse_args, []),
        (predict.parse_args, ['--measure']),
        (parse_args, []),
    ):
        args = parse(['a.jpg', '--out-dir', 'out', *more])
        assert (args.min_score, args.dictionary) == (0.2, '4X4_50')
        assert args.format == ['csv', 'json']
    parts = predict.parse_args(['a.jpg', '--out-dir', 'out', '--format', 'parquet'])
    assert parts.format == ['parquet'] and parts.min_score == 0.2


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ('--min-score 7', '--min-score 7.0: must be between 0 and 1'),
        ('--min-score nan', '--min-score nan: must be between 0 and 1'),
        ('--sheet a4 --dictionary 5X5_50', '--dictionary is of a --marker or a --bo'),
        ('--board 20 20 4 3', 'has 200 markers, and 4X4_50 has 50'),
    ],
)
def test_what_makes_no_sense_is_refused(options: str, message: str):
    with pytest.raises(ValueError, match=message):
        measuring('fashionai', *options.split())


def test_parts_have_no_common_lengths(capsys):
    argv = ['a.jpg', '--out-dir', 'out', '--format', 'parquet', '--combine']
    with pytest.raises(SystemExit, match='2'):
        predict.parse_args(argv)
    assert 'leave out --combine' in capsys.readouterr().err


def test_a_table_is_of_the_benchmark_of_the_networks(tmp_path):
    """Its key points are places in a list, which are others of another benchmark."""
    table = tmp_path / 'table.json'
    table.write_text('{"skirt": {"width": ["skirt_kpt1", "skirt_kpt3"]}}')
    options = '--table', str(table)
    assert measuring('deepfashion2', *options).own['skirt'][0].places == ((0,), (2,))
    assert measuring('deepfashion2', *options, vest='fashionai').own
    with pytest.raises(ValueError, match="'skirt' by the key points of deepfashion2, "):
        measuring('deepfashion2', *options, skirt='fashionai')


def test_errors_that_nobody_has_fitted_are_told(capsys):
    """Heatmaps are as wide as in the training, and intervals would be called 95 %."""
    measuring('fashionai')
    assert not capsys.readouterr().err
    measuring('fashionai', calibration=None)
    told = capsys.readouterr().err
    assert 'warning: the pose network (blouse, outwear, dress, skirt, trou' in told
    assert 'is not calibrated: any errors, limits and verdicts of' in told
    measuring('fashionai', '--category', 'skirt', calibration=None)
    assert 'the pose network (skirt) is not' in capsys.readouterr().err
