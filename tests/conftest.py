"""What several tests share."""

import contextlib
import functools
import gc
import json
import logging
import os
import random
import shlex
import signal
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from floors import is_core_test
from toolbox import CONFIG, ROOT, load_tool, run, tool
from warm_python import WarmPython

WORKER = Path(__file__).with_name('helpers') / 'warm_worker.py'


def pytest_collectstart(collector: pytest.Collector):
    """Register the plugin before tests of it are imported.

    That prepares mmcv, as every user of mmcv-lite must before MMPose is imported, and
    takes some seconds, which the tests of the core do not wait for.
    """
    if isinstance(collector, pytest.Module) and not is_core_test(collector.path):
        from quick_configs import spare_configs

        import fashion_mmpose.plugin  # noqa: F401

        spare_configs()


# The files that take longest. They begin first, so that no process is left with one of
# them when the others have nothing to do any more.
LONGEST = (
    'test_recipes',
    'test_pose',
    'test_mmpose_tools',
    'test_killed_trainings',
    'test_train_test',
    'test_browser',
    'test_demo',
    'test_torchrun_signals',
    'test_starter_graphs',
    'test_configs',
    'test_pretrained',
    'test_detect',
    'test_without_pytorch',
    'test_plugin',
    'test_packaging',
    'test_benchmark',
    'test_own_garments',
    'test_tracked',
    'test_stage_pictures',
    'test_detector',
    'test_reduced',
    'test_train_all',
    'test_command',
    'test_folders',
    'test_skip_bad',
    'test_kill_campaign',
)


def pytest_configure(config: pytest.Config):
    """Let tests send Ctrl-C, also where a script's background job was to ignore it.

    Warm Pythons are for all processes that run tests: one for commands that import
    OpenMMLab's packages and this one by themselves, one for most others, and one for
    the page, which needs no PyTorch, but Gradio. With pytest-xdist, the second is a
    fork of the first, and one more, of the second, is for the processes themselves.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if 'WARM_PYTHON' in os.environ:
        return
    # Coverage counts what is imported while it runs.
    parallel = config.getoption('tx', None) and not config.getoption('cov_source', None)

    def warm(name: str, *modules: str, of: str | None = None) -> None:
        begin = os.environ[of] if of and parallel else sys.executable
        python = WarmPython(*modules, of=begin)
        config.add_cleanup(python.close)
        os.environ[name] = python.program

    libraries = 'torch', 'torchvision', 'cv2', 'scipy.stats', 'matplotlib.pyplot'
    warm('WARM_PYTHON_OF_LIBRARIES', *libraries)
    warm('WARM_PYTHON', 'fashion_mmpose.plugin', of='WARM_PYTHON_OF_LIBRARIES')
    warm(
        'WARM_PYTHON_OF_WEB',
        'fashion_mmpose.cli.web',
        'fashion_mmpose.web.pages.picture_page',
        'fashion_mmpose.web.pages.server',
        *('onnxruntime', 'pandas.io.formats.style'),  # of Gradio's tables
    )
    if parallel:
        os.environ['WARM_TESTS'] = shlex.join(config.args)
        warm('WARM_PYTHON_OF_TESTS', 'warm_tests', of='WARM_PYTHON')
        words = [os.environ['WARM_PYTHON_OF_TESTS'], str(WORKER), sys.executable]
        spec = f'popen//python={shlex.join(words)}'
        config.option.tx = [spec] * len(config.option.tx)


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """As many as cores; one more with slow tests, which wait for what they start."""
    return (os.cpu_count() or 1) + ('not slow' not in config.option.markexpr)


# A test waits until they are there: drawings, a network trained on them, real data, and
# what tools wrote where PyTorch cannot be imported.
SLOW_FIXTURES = {'drawn', 'trained', 'fashion_data', 'journey'}


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items: list[pytest.Function]):
    """Tests that wait for a slow fixture are slow ones."""
    for item in items:
        if SLOW_FIXTURES & {*item.fixturenames}:
            item.add_marker(pytest.mark.slow)
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONGEST)))


def pytest_collection_finish():
    """What was imported stays: the garbage collector need not visit it again.

    And what tests leave it need not look for so often: that took a tenth of their time.
    PyTorch notes what it traces where its logger has a handler, and pytest gives one to
    each logger that does not pass its records on.
    """
    logging.getLogger('torch.__trace').propagate = True
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(autouse=True, scope='module')
def no_default_scope():
    """No file of tests looks for classes where a runner of another file did.

    MMEngine keeps the scope of the last runner for the whole process.
    """
    if 'mmengine.registry' in sys.modules:
        sys.modules['mmengine.registry'].DefaultScope._instance_dict.clear()


@pytest.fixture(autouse=True)
def repeatable(request: pytest.FixtureRequest):
    """A test draws the same numbers whenever and after whatever it runs."""
    seed = zlib.crc32(request.node.nodeid.encode())
    random.seed(seed)
    np.random.seed(seed)
    if torch := sys.modules.get('torch'):
        # For devices that are not in use `torch.manual_seed` keeps the seed, and the
        # place of the call, until they are: that takes a millisecond.
        torch.default_generator.manual_seed(seed)
        if torch.cuda.is_initialized():
            torch.cuda.manual_seed_all(seed)


@pytest.fixture(autouse=True, scope='session')
def operators_read_once():
    """onnxscript reads the source of its operators at each export: half a second.

    Where PyTorch asks for them elsewhere, they are read as often as ever.
    """
    if 'onnxscript' in sys.modules:
        with contextlib.suppress(ImportError, AttributeError):
            from torch.onnx._internal.exporter._registration import onnxscript_apis

            read = onnxscript_apis.get_torchlib_ops
            onnxscript_apis.get_torchlib_ops = functools.cache(read)


@pytest.fixture(scope='session')
def fashion_data() -> Path:
    """Folder of real data, named by FASHION_MMPOSE_DATA; skips without it."""
    folder = os.environ.get('FASHION_MMPOSE_DATA')
    if not folder:
        pytest.skip('FASHION_MMPOSE_DATA does not name a folder of real data')
    return Path(folder)


@pytest.fixture(scope='session')
def drawn(tmp_path_factory):
    """A folder with drawn blouses, converted, and the config ``tiny.py``."""
    folder = tmp_path_factory.mktemp('drawn')
    for seed, (part, num) in enumerate({'train': 9, 'test': 5}.items()):
        tool(
            'make_synthetic.py',
            *('--format', 'fashionai', '--category', 'blouse'),
            *('--num', num, '--seed', seed, '--out', f'data/{part}'),
            cwd=folder,
        )
    run(
        ROOT / 'data_converters' / 'fashionai_to_coco.py',
        *('data', '--out', 'data/annotations', '--val-fraction', 0.3),
        cwd=folder,
    )
    config = CONFIG.format(root=ROOT, data=folder / 'data')
    (folder / 'tiny.py').write_text(config)
    return folder


@pytest.fixture(scope='session')
def trained(drawn):
    """The folder after four epochs without interruption, in ``work_dirs/tiny``."""
    tool('train.py', 'tiny.py', cwd=drawn)
    return drawn


@pytest.fixture(scope='session')
def small(tmp_path_factory):
    """A folder with pictures, configs of small networks and their weights."""
    from small_networks import write_networks

    return write_networks(tmp_path_factory.mktemp('small'))


@pytest.fixture(scope='session')
def skirt_network(tmp_path_factory):
    """Options of a command that name a network for skirts, which takes no time."""
    from small_graph import small_network

    return small_network(tmp_path_factory.mktemp('network'))


@pytest.fixture(scope='session')
def small_detector(tmp_path_factory):
    """Config and weights of a detector of FashionAI's categories."""
    import tiny_detector

    folder = tmp_path_factory.mktemp('detector')
    config = tiny_detector.write_config(folder / 'tiny_det.py')
    return config, tiny_detector.save_detector(config, folder / 'det.pth')


