"""Where on a garment its landmarks go wrong: the median shape of each category."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fashion_mmpose import garments
from fashion_mmpose.evaluation.functional.errors import NEMeasure
from fashion_mmpose.report.judging import Judged, LandmarkRow, point_names
from fashion_mmpose.report.material import Material

from .plotting import named, plain, require_plotly, row_of_panels, styled

_SIZE = 13  # px of a landmark
_WORST_NE = 0.2  # of the normaliser, where the scale of colours ends


def map_chart(
    material: Material, runs: Sequence[Judged], tables: Sequence[Sequence[LandmarkRow]]
) -> Any:
    """Landmarks in the median shape of a garment, coloured by how well they are found.

    A menu chooses the category.

    Args:
        material: What was judged.
        runs: One run, or two.
        tables: Of each run, see :func:`.judging.landmark_rows`.
    """
    is_ne = isinstance(material.measure, NEMeasure)
    figure = row_of_panels(
        [name if len(runs) > 1 else '' for name, _, _ in named(runs)]
    )
    shown: list[str] = []
    for garment in material.benchmark.garments.values():
        shape = median_shape(material, garment)
        if not np.isfinite(shape).any():
            continue
        rows = [
            {row.name: row for row in table if row.category == garment.name}
            for table in tables
        ]
        for column, by_name in enumerate(rows, 1):
            for trace in _traces(material, garment, shape, by_name, is_ne):
                # The first category is shown until another one is chosen.
                trace.visible = not shown
                figure.add_trace(trace, 1, column)
        shown.append(garment.name)
    if not shown:
        return None
    figure.update_xaxes(visible=False, range=[-0.1, 1.1])
    figure.update_yaxes(visible=False, range=[1.1, -0.1])
    figure.update_layout(
        showlegend=False,
        updatemenus=[
            dict(
                buttons=_buttons(shown, 2 * len(runs)),
                x=0,
                xanchor='left',
                y=0,
                yanchor='top',
                direction='up',
            )
        ],
    )
    measured = 'mean NE' if is_ne else 'mean similarity'
    return styled(figure, f'Landmarks by their {measured}', height=600)


def median_shape(material: Material, garment: garments.Garment) -> np.ndarray:
    """Median places of a category's landmarks in the boxes, 0 to 1, (K, 2); or NaN."""
    truth = material.truth
    rows = np.flatnonzero(
        (truth.category_ids == garment.category_id)
        & (truth.boxes[:, 2:] > 0).all(axis=1)
    )
    shape = np.full((len(garment.keypoints), 2), np.nan)
    for place in range(len(shape)):
        points = truth.points[truth.starts[rows] + place]
        labelled = points[:, 2] > 0
        if labelled.any():
            boxes = truth.boxes[rows[labelled]]
            inside = (points[labelled, :2] - boxes[:, :2]) / boxes[:, 2:]
            shape[place] = np.median(inside, axis=0)
    return shape


def _traces(
    material: Material,
    garment: garments.Garment,
    shape: np.ndarray,
    rows: dict[str, LandmarkRow],
    is_ne: bool,
) -> list[Any]:
    """The outline, and the landmarks over it."""
    go, _ = require_plotly()
    ends = [
        (shape[i].tolist(), shape[j].tolist(), [None, None]) for i, j in garment.links
    ]
    path = [point for link in ends for point in link]
    outline = go.Scatter(
        x=[x for x, _ in path],
        y=[y for _, y in path],
        mode='lines',
        line=dict(color='#bbb', width=1.5),
        hoverinfo='skip',
    )
    names = point_names(material.benchmark, garment)
    places = [
        place
        for place, name in enumerate(names)
        if name in rows and np.isfinite(shape[place]).all() and rows[name].seen
    ]
    held = [rows[names[place]] for place in places]
    numbered = all(name.isdecimal() for name in names)
    landmarks = go.Scatter(
        x=shape[places, 0].tolist(),
        y=shape[places, 1].tolist(),
        mode='markers+text' if numbered else 'markers',
        text=[plain(row.name) for row in held],
        textposition='top center',
        customdata=[[row.seen, row.median_px] for row in held],
        hovertemplate='%{text}: %{marker.color:.3f} of %{customdata[0]}, '
        'median %{customdata[1]:.1f} px<extra></extra>',
        marker=dict(
            size=_SIZE,
            color=[row.score for row in held],
            colorscale='RdYlBu',
            reversescale=is_ne,
            cmin=0,
            cmax=_WORST_NE if is_ne else 1,
            line=dict(color='#333', width=1),
            showscale=True,
            colorbar=dict(thickness=12, len=0.6),
        ),
    )
    return [outline, landmarks]


def _buttons(categories: Sequence[str], each: int) -> list[dict]:
    """One for each category, whose ``each`` traces it shows alone."""
    return [
        dict(
            label=plain(name),
            method='update',
            args=[
                dict(
                    visible=[
                        trace // each == place
                        for trace in range(each * len(categories))
                    ]
                )
            ],
        )
        for place, name in enumerate(categories)
    ]
