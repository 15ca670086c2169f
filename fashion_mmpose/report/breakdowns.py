"""Charts of garments: by their size, their occlusion and their scores."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fashion_mmpose.evaluation.functional.errors import NEMeasure
from fashion_mmpose.evaluation.functional.errors.pairing import FOUND, IGNORED
from fashion_mmpose.evaluation.functional.errors.points import JITTER, UNSEEN

from .judging import Judged, mean, sums_of_items
from .material import Material
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
    """How often what scores that much is right: garments and key points."""
    go, _ = require_plotly()
    figure = row_of_panels(['garments: OKS of 0.5', 'key points: good or a jitter'])
    for column in (1, 2):
        diagonal = go.Scatter(
            x=[0, 1],
            y=[0, 1],
            mode='lines',
            showlegend=False,
            line=dict(color='#999', dash='dot'),
            hoverinfo='skip',
        )
        figure.add_trace(diagonal, 1, column)
    for name, color, judged in named(runs):
        kinds = (garment_scores(judged), point_scores(material, judged))
        for column, (scores, right) in enumerate(kinds, 1):
            bins = reliability(scores, right)
            if not bins:
                continue
            what = 'garments' if column == 1 else 'key points'
            curve = go.Scatter(
                x=[score for score, _, _ in bins],
                y=[share for _, share, _ in bins],
                customdata=[count for _, _, count in bins],
                mode='lines+markers',
                name=f'{what}, {name}: off by {calibration_error(bins):.3f}',
                line_color=color,
                line_dash='solid' if column == 1 else 'dash',
                hovertemplate='score %{x:.2f}: %{y:.1%} of %{customdata}',
            )
            figure.add_trace(curve, 1, column)
    figure.update_xaxes(title='score', range=[0, 1])
    figure.update_yaxes(tickformat=SHARE, range=[0, 1])
    figure.update_yaxes(title='right', row=1, col=1)
    return styled(figure, 'Are scores what they promise?', height=450)


def garment_scores(judged: Judged) -> tuple[np.ndarray, np.ndarray]:
    """Scores of the predictions that count, and whether each is right; both (n, )."""
    pairing = judged.analysis.pairing
    found = pairing.detection_types == FOUND
    right = np.zeros(len(found), bool)
    right[found] = pairing.similarity[pairing.items[found]] >= _RIGHT
    counts = pairing.detection_types != IGNORED
    return judged.run.detections.scores[counts], right[counts]


def point_scores(material: Material, judged: Judged) -> tuple[np.ndarray, np.ndarray]:
    """Scores of the key points of garments that were found, and whether each is near.

    Near are those that are good or jitters. Both arrays have the shape (n, ).
    """
    analysis, detections = judged.analysis, judged.run.detections
    starts = material.truth.starts
    rows = np.flatnonzero(analysis.types != UNSEEN)
    item = np.searchsorted(starts, rows, side='right') - 1
    detection = analysis.pairing.detections[item]
    places = detections.starts[detection] + rows - starts[item]
    return detections.point_scores[places], analysis.types[rows] <= JITTER


def reliability(
    scores: np.ndarray, right: np.ndarray, num: int = 10
) -> list[tuple[float, float, int]]:
    """Mean score, share that is right and number, of bins of equal width.

    Args:
        scores: Shape (n, ).
        right: Shape (n, ), bool.
        num: Bins from 0 to 1. Defaults to 10.

    Returns:
        list: The bins that hold something; none where all scores are whole numbers,
        such as a visibility, because these promise nothing. Scores beyond 0 and 1, as
        heatmaps may have, count as these.
    """
    if (scores == np.rint(scores)).all():
        return []
    scores = scores.clip(0, 1)
    bins = np.minimum((scores * num).astype(int), num - 1)
    chosen = [bins == place for place in np.unique(bins)]
    return [(mean(scores[mask]), mean(right[mask]), int(mask.sum())) for mask in chosen]


def calibration_error(bins: Sequence[tuple[float, float, int]]) -> float:
    """Expected calibration error: the mean gap between score and share."""
    total = sum(count for _, _, count in bins)
    return sum(abs(score - share) * count for score, share, count in bins) / total
