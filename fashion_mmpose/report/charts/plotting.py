"""What all charts of a report share."""

from collections.abc import Sequence
from html import escape
from types import ModuleType
from typing import Any

from fashion_mmpose.errors import extra_needed
from fashion_mmpose.evaluation.functional.errors import POINT_TYPES
from fashion_mmpose.report.judging import Judged

RUN_COLORS = ('#2f5d8a', '#d9822b')
# Colours of the types that people who see no red or green can tell apart.
TYPE_COLORS = ('#009e73', '#56b4e9', '#cc79a7', '#0072b2', '#e69f00', '#d55e00')
SHARE = '.0%'


def plain(text: str) -> str:
    """A text that plotly, which takes texts for a kind of HTML, shows as it is."""
    return escape(text, quote=False)


def require_plotly() -> tuple[ModuleType, ModuleType]:
    """plotly's figures and its grids of them, which only reports need.

    Raises:
        ImportError: If it is missing or does not load.
    """
    with extra_needed('reports are drawn by plotly, which does not load', 'report'):
        import plotly.graph_objects
        import plotly.subplots
    return plotly.graph_objects, plotly.subplots


def named(runs: Sequence[Judged]) -> list[tuple[str, str, Judged]]:
    """Name for plotly, colour and run; two runs are A and B."""
    return [
        (
            plain(f'{letter}: {judged.run.name}' if len(runs) > 1 else judged.run.name),
            color,
            judged,
        )
        for judged, color, letter in zip(runs, RUN_COLORS, 'AB')
    ]


def row_of_panels(titles: Sequence[str]) -> Any:
    """An empty figure of several panels beside each other, of one vertical axis."""
    _, subplots = require_plotly()
    return subplots.make_subplots(
        1,
        len(titles),
        shared_yaxes=True,
        horizontal_spacing=0.04,
        subplot_titles=list(titles),
    )


def add_type_bars(
    figure: Any,
    names: Sequence[str],
    shares: Sequence[Sequence[float]],
    column: int = 1,
) -> None:
    """Stack the shares of the types of key points, a bar for each name.

    Args:
        figure: See :func:`row_of_panels`.
        names: Texts for plotly.
        shares: Of each, see :func:`.judging.type_shares`.
        column: The panel, from 1. Defaults to 1, whose types are in the legend.
    """
    go, _ = require_plotly()
    for kind, color in enumerate(TYPE_COLORS):
        bars = go.Bar(
            y=list(names),
            x=[row[kind] for row in shares],
            name=POINT_TYPES[kind],
            legendgroup=POINT_TYPES[kind],
            showlegend=column == 1,
            orientation='h',
            marker_color=color,
            hovertemplate='%{y}: %{x:.2%}',
        )
        figure.add_trace(bars, 1, column)
    figure.update_layout(barmode='stack')
    figure.update_xaxes(tickformat=SHARE, range=[0, 1])
    figure.update_yaxes(autorange='reversed')


def styled(figure: Any, title: str, height: int = 400) -> Any:
    """The figure in the style of the report."""
    figure.update_layout(
        title=dict(text=title, x=0, xanchor='left', font=dict(size=15)),
        height=height,
        template='plotly_white',
        margin=dict(l=10, r=30, t=70, b=90),
        legend=dict(orientation='h', yref='container', y=0, yanchor='bottom'),
        font=dict(family='system-ui, sans-serif'),
    )
    figure.update_yaxes(automargin=True)
    figure.update_xaxes(automargin=True)
    return figure
