"""`fashion-mmpose predict --engine ray`, with the real library where it is there."""

import os
import sys

import cv2
import pytest
from coarse_pictures import pictures
from drawn_catalogue import WRITING, Finder, named

from fashion_mmpose.catalogue.plan import Plan
from fashion_mmpose.catalogue.ray_engine import Cluster, Predictor, predict_on_ray
from fashion_mmpose.catalogue.table_file import rows_in
from fashion_mmpose.cli.main import main
from fashion_mmpose.files.pictures.pixels import write_picture

pytestmark = pytest.mark.slow
ray = pytest.importorskip('ray')
pytest.importorskip('pyarrow')
pytest.importorskip('onnxruntime')

STARTER = '--benchmark', 'fashionai', '--category', 'skirt', '--device', 'cpu'
PARTS = '--format', 'parquet', '--part-size', '2'
RAY = '--engine', 'ray', '--ray-workers', '2'


@pytest.fixture(scope='module')
def two_workers():
    """Ray with two cores; it stays until the last test."""
    # Workers import this file, too, and the helpers of the tests with it.
    modules = dict(PYTHONPATH=os.pathsep.join(sys.path))
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level='ERROR',
        runtime_env=dict(env_vars=modules),
    )
    yield
    ray.shutdown()


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """Seven pictures, one of which is none."""
    for number, image in enumerate(pictures([(64 + 8 * n, 96) for n in range(7)])):
        write_picture(tmp_path / f'shop/{number}.png', cv2.blur(image, (9, 9)))
    (tmp_path / 'shop' / '3.png').write_bytes(b'no picture')
    monkeypatch.chdir(tmp_path)


def predict(out, *options, code=0):
    arguments = 'shop', *STARTER, '--out-dir', out, *PARTS, '--skip-bad', *options
    assert main(['predict', *arguments]) == code


def rows_of(folder):
    return [
        row
        for path in sorted(folder.glob('part-*'))
        for rows in rows_in(path)
        for row in rows
    ]


def test_the_same_rows_as_a_plain_run(shop, two_workers, tmp_path):
    predict('plain')
    predict('by_ray', *RAY)
    rows = rows_of(tmp_path / 'by_ray')
    assert len(rows) == 6 and rows == rows_of(tmp_path / 'plain')
    listed = [
        (tmp_path / name / '_unreadable.csv').read_text()
        for name in os.listdir()
        if name != 'shop'
    ]
    assert len(listed) == 2 and listed[0] == listed[1] and '3.png' in listed[0]
    # Each goes on where the other has stopped.
    for gone, other in (('plain', RAY), ('by_ray', ())):
        (tmp_path / gone / 'part-00001-of-00004.parquet').unlink()
        predict(gone, *other)
        assert rows_of(tmp_path / gone) == rows


def found_by(finder):
    return Predictor(finder, WRITING, None)


def test_few_parts_are_taken_ahead(two_workers):
    plan = Plan(num_pictures=40, part_size=2, settings={})
    taken = []

    def parts():
        for part in plan.parts(named(40), range(20)):
            taken.append(part.number)
            yield part

    results = predict_on_ray(
        parts(), lambda: found_by(Finder(bad=[7])), Cluster(), WRITING.model
    )
    done = []
    for result in results:
        assert len(taken) <= len(done) + 5
        done.append(result)
    assert sorted(each.part.number for each in done) == list(range(20))
    assert [each.picture_id for one in done for each in one.unreadable] == [7]
    counts = {each.part.number: len(each.rows) for each in done}
    assert [counts[number] for number in range(3)] == [1, 2, 3]


class Failing(Finder):
    def __call__(self, sources, category, on_error):
        raise ValueError('the network finds nothing')


def test_what_a_worker_fails_with(two_workers):
    plan = Plan(num_pictures=4, part_size=2, settings={})
    parts = plan.parts(named(4), range(2))
    with pytest.raises(ValueError, match='the network finds nothing'):
        list(
            predict_on_ray(parts, lambda: found_by(Failing()), Cluster(), WRITING.model)
        )
    with pytest.raises(ValueError, match='a worker of Ray has other networks'):
        list(
            predict_on_ray(
                parts, lambda: found_by(Finder()), Cluster(workers=1), 'others'
            )
        )


def test_workers_that_have_no_room(two_workers):
    """Ray itself would wait for ever."""
    plan = Plan(num_pictures=4, part_size=2, settings={})
    parts = plan.parts(named(4), range(2))
    cluster = Cluster(workers=1, gpus=1)
    with pytest.raises(ValueError, match='1 workers need 1 GPUs, and Ray has 0; to'):
        list(predict_on_ray(parts, lambda: found_by(Finder()), cluster, WRITING.model))


@pytest.mark.parametrize(
    'options, message',
    [
        (['--engine', 'ray'], 'give --format parquet, too'),
        ([*PARTS, *RAY[:2], '--ray-workers', '0'], '--ray-workers 0: must be at least'),
        ([*PARTS, '--ray-address', 'auto'], '--ray-address is for --engine ray'),
    ],
)
def test_options_that_do_not_go_together(capsys, options, message):
    with pytest.raises(SystemExit):
        main(['predict', 'shop', *STARTER, '--out-dir', 'out', *options])
    assert message in capsys.readouterr().err
