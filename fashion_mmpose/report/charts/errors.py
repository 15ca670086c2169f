"""Charts of errors: what they cost, of which types they are, and how large."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fashion_mmpose.evaluation.functional.errors import NEMeasure
from fashion_mmpose.evaluation.functional.errors.points import INVERSION
from fashion_mmpose.report.judging import Judged, LandmarkRow, type_shares
from fashion_mmpose.report.material import Material

from .plotting import (
    SHARE,
    add_type_bars,
    named,
    plain,
    require_plotly,
    row_of_panels,
    styled,
)

_MAX_PAIRS = 20
_FARTHEST = 0.3  # of a garment's size, in cumulative curves


def cost_chart(material: Material, runs: Sequence[Judged]) -> Any:
    """What each type of error costs."""
    go, _ = require_plotly()
    first = runs[0].costs
    order = sorted(
        first.without, key=lambda kind: np.nan_to_num(first.cost(kind)), reverse=True
    )
    figure = go.Figure()
    for name, color, judged in named(runs):
        costs = [judged.costs.cost(kind) for kind in order]
        figure.add_bar(
            y=order,
            x=costs,
            name=name,
            orientation='h',
            marker_color=color,
            # Next to nothing below 0 is 0.0000, too.
            text=[f'{round(cost, 4) + 0:.4f}' for cost in costs],
            textposition='outside',
            cliponaxis=False,
            showlegend=len(runs) > 1,
        )
    figure.update_yaxes(autorange='reversed')
    title = f'{material.measure.name} that each type of error costs'
    return styled(figure, title, height=130 + 28 * len(order) * len(runs))


def type_chart(material: Material, runs: Sequence[Judged]) -> Any:
    """Shares of the types of key points, by category."""
    truth = material.truth
    known = [
        garment
        for garment in material.benchmark.garments.values()
        if (truth.category_ids == garment.category_id).any()
    ]
    kinds = np.repeat(truth.category_ids, np.diff(truth.starts))
    figure = row_of_panels(
        [name if len(runs) > 1 else '' for name, _, _ in named(runs)]
    )
    names = ['all', *(plain(garment.name) for garment in known)]
    for column, judged in enumerate(runs, 1):
        types = judged.analysis.types
        shares = [type_shares(types)] + [
            type_shares(types[kinds == garment.category_id]) for garment in known
        ]
        add_type_bars(figure, names, shares, column)
    title = 'What is wrong with key points, by category'
    return styled(figure, title, height=170 + 26 * len(names))


def visibility_chart(material: Material, runs: Sequence[Judged]) -> Any:
    """Types of visible and of occluded key points."""
    names, shares = [], []
    for name, _, judged in named(runs):
        for label, v in (('visible', 2), ('occluded', 1)):
            chosen = material.truth.points[:, 2] == v
            shares.append(type_shares(judged.analysis.types[chosen]))
            names.append(f'{label}, {name}' if len(runs) > 1 else label)
    figure = row_of_panels([''])
    add_type_bars(figure, names, shares)
    title = 'What is wrong with visible and with occluded key points'
    return styled(figure, title, height=190 + 34 * len(names))


def distance_chart(material: Material, runs: Sequence[Judged]) -> Any:
    """Histogram of the errors, and the share of key points up to each."""
    go, subplots = require_plotly()
    figure = subplots.make_subplots(1, 2, horizontal_spacing=0.09)
    edges = np.geomspace(0.001, 2, 67)
    reach = np.linspace(0, _FARTHEST, 121)
    for name, color, judged in named(runs):
        errors = judged.errors[np.isfinite(judged.errors)]
        if not len(errors):
            continue
        shares, _ = np.histogram(errors.clip(edges[0], edges[-1]), edges)
        common = dict(name=name, legendgroup=name, line_color=color)
        histogram = go.Scatter(
            x=np.sqrt(edges[1:] * edges[:-1]).tolist(),
            y=(shares / len(errors)).tolist(),
            mode='lines',
            line_shape='hvh',
            fill='tozeroy',
            showlegend=len(runs) > 1,
            **common,
        )
        figure.add_trace(histogram, 1, 1)
        curve = go.Scatter(
            x=reach.tolist(),
            y=_up_to(errors, reach),
            mode='lines',
            showlegend=False,
            **common,
        )
        figure.add_trace(curve, 1, 2)
    figure.update_xaxes(title=_distance(material), tickformat='.1%')
    figure.update_xaxes(type='log', row=1, col=1)
    figure.update_xaxes(tickformat=SHARE, row=1, col=2)
    figure.update_yaxes(tickformat=SHARE)
    figure.update_yaxes(title='key points', row=1, col=1)
    figure.update_yaxes(title='key points up to there', range=[0, 1], row=1, col=2)
    return styled(figure, 'How far key points are off')


def category_chart(material: Material, runs: Sequence[Judged]) -> Any:
    """Share of key points up to each distance, by category."""
    go, _ = require_plotly()
    truth = material.truth
    kinds = np.repeat(truth.category_ids, np.diff(truth.starts))
    reach = np.linspace(0, _FARTHEST, 61)
    figure = go.Figure()
    for name, _, judged in named(runs):
        dash = 'solid' if judged is runs[0] else 'dot'
        for garment in material.benchmark.garments.values():
            errors = judged.errors[kinds == garment.category_id]
            errors = errors[np.isfinite(errors)]
            if not len(errors):
                continue
            label = plain(garment.name)
            letter = name.partition(':')[0]
            figure.add_scatter(
                x=reach.tolist(),
                y=_up_to(errors, reach),
                mode='lines',
                name=f'{label}, {letter}' if len(runs) > 1 else label,
                line=dict(color=f'rgb{garment.color}', dash=dash),
            )
    figure.update_xaxes(title=_distance(material), tickformat=SHARE)
    figure.update_yaxes(title='key points up to there', tickformat=SHARE, range=[0, 1])
    styled(figure, 'How far key points are off, by category', height=480)
    # Too many for a line below.
    figure.update_layout(legend=dict(orientation='v', yref='paper', y=1, yanchor='top'))
    return figure


def side_chart(runs: Sequence[Judged], tables: Sequence[Sequence[LandmarkRow]]) -> Any:
    """Landmarks that are most often taken for their mirror images.

    Args:
        runs: One run, or two.
        tables: Of each run, see :func:`.judging.landmark_rows`.
    """
    go, _ = require_plotly()
    most: dict[tuple[str, str], float] = {}
    for row in (row for table in tables for row in table if row.seen):
        key = row.category, row.name
        most[key] = max(most.get(key, 0), row.shares[INVERSION])
    shown = [key for key in sorted(most, key=lambda key: -most[key]) if most[key]]
    shown = shown[:_MAX_PAIRS]
    figure = go.Figure()
    for (name, color, _), table in zip(named(runs), tables):
        by_name = {(row.category, row.name): row for row in table}
        rows = [by_name[key] for key in shown]
        figure.add_bar(
            x=[row.shares[INVERSION] for row in rows],
            y=[plain(f'{row.category}: {row.name} at {row.mirror}') for row in rows],
            name=name,
            orientation='h',
            marker_color=color,
            customdata=[row.seen for row in rows],
            hovertemplate='%{y}: %{x:.2%} of %{customdata}',
            showlegend=len(runs) > 1,
        )
    figure.update_xaxes(tickformat='.1%', rangemode='tozero')
    figure.update_yaxes(autorange='reversed')
    title = 'Left for right: key points at the mirror image of their landmark'
    return styled(figure, title, height=180 + 22 * len(shown) * len(runs))


def _distance(material: Material) -> str:
    is_ne = isinstance(material.measure, NEMeasure)
    size = 'normaliser' if is_ne else "root of the box's area"
    return f'distance from the landmark / {size}'


def _up_to(errors: np.ndarray, reach: np.ndarray) -> list[float]:
    places = np.searchsorted(np.sort(errors), reach, side='right')
    return (places / len(errors)).tolist()
