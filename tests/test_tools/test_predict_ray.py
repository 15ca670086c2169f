"""`fashion-mmpose predict --engine ray`, with the real library where it is there."""

import os
import sys
from pathlib import Path

import cv2
import pytest
from coarse_pictures import pictures
from drawn_catalogue import WRITING, Finder, named
from toolbox import tool

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
# Ray starts processes of its own, which takes long beside tests that share the cores.
with_ray = pytest.mark.docs


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


@with_ray
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


@with_ray
@pytest.mark.parametrize('is_given', [True, False])
def test_a_cluster_by_its_address(shop, two_workers, tmp_path, monkeypatch, is_given):
    address = ray.get_runtime_context().gcs_address
    if not is_given:
        monkeypatch.setenv('RAY_ADDRESS', address)  # as jobs on a cluster have it
    given = ('--ray-address', address) if is_given else ()
    predict('plain')
    command = 'shop', *STARTER, '--out-dir', 'out', *PARTS, '--skip-bad', *RAY, *given
    tool('predict.py', *command, cwd=tmp_path)
    assert rows_of(tmp_path / 'out') == rows_of(tmp_path / 'plain')


def found_by(finder):
    return Predictor(finder, WRITING, None)


@with_ray
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


class Dying(Finder):
    """Ends its process at a picture, as a machine that is lost, several times."""

    def __init__(self, number: int, deaths: Path, times: int) -> None:
        super().__init__()
        self.number, self.deaths, self.times = number, deaths, times

    def __call__(self, sources, category, on_error):
        for each in super().__call__(sources, category, on_error):
            if self.asked[-1] == self.number:
                died = len(self.deaths.read_text())
                if died < self.times:
                    self.deaths.write_text((died + 1) * '+')
                    os._exit(1)
            yield each


def with_deaths(folder, workers, times):
    """Results of parts one of which ends its worker; how often is counted in a file."""
    deaths = folder / 'deaths'
    deaths.touch()
    parts = Plan(num_pictures=8, part_size=2, settings={}).parts(named(8), range(4))
    return predict_on_ray(
        parts,
        lambda: found_by(Dying(5, deaths, times)),
        Cluster(workers=workers),
        WRITING.model,
    )


@with_ray
@pytest.mark.parametrize('workers', [1, 2])
def test_parts_of_a_lost_worker_are_predicted_anew(two_workers, tmp_path, workers):
    results = with_deaths(tmp_path, workers, times=2)
    counts = {each.part.number: len(each.rows) for each in results}
    assert (tmp_path / 'deaths').read_text() == '++'
    assert [counts[number] for number in range(4)] == [1, 2, 3, 1]


@with_ray
def test_a_part_that_ends_every_worker(two_workers, tmp_path):
    with pytest.raises(RuntimeError, match='4 workers of Ray were lost at part 2, the'):
        list(with_deaths(tmp_path, 2, times=9))
    assert (tmp_path / 'deaths').read_text() == '++++'


def no_networks():
    raise OSError('the networks are not there')


@with_ray
def test_networks_that_cannot_be_built(two_workers):
    parts = Plan(num_pictures=4, part_size=2, settings={}).parts(named(4), range(2))
    with pytest.raises(OSError, match='the networks are not there'):
        list(predict_on_ray(parts, no_networks, Cluster(), WRITING.model))


class Failing(Finder):
    def __call__(self, sources, category, on_error):
        raise ValueError('the network finds nothing')


@with_ray
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


@with_ray
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
