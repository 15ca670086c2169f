"""A page on the starter, without a browser and in one."""

import os
import pickle
import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from fashion_mmpose.inference import GarmentInferencer
from fashion_mmpose.synthetic import draw_deepfashion2
from fashion_mmpose.web.desk import Desk
from fashion_mmpose.web.finding import Finder
from fashion_mmpose.web.pages.drawn_examples import as_file
from fashion_mmpose.web.sessions import Sessions
from fashion_mmpose.web.uploads import Limits


@pytest.fixture(scope='session')
def finder() -> Finder:
    """What finds garments: the starter, with onnxruntime.

    It computes nothing twice: most tests open the same few pictures.
    """
    pytest.importorskip('onnxruntime')
    inferencer = GarmentInferencer(device='cpu')
    predict, known = inferencer.predict, {}

    def remembered(pixels, category, boxes):
        key = pickle.dumps((pixels, category, boxes))
        if key not in known:
            known[key] = pickle.dumps(predict(pixels, category, boxes))
        return pickle.loads(known[key])

    inferencer.predict = remembered
    return Finder(inferencer)


@pytest.fixture
def sessions() -> Iterator[Sessions]:
    with Sessions(Limits()) as held:
        yield held


@pytest.fixture
def desk(finder: Finder, sessions: Sessions) -> Desk:
    return Desk(finder, sessions)


@pytest.fixture
def desk_of(desk: Desk):
    """Makes the desk at which a task's pictures are annotated."""
    # Here, for it takes seconds that no other test waits for.
    pytest.importorskip('gradio')
    from fashion_mmpose.web.pages.annotation_page import AnnotationDesk

    return partial(AnnotationDesk, desk)


@pytest.fixture(scope='session')
def dress() -> np.ndarray:
    """A drawn picture of one dress: BGR, uint8, shape (624, 468, 3)."""
    return draw_deepfashion2(20, 5, 'long_sleeved_dress').image


@pytest.fixture(scope='session')
def dress_file(dress: np.ndarray) -> bytes:
    return as_file(dress)


@pytest.fixture
def picture_file(tmp_path: Path, dress_file: bytes) -> Path:
    path = tmp_path / 'dress.png'
    path.write_bytes(dress_file)
    return path


@pytest.fixture(scope='module')
def browser():
    """A browser without a window; skips where there is none.

    Playwright has a running event loop as long as it lives: not longer than a module.
    """
    playwright = pytest.importorskip('playwright.sync_api')
    names = ('chromium', 'chromium-browser', 'google-chrome')
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip('there is no Chromium to click in')
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=path, args=['--no-sandbox'])
        yield opened
        opened.close()


class Command:
    """The command `fashion-mmpose web` at work.

    Args:
        *options: Its options.
        python: What runs it, by default one that has imported what the page needs.
    """

    def __init__(self, *options: str, python: str | None = None) -> None:
        python = python or os.environ['WARM_PYTHON_OF_WEB']
        command = (python, '-m', 'fashion_mmpose', 'web', '--port', '0')
        environment = dict(os.environ, OMP_NUM_THREADS='1')
        self.process = subprocess.Popen(
            [*command, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
        )
        said = []
        for line in self.process.stdout:
            said.append(line)
            if line.startswith('open '):
                self.address = line.split()[1]
                return
        raise AssertionError(f'the command ended: {"".join(said)}')

    def stop(self) -> int:
        """End it with a signal; its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(30)


@pytest.fixture(scope='module')
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the page that is served has its temporary files."""
    return tmp_path_factory.mktemp('served')


@pytest.fixture(scope='module')
def command(served: Path) -> Iterator[Command]:
    """A page that is served, as a user starts it."""
    pytest.importorskip('gradio')
    pytest.importorskip('onnxruntime')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('TMPDIR', str(served))
        running = Command()
    yield running
    running.stop()
