"""What a test measures, as numbers in a file."""

import json
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.registry import HOOKS

from fashion_mmpose.files.writing.outputs import OutputFiles

METRICS_FILE = 'metrics.json'


@HOOKS.register_module()
class MetricsFileHook(Hook):
    """Leave ``metrics.json`` in the work directory of a test.

    MMEngine's own JSON of a test has null for whole numbers, such as the number of
    points. This file, which appears complete or not at all, has

    - ``metrics``: the metrics by name, errors as fractions; null stands for what is
      not a finite number;
    - ``num_parameters``: parameters of the network, or of all members of an ensemble;
    - ``num_left_out``: pictures that could not be read and were left out, if there are
      any;
    - ``loop_seconds``: seconds from the loading of the first batch to the end of the
      last one, without starting up and without the metrics.
    """

    def before_test_epoch(self, runner: Runner) -> None:
        """Begin to measure the time."""
        self._start = self._end = time.perf_counter()

    def after_test_iter(self, runner: Runner, *args, **kwargs) -> None:
        """Note the end of a batch, which may be the last one."""
        self._end = time.perf_counter()

    @master_only
    def after_test_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        """Write the file."""
        content = dict(
            metrics=plain_metrics(metrics or {}),
            num_parameters=sum(each.numel() for each in runner.model.parameters()),
            loop_seconds=self._end - self._start,
        )
        sieve = getattr(runner, 'sieve', None)
        if sieve is not None and sieve.num_left_out:
            content['num_left_out'] = sieve.num_left_out
        with OutputFiles() as outputs:
            file = outputs.open(Path(runner.work_dir) / METRICS_FILE)
            json.dump(content, file, indent=2, allow_nan=False)
            file.write('\n')


def plain_metrics(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Metrics in the types of JSON; null stands for what is not a finite number.

    Args:
        metrics: Numbers by name, those of numpy and PyTorch among them.
    """
    values = {
        name: value.item() if hasattr(value, 'item') else value
        for name, value in metrics.items()
    }
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in values.items()
    }