@pytest.fixture(scope='session')
def shared(tmp_path_factory):
    """A folder that is one for all processes that run tests at once."""
    folder = tmp_path_factory.getbasetemp()
    if 'PYTEST_XDIST_WORKER' in os.environ:
        folder = folder.parent
    (folder / 'exported').mkdir(exist_ok=True)
    return folder / 'exported'


@pytest.fixture(scope='session')
def exported(small, small_detector, shared):
    """Files of the small networks by their names, each made when it is asked for.

    All processes' networks have the same weights.
    """
    # Not above: a conftest.py is read before the tests' processes start.
    from filelock import FileLock

    from fashion_mmpose.export import export_network

    def export(name):
        path = shared / f'{name}.onnx'
        with FileLock(shared / f'{name}.lock'):
            if not path.exists() and name == 'detector':
                change = export_network(*map(str, small_detector), path)
                assert change.num_boxes > 100 and change.largest_px < 0.01
            elif not path.exists():
                weights = None if name == 'ensemble' else small.weights(name)
                change = export_network(small.config(name), weights, path)
                assert change.num_points > 90 and change.largest_score < 1e-4
        return path

    return export


@pytest.fixture
def traced(small, exported, monkeypatch):
    """Config and weights of a small pose network whose export takes a moment.

    Its graph is read from its file in the place of tracing the network once more, which
    takes seconds. The rest of the export is as ever.
    """
    import onnx

    from fashion_mmpose.inference.onnx.metadata import read_metadata

    def prepare(name):
        path = exported(name)

        def read(*_):
            model = onnx.load(path)
            told = {each.key: each.value for each in model.metadata_props}
            del model.metadata_props[:]
            return model, read_metadata(told, str(path))

        monkeypatch.setattr('fashion_mmpose.export.network.trace_pose', read)
        return small.of(name)

    return prepare


@pytest.fixture(scope='session')
def run_test(tmp_path_factory):
    """Runs ``tools/test.py CONFIG ... --out`` in a folder; what it writes."""
    tool = load_tool('test.py')

    def run(folder, *arguments):
        work_dir = tmp_path_factory.mktemp('tested')
        out = work_dir / 'predictions.json'
        arguments = [*arguments, '--work-dir', work_dir, '--out', out]
        with contextlib.chdir(folder):
            assert tool.main([str(argument) for argument in arguments]) == 0
        return json.loads(out.read_text())

    return run
