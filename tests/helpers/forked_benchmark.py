"""Runs tools/benchmark.py, whose measured processes are forks of this one.

They need not import PyTorch, and are handed what new ones would be. This process has
computed nothing, which its forks could not go on from.
"""

import importlib
import multiprocessing
import pickle
import sys

from toolbox import ROOT, load_tool

FORK = multiprocessing.get_context('fork')


def main(arguments):
    sys.path.insert(0, str(ROOT))
    benchmark = load_tool('benchmark.py')
    costs = importlib.import_module('benchmarks.costs')
    measure = costs.measure

    def measured(*work):
        return measure(*pickle.loads(pickle.dumps(work)))

    multiprocessing.get_context = lambda method: FORK
    costs.measure = measured
    costs.NUM_PICTURES = costs.BATCH_SIZE
    return benchmark.main(arguments)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
