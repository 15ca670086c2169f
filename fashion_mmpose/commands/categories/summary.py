"""What the networks of the categories reach, one by one and together."""

import json
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from mmengine.config import Config
from terminaltables import AsciiTable, GithubFlavoredMarkdownTable

from fashion_mmpose.config.parts import kind_of, metrics_of
from fashion_mmpose.evaluation.functional.normalized_error import RULES
from fashion_mmpose.files.writing.outputs import OutputFiles

DONE = ('done', 'done before')
TOTAL = 'all'

_COLUMNS = (
    'category',
    'NE (%)',
    'points',
    'parameters (M)',
    'training (s)',
    'test (s)',
    'ms per picture',
    'status',
)


@dataclass(frozen=True)
class Figures:
    """What a test measures; None where there is nothing to say.

    Attributes:
        ne: Normalized error, a fraction of the garment's width.
        num_points: Points that it counts.
        num_images: Pictures that were predicted.
        num_parameters: Parameters of the network, or of an ensemble's networks.
        test_seconds: The whole test, with starting up.
        image_seconds: The test loop alone, per picture.
    """

    ne: float | None = None
    num_points: int | None = None
    num_images: int | None = None
    num_parameters: int | None = None
    test_seconds: float | None = None
    image_seconds: float | None = None


@dataclass(frozen=True)
class CategoryResult:
    """A row of the summary.

    Attributes:
        category: Name of the category, or ``'all'``.
        status: ``'done'``, ``'done before'``, or what failed.
        train_seconds: Time spent on training, over all sessions; None without one.
        figures: What the test measured.
        error: Why it failed, in one line.
        log: File with the output of the failed step.
    """

    category: str
    status: str
    train_seconds: float | None = None
    figures: Figures = field(default_factory=Figures)
    error: str | None = None
    log: Path | None = None

    @property
    def succeeded(self) -> bool:
        """Whether there are predictions of this config."""
        return self.status in DONE


def rule_of(cfg: Config) -> str | None:
    """The rule of the test's :class:`NormalizedError`; None without that metric."""
    for metric in metrics_of(cfg, 'test'):
        if kind_of(metric) == 'NormalizedError':
            return metric.get('rule', RULES[0])
    return None


def common_rule(cfgs: Sequence[Config]) -> str | None:
    """The rule of all configs.

    Raises:
        ValueError: If they have different ones.
    """
    rules = {rule_of(cfg) for cfg in cfgs}
    if len(rules) > 1:
        raise ValueError(
            f'the tests score by different rules, {sorted(map(str, rules))}: give the '
            'test_evaluator of all of them the same rule'
        )
    return rules.pop()


def total(results: Sequence[CategoryResult], rule: str | None) -> CategoryResult:
    """All networks together.

    The error is the mean over all counted points, as if the merged predictions were
    scored. The rule ``image_mean``, which averages pictures, has no such total.

    Args:
        results: The categories; those that failed add nothing.
        rule: The rule of their errors.
    """
    counted = [result for result in results if result.succeeded]
    figures = [result.figures for result in counted]
    ne = None
    if rule != 'image_mean':
        ne = _mean((f.ne, f.num_points) for f in figures)
    return CategoryResult(
        category=TOTAL,
        status=f'{len(counted)} of {len(results)} done',
        train_seconds=_sum(result.train_seconds for result in counted),
        figures=Figures(
            ne=ne,
            num_points=_sum(f.num_points for f in figures),
            num_images=_sum(f.num_images for f in figures),
            num_parameters=_sum(f.num_parameters for f in figures),
            test_seconds=_sum(f.test_seconds for f in figures),
            image_seconds=_mean((f.image_seconds, f.num_images) for f in figures),
        ),
    )


def _mean(weighted: Iterable[tuple[float | None, int | None]]) -> float | None:
    """The mean of (value, weight); None if there is nothing."""
    known = [(v, w) for v, w in weighted if v is not None and w]
    return sum(v * w for v, w in known) / sum(w for _, w in known) if known else None


def _sum(values):
    """The sum of what is there; None if nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def summary_rows(results: Sequence[CategoryResult], rule: str | None) -> list[list]:
    """The table as text: a header, the categories and, last, everything together."""
    rows = [list(_COLUMNS)]
    for result in (*results, total(results, rule)):
        figures = result.figures
        cells = (
            _text(figures.ne, 100, 4),
            _text(figures.num_points),
            _text(figures.num_parameters, 1e-6, 2),
            _text(result.train_seconds),
            _text(figures.test_seconds, 1, 1),
            _text(figures.image_seconds, 1000, 1),
        )
        rows.append([result.category, *cells, result.status])
    return rows


def _text(value: float | None, factor: float = 1, digits: int = 0) -> str:
    if value is None or math.isnan(value):
        return '-'
    return f'{value * factor:.{digits}f}'


def summary_table(
    results: Sequence[CategoryResult], rule: str | None, markdown: bool = False
) -> str:
    """The summary as a table for the terminal, or in Markdown."""
    rows = summary_rows(results, rule)
    if markdown:
        table = GithubFlavoredMarkdownTable(rows)
    else:
        table = AsciiTable(rows, f'NE, {rule}' if rule else None)
    for column in range(1, len(_COLUMNS) - 1):
        table.justify_columns[column] = 'right'
    return table.table


def write_summary(
    folder: Path,
    results: Sequence[CategoryResult],
    rule: str | None,
    config: str,
    submission: str | None = None,
) -> None:
    """Write ``summary.json`` and ``summary.md``, both or none of them.

    Args:
        folder: Where to.
        results: The categories.
        rule: The rule of their errors.
        config: What was run.
        submission: The file of the merged predictions, if there is one.
    """
    content = dict(
        config=config,
        submission=submission,
        rule=rule,
        categories={result.category: _plain(result) for result in results},
        total=_plain(total(results, rule)),
    )
    table = summary_table(results, rule, markdown=True)
    with OutputFiles() as outputs:
        file = outputs.open(folder / 'summary.json')
        json.dump(content, file, indent=2, allow_nan=False)
        file.write('\n')
        outputs.open(folder / 'summary.md').write(
            f'`{config}`, NE by the rule `{rule}`\n\n{table}\n'
        )


def _plain(result: CategoryResult) -> dict:
    """A row in the types of JSON, errors as fractions."""
    entry = asdict(result)
    del entry['category']
    entry.update(entry.pop('figures'), log=result.log and os.fspath(result.log))
    return entry
