"""The commands and snippets of README and docs, as they stand there, on drawn data.

Each page is run from its first block to its last in one folder, a small checkout. What
differs from the page is listed here; blocks that are not run say why in the page, in a
comment above them: ``<!-- not run: ... -->``.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

import pytest
from docs_checkout import write_checkout
from toolbox import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.docs]

PAGES = (
    'README.md',
    'CONTRIBUTING.md',
    *sorted(f'docs/{path.name}' for path in (ROOT / 'docs').glob('*.md')),
)
# These draw their data themselves; the others start with data that are drawn and
# converted, as a reader has them who comes from README.
DRAWING = 'README.md', 'docs/deepfashion2.md'

# In the commands: fewer pictures and epochs, one process in place of four, one category
# in place of several; points of random weights are not compared. The environment stays
# as it is; test_wheel_alone.py installs into others.
SUBSTITUTED = (
    (r"pip install '\.", "pip install --no-deps --target installed '."),
    (r'(max_epochs|val_interval)=\d+', r'\1=1'),
    (r'--num (600|540)\b', '--num 8'),
    (r'--num 10\d\b', '--num 2'),
    ('tracking --rounds 4', 'tracking --rounds 1'),
    (r'--nproc_per_node=4', '--nproc_per_node=1'),
    (r"(train_all\.py '\S+')", r'\1 --categories skirt'),
    ('--categories blouse,skirt', '--categories skirt'),
    (r'(export_onnx|publish)\.py ', r'\1.py --no-verify '),
)

BLOCK = re.compile(
    r'(?:<!-- not run: (?P<reason>[^>]+?) -->\n)?'
    r'^```(?P<language>bash|python|yaml)\n(?P<text>.*?)^```$',
    re.DOTALL | re.MULTILINE,
)
CONFIG = re.compile(r'# (configs/\S+\.(?:py|yaml))\n')
READ_DESCRIPTION = """
import sys
from fashion_mmpose import garments
garments.read_benchmark(sys.argv[1])
"""
BUILD = """
import sys
import fashion_mmpose.plugin
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS
from fashion_mmpose.config.checks import check_codecs
from fashion_mmpose.config.loading import load_config
cfg = load_config(sys.argv[1])
check_codecs(cfg)
init_default_scope(cfg.default_scope)
MODELS.build(cfg.model)
"""
# A shell of its own for every block; what a block exports is there in the next one.
SHELL = """
if [ -f .exported ]; then . ./.exported; fi
trap 'export -p > .exported' EXIT
"""


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: its first line, language and text."""

    line: int
    language: str
    text: str
    reason: str | None


def blocks_of(page):
    """The blocks of bash, Python and YAML, which describes benchmarks, in order."""
    text = (ROOT / page).read_text()
    return [
        Block(
            text.count('\n', 0, match.start('text')) + 1,
            match['language'],
            match['text'],
            match['reason'],
        )
        for match in BLOCK.finditer(text)
    ]


@pytest.fixture(scope='module')
def checkout(tmp_path_factory):
    return write_checkout(tmp_path_factory.mktemp('docs') / 'checkout')


@pytest.fixture
def call(checkout, tmp_path):
    """Runs a program in a fresh copy of the checkout; its output if it failed."""
    folder = tmp_path / 'checkout'
    shutil.copytree(checkout, folder, symlinks=True)
    environment = dict(os.environ, PYTHONPATH=str(folder), CUDA_VISIBLE_DEVICES='')
    environment['OMP_NUM_THREADS'] = '1'

    def run(*command):
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.stdout[-4000:] if done.returncode else None

    run.folder = folder
    run.environment = environment
    return run


def substituted(text):
    for pattern, replacement in SUBSTITUTED:
        text = re.sub(pattern, replacement, text)
    return text


def run_block(block, call):
    """What went wrong, or None."""
    if block.language == 'bash':
        script = SHELL + substituted(block.text)
        return call('bash', '-euo', 'pipefail', '-c', script)
    config = CONFIG.match(block.text)
    if block.language == 'python' and config is None:
        return call(sys.executable, '-c', block.text)
    path = config[1] if config else 'description.yaml'
    (call.folder / path).write_text(block.text)
    is_description = block.language == 'yaml'
    check = READ_DESCRIPTION if is_description else BUILD
    return call(sys.executable, '-c', check, path)


def activate(blocks, environment):
    """Put the environment's programs on the path, unless the page does so itself."""
    programs = f'{sys.prefix}/bin'
    paths = os.environ['PATH'].split(os.pathsep)
    paths = [path for path in paths if path != programs]
    if not any('bin/activate' in block.text for block in blocks):
        paths.insert(0, programs)
    environment['PATH'] = os.pathsep.join(paths)


@pytest.mark.parametrize('page', PAGES)
def test_blocks_run(page, call):
    """Every command ends with 0, every snippet without an exception."""
    blocks = [block for block in blocks_of(page) if block.reason is None]
    if not blocks:
        pytest.skip(f'{page} has nothing that is run')
    activate(blocks, call.environment)
    if page in DRAWING:
        shutil.rmtree(call.folder / 'data')
    for block in blocks:
        wrong = run_block(block, call)
        assert wrong is None, f'{page}:{block.line}:\n{block.text}\n{wrong}'


def test_every_block_is_known():
    """A fence in another language, or one that is indented, would not be run."""
    for page in PAGES:
        fences = re.findall(r'^\s*```(\w+)', (ROOT / page).read_text(), re.MULTILINE)
        assert len(fences) == len(blocks_of(page)), page
