"""The table of a ladder."""

import statistics
from collections.abc import Mapping, Sequence

from benchmarks.ladders.rows import Ladder


def table(ladder: Ladder, results: Mapping[str, Mapping[int, Mapping]]) -> str:
    """The ladder: every test of a row over its seeds, and the first row beside it.

    Args:
        ladder: What the rows are of.
        results: For every row and seed what :func:`measure` returns.
    """
    first = next(iter(next(iter(results.values())).values()))
    tests = list(first['metrics'])
    what = ladder.metric.split('/')[-1]
    columns = [what] if len(tests) == 1 else [f'{what}, {test}' for test in tests]
    head = 'row', 'adds', *columns, 'of the first', 'seeds', 'steps', 'minutes'
    lines = [f'| {" | ".join(head)} |', '|---' * len(head) + '|']
    reference = None
    for name, by_seed in results.items():
        found = {
            test: [each['metrics'][test][ladder.metric] for each in by_seed.values()]
            for test in tests
        }
        mean = statistics.mean(found[tests[0]])
        reference = mean if reference is None else reference
        ratio = f'{mean / reference:.2f}' if reference else ''
        minutes = statistics.mean(each['minutes'] for each in by_seed.values())
        steps = next(iter(by_seed.values()))['steps']
        cells = (
            *(name, ladder.rows[name].adds),
            *(spread(ladder, values) for values in found.values()),
            *(ratio, len(by_seed), steps, f'{minutes:.1f}'),
        )
        lines.append('| ' + ' | '.join(map(str, cells)) + ' |')
    return '\n'.join(lines) + '\n'


def spread(ladder: Ladder, values: Sequence[float]) -> str:
    """The mean of some seeds, and the lowest and the highest."""
    text = ladder.number(statistics.mean(values))
    if len(values) > 1:
        text += f' ({ladder.number(min(values))} to {ladder.number(max(values))})'
    return text
