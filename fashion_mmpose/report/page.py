"""The HTML file of a report: everything that it shows is inside.

All that comes from files is escaped: texts by the template, charts as JSON that cannot
end its script. The page forbids itself any connection.
"""

import os
from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files
from types import ModuleType
from typing import Any, NamedTuple

from fashion_mmpose.errors import extra_needed
from fashion_mmpose.evaluation.functional.errors import NEMeasure
from fashion_mmpose.version import __version__

from .charts.breakdowns import calibration_chart, size_chart, whole_scores
from .charts.errors import (
    category_chart,
    cost_chart,
    distance_chart,
    side_chart,
    type_chart,
    visibility_chart,
)
from .charts.maps import map_chart
from .charts.plotting import require_plotly
from .examples import example_groups
from .judging import Judged, judge, landmark_rows, resample
from .material import Material
from .tables import category_table, garment_table, headline_table, landmark_table
from .training import Training, training_chart

ROUNDS = 1000  # of the bootstrap
_TEMPLATE = 'page.html'
# What would end a script, or begin a comment in it, however JSON is quoted.
_IN_SCRIPTS = {'<': '\\u003c', '>': '\\u003e', '&': '\\u0026', '\u2028': '\\u2028'}


class Page(NamedTuple):
    """A report.

    Attributes:
        html: The file.
        notes: What it says that was left out or is doubtful, in lines.
    """

    html: str
    notes: list[str]


def report_page(
    material: Material,
    image_root: str | os.PathLike | None = None,
    training: Training | None = None,
    rounds: int = ROUNDS,
) -> Page:
    """Make the report.

    Args:
        material: Annotations and one run, or two.
        image_root: Folder of the pictures; without, garments are drawn on grey.
        training: What is told of the training.
        rounds: Of the bootstrap. Defaults to 1,000.

    Returns:
        Page: The report.

    Raises:
        ImportError: If plotly or Jinja is missing, which the extra ``report`` brings.
    """
    require_plotly()
    jinja = require_jinja()
    runs = [judge(material, run) for run in material.runs]
    drawn = resample(material, runs, rounds)
    tables = [landmark_rows(material, judged) for judged in runs]
    environment = jinja.Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja.StrictUndefined,
    )
    source = (
        files('fashion_mmpose.report').joinpath(_TEMPLATE).read_text(encoding='utf-8')
    )
    notes = _notes(material, runs)
    html = environment.from_string(source).render(
        title=' and '.join(judged.run.name for judged in runs),
        material=material,
        notes=notes,
        num_images=len(material.truth.images.ids),
        num_garments=len(material.truth.ids),
        is_ne=isinstance(material.measure, NEMeasure),
        rounds=rounds,
        made=datetime.now().astimezone().isoformat(' ', 'minutes'),
        version=__version__,
        runs=runs,
        headline=headline_table(material, runs, drawn),
        garments=garment_table(runs),
        categories=category_table(material, runs, drawn),
        landmarks=landmark_table(material, runs, tables),
        charts=_charts(material, runs, tables, training),
        score_notes=whole_scores(runs),
        groups=example_groups(material, runs, image_root),
        training=training,
        library=_library(),
    )
    return Page(html, notes)


def _notes(material: Material, runs: Sequence[Judged]) -> list[str]:
    """What was left out or is doubtful, in lines, each once."""
    notes = list(material.notes)
    for judged in runs:
        for doubt in judged.doubts:
            # What holds of every run is so because of the annotations.
            is_of_all = all(doubt in each.doubts for each in runs)
            notes.append(
                f'{material.ann_file if is_of_all else judged.run.name}: {doubt}'
            )
    return list(dict.fromkeys(notes))


def require_jinja() -> ModuleType:
    """Jinja, which only reports need.

    Raises:
        ImportError: If it is missing or does not load.
    """
    with extra_needed('reports are written by Jinja, which does not load', 'report'):
        import jinja2
    return jinja2


def _charts(
    material: Material,
    runs: Sequence[Judged],
    tables: Sequence[Sequence],
    training: Training | None,
) -> dict[str, str]:
    """The charts by their names in the template, as JSON for scripts."""
    is_ne = isinstance(material.measure, NEMeasure)
    figures: dict[str, Any] = dict(
        costs=cost_chart(material, runs),
        types=type_chart(material, runs),
        sides=side_chart(runs, tables),
        map=map_chart(material, runs, tables),
        distances=distance_chart(material, runs),
        curves=category_chart(material, runs),
        sizes=size_chart(material, runs),
    )
    if not is_ne:  # which counts visible key points only
        figures['visibility'] = visibility_chart(material, runs)
    figures['calibration'] = calibration_chart(material, runs)
    if training is not None:
        figures['training'] = training_chart(training)
    return {
        name: for_script(figure.to_json())
        for name, figure in figures.items()
        if figure is not None
    }


def for_script(text: str) -> str:
    """JSON that stays JSON and cannot end the script that it stands in."""
    for character, escaped in _IN_SCRIPTS.items():
        text = text.replace(character, escaped)
    return text


def _library() -> str:
    """plotly.js, which must not end its own script either."""
    from plotly.offline import get_plotlyjs

    return get_plotlyjs().replace('</script', '<\\/script')
