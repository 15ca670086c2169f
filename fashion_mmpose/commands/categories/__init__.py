"""Five networks in turn: one for each FashionAI category."""

from .commands import tail
from .plan import CategoryRun, plan_runs
from .state import check_unchanged
from .steps import Options, merge, run_category
from .summary import CategoryResult, common_rule, summary_table, write_summary

__all__ = [
    'CategoryResult',
    'CategoryRun',
    'Options',
    'check_unchanged',
    'common_rule',
    'merge',
    'plan_runs',
    'run_category',
    'summary_table',
    'tail',
    'write_summary',
]
