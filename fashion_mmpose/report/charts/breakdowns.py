"""Charts of garments: by their size, their occlusion and their scores."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fashion_mmpose.evaluation.functional.errors import NEMeasure
from fashion_mmpose.evaluation.functional.errors.pairing import FOUND, IGNORED
from fashion_mmpose.evaluation.functional.errors.points import UNSEEN
from fashion_mmpose.evaluation.functional.reliability import (
    are_whole,
    calibration_error,
    reliability,
)
from fashion_mmpose.report.judging import Judged, mean, sums_of_items
from fashion_mmpose.report.material import Material

from .plotting import SHARE, named, require_plotly, row_of_panels, styled

_NUM_SIZES = 5
_OCCLUSION = {
    'none': 0,
    'up to 25 %': 0.25,
    'up to 50 %': 0.5,
    'up to 75 %': 0.75,
    'more': 1,
}
_RIGHT = 0.5  # OKS from which a garment counts as found in AP.5
_STYLES = (('solid', 'circle'), ('dash', 'square'))  # of scores, of probabilities

Curve = tuple[str, np.ndarray, np.ndarray]


def size_chart(material: Material, runs: Sequence[Judged]) -> Any:
    """Quality of garments by their size and by how much of them is occluded."""
    go, _ = require_plotly()
    truth = material.truth
    counts = runs[0].analysis.pairing.item_types != IGNORED
    side = np.sqrt(truth.areas)
    chosen = side[counts] if counts.any() else np.zeros(1)
    edges = np.quantile(chosen, np.linspace(0, 1, _NUM_SIZES + 1))
    sizes = [f'{low:.0f} to {high:.0f} px' for low, high in zip(edges, edges[1:])]
    labelled = sums_of_items(truth.points[:, 2] > 0, truth.starts)
    hidden = sums_of_items(truth.points[:, 2] == 1, truth.starts)
    occluded = hidden / labelled.clip(min=1)
    groups = (
        (sizes, np.searchsorted(edges[1:-1], side, side='right')),
        (list(_OCCLUSION), np.searchsorted(list(_OCCLUSION.values()), occluded)),
    )
    figure = row_of_panels(['by size', 'by the share of occluded landmarks'])
    is_ne = isinstance(material.measure, NEMeasure)
    for name, color, judged in named(runs):
        for column, (labels, bins) in enumerate(groups, 1):
            masks = [counts & (bins == place) for place in range(len(labels))]
            values = [judged.quality[mask] for mask in masks]
            values = [mean(each[np.isfinite(each)]) for each in values]
            bars = go.Bar(
                x=labels,
                y=[-value if is_ne else value for value in values],
                name=name,
                legendgroup=name,
                showlegend=column == 1 and len(runs) > 1,
                marker_color=color,
                customdata=[int(mask.sum()) for mask in masks],
                hovertemplate='%{x}: %{y:.4f} (%{customdata} garments)',
            )
            figure.add_trace(bars, 1, column)
    measured = 'mean NE' if is_ne else 'mean OKS, 0 where missed'
    figure.update_yaxes(title=measured, row=1, col=1)
    return styled(figure, 'Garments by size and by occlusion')


def calibration_chart(material: Material, runs: Sequence[Judged]) -> Any:
    """How often what scores that much is right: garments and key points.

    Key points also by their probabilities, where a run has a curve of them. FashionAI's
    garments are not told right from wrong. Panels where no score promises anything are
    left out; None where none does.
    """
    go, _ = require_plotly()
    kinds = [('key points', point_curves)]
    if not isinstance(material.measure, NEMeasure):
        kinds.insert(0, ('garments', garment_curves))
    lines = {
        what: [
            line
            for name, color, judged in named(runs)
            for line in _reliability_lines(
                what, curves_of(material, judged), name, color
            )
        ]
        for what, curves_of in kinds
    }
    shown = [what for what in lines if lines[what]]
    if not shown:
        return None
    titles = {'garments': 'garments: OKS of 0.5', 'key points': 'key points: near'}
    figure = row_of_panels([titles[what] for what in shown])
    for column, what in enumerate(shown, 1):
        diagonal = go.Scatter(
            x=[0, 1],
            y=[0, 1],
            mode='lines',
            showlegend=False,
            line=dict(color='#999', dash='dot'),
            hoverinfo='skip',
        )
        for line in (diagonal, *lines[what]):
            figure.add_trace(line, 1, column)
    has_curve = any(judged.run.curve is not None for judged in runs)
    said = 'score, or probability' if has_curve else 'score'
    figure.update_xaxes(title=said, range=[0, 1])
    figure.update_yaxes(tickformat=SHARE, range=[0, 1])
    figure.update_yaxes(title='right', row=1, col=1)
    return styled(figure, 'Are scores what they promise?', height=450)


def _reliability_lines(
    what: str, curves: Sequence[Curve], name: str, color: str
) -> list[Any]:
    """plotly's lines of the curves that promise something."""
    go, _ = require_plotly()
    lines = []
    for (said, scores, right), (dash, symbol) in zip(curves, _STYLES):
        bins = reliability(scores, right)
        if bins:
            line = go.Scatter(
                x=[score for score, _, _ in bins],
                y=[share for _, share, _ in bins],
                customdata=[count for _, _, count in bins],
                mode='lines+markers',
                name=f'{what}, {said}, {name}: off by {calibration_error(bins):.3f}',
                line=dict(color=color, dash=dash),
                marker_symbol=symbol,
                hovertemplate=f'{said} %{{x:.2f}}: %{{y:.1%}} of %{{customdata}}',
            )
            lines.append(line)
    return lines


