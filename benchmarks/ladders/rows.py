"""Recipes as ladders, for ``recipe_steps.py``: what each row adds to the one before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Row:
    """A row of a ladder. Its config is that of its name in the ladder's ``configs``.

    Attributes:
        adds: What it has and the row before has not.
        trained_as: Another row whose weights it tests; None if it has its own.
        validates: Whether its training looks at the validation set.
        files: Settings of its training that name files in the folder of the data.
        finetunes: A row whose weights are trained on for every category alone, as many
            steps again for all of them together; None for a training of its own.
    """

    adds: str
    trained_as: str | None = None
    validates: bool = False
    files: Mapping[str, str] = field(default_factory=dict)
    finetunes: str | None = None


@dataclass(frozen=True)
class Ladder:
    """The rows of a benchmark.

    Attributes:
        rows: By their names.
        seeded: Those that are trained with several seeds where that is asked for.
        configs: The folder of their configs.
        metric: Of a test, ``<benchmark>/<name>``.
        train_ann: The pictures that all rows are trained with, in the folder of the
            data.
        val_ann: Those that a row with ``validates`` looks at.
        tests: The tests by their names, each with the settings that choose its data.
        to_make: The command that makes the files.
    """

    rows: Mapping[str, Row]
    seeded: Sequence[str]
    configs: Path
    metric: str
    train_ann: str
    val_ann: str
    tests: Mapping[str, Sequence[str]]
    to_make: str

    def weights_of(self, name: str) -> str:
        """The row whose training a row tests, or goes on with; it may be its own."""
        row = self.rows[name]
        return row.trained_as or row.finetunes or name

    def number(self, value: float) -> str:
        """As the field writes it: errors in per cent, precisions as they are."""
        return f'{value:.2%}' if self.metric.endswith('NE') else f'{value:.3f}'


JITTER = 'train_dataloader.dataset.pipeline.1'
JOINTS = Row("`starter` with a second backbone, which knows people's joints")

LADDERS = dict(
    fashionai=Ladder(
        rows=dict(
            cpn=Row("the CPN system's recipe as published, at 512x512", validates=True),
            schedule=Row('AdamW, warm-up and cosine, slow features'),
            head=Row(
                'deconvolutions, narrow heatmaps decoded between cells, at 256x192'
            ),
            two_looks=Row('a second look, around the points of the first', 'head'),
            augmentation=Row('other sizes, places and colours, wider rotations'),
            starter=Row('the starter in the place of ImageNet features'),
            averaged=Row('`starter` with averaged weights'),
            coordinates=Row('`starter` with a loss on expected positions, too'),
            erased=Row('`starter` with erased patches'),
            pasted=Row('`starter` with pieces of other garments laid over'),
            crops=Row('`starter` tested in crops of three sizes', 'starter'),
            points=Row('`starter` that looks at each point again, in a crop about it'),
            states=Row('`starter` that tells absent, occluded and visible points, too'),
            joints=JOINTS,
            everything=Row('`starter` with all of these options but the last three'),
        ),
        seeded=('cpn', 'starter'),
        configs=ROOT / 'fashionai' / 'steps',
        metric='fashionai/NE',
        train_ann='annotations/train_all.json',
        val_ann='annotations/val_all.json',
        tests=dict(
            test_a=['test_dataloader.dataset.ann_file=annotations/test_a_all.json']
        ),
        to_make='data_converters/fashionai_to_coco.py --val-fraction 0.1',
    ),
    deepfashion2=Ladder(
        rows=dict(
            hrnet=Row("the HRNet system's recipe as published, at 384x288"),
            schedule=Row('AdamW, warm-up and cosine, slow features'),
            head=Row('narrow heatmaps decoded between cells, at 256x192'),
            shared=Row('81 channels, which categories share, in the place of 294'),
            augmentation=Row('other places and colours, wider rotations'),
            starter=Row('the starter in the place of ImageNet features'),
            rescored=Row("`starter` with points' scores in the garments'", 'starter'),
            jitter=Row(
                "`starter` in boxes with a detector's errors",
                files={
                    f'{JITTER}.bbox_file': 'detected.json',
                    f'{JITTER}.ann_file': 'validation.json',
                },
            ),
            joints=JOINTS,
            finetuned=Row(
                '`starter` trained on for every category alone', finetunes='starter'
            ),
        ),
        seeded=('hrnet', 'starter'),
        configs=ROOT / 'deepfashion2' / 'steps',
        metric='deepfashion2/AP',
        train_ann='train.json',
        val_ann='validation.json',
        tests=dict(validation=[]),
        to_make='data_converters/deepfashion2_to_coco.py',
    ),
)