def whole_scores(runs: Sequence[Judged]) -> list[str]:
    """What is said of runs whose scores are whole numbers, in lines."""
    notes = []
    for judged in runs:
        found = judged.run.detections
        kinds = {'garments': found.scores, 'key points': found.point_scores}
        what = [each for each, scores in kinds.items() if are_whole(scores)]
        if what and len(found):
            notes.append(
                f'all scores of {" and ".join(what)} in {judged.run.name} are whole '
                'numbers, which promise nothing: no curve tells whether they are right'
            )
    return notes


def garment_curves(material: Material, judged: Judged) -> list[Curve]:
    """What garments score, and whether each is right."""
    return [('scores', *garment_scores(judged))]


def point_curves(material: Material, judged: Judged) -> list[Curve]:
    """What key points score, how likely they are near, and whether each is."""
    curve = judged.run.curve
    near = material.measure.tolerance.near if curve is None else curve.tolerance
    scores, right = point_scores(material, judged, near)
    curves: list[Curve] = [('scores', scores, right)]
    if curve is not None:
        curves.append(('probabilities', curve(scores), right))
    return curves


def garment_scores(judged: Judged) -> tuple[np.ndarray, np.ndarray]:
    """Scores of the predictions that count, and whether each is right; both (n, )."""
    pairing = judged.analysis.pairing
    found = pairing.detection_types == FOUND
    right = np.zeros(len(found), bool)
    right[found] = pairing.similarity[pairing.items[found]] >= _RIGHT
    counts = pairing.detection_types != IGNORED
    return judged.run.detections.scores[counts], right[counts]


def point_scores(
    material: Material, judged: Judged, tolerance: float
) -> tuple[np.ndarray, np.ndarray]:
    """Scores of the key points of garments that were found, and whether each is near.

    Args:
        material: What is judged.
        judged: The run.
        tolerance: Points are near up to so many units of the measure.

    Returns:
        tuple: Two arrays of the shape (n, ).
    """
    analysis, detections = judged.analysis, judged.run.detections
    starts = material.truth.starts
    rows = np.flatnonzero(analysis.types != UNSEEN)
    item = np.searchsorted(starts, rows, side='right') - 1
    detection = analysis.pairing.detections[item]
    places = detections.starts[detection] + rows - starts[item]
    return detections.point_scores[places], analysis.distances[rows] <= tolerance
