"""Parts predicted by workers of Ray, on this machine or on a cluster.

The process that starts it hands out parts and writes them; a worker holds the networks,
reads the bytes of its pictures, and gives rows back. So a part has the same rows as in
a plain run, and the folder goes on with either.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from fashion_mmpose.errors import extra_needed
from fashion_mmpose.inference import GarmentInferencer

from .part_files import PartResult, Writing
from .plan import Part

_AHEAD = 2  # parts that a worker has, so that it need not wait for the next one
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_PATIENCE_S = 20.0  # until it is told that workers have not come
_RETRIES = 3  # of a part whose worker was lost


@dataclass(frozen=True)
class Cluster:
    """The processes that predict.

    Attributes:
        address: Of a Ray cluster, or ``'auto'``; None starts Ray here.
        workers: How many processes, each with its own networks.
        cpus: Cores of each.
        gpus: GPUs of each, or a share of one.
    """

    address: str | None = None
    workers: int = 2
    cpus: int = 1
    gpus: float = 0


class Predictor(NamedTuple):
    """What finds the garments of a part.

    Attributes:
        inferencer: The networks.
        writing: What rows are made with.
        category: Of the garments, see :class:`GarmentInferencer`.
    """

    inferencer: GarmentInferencer
    writing: Writing
    category: str | None

    def result(self, part: Part) -> PartResult:
        """What is found in a part; a picture that cannot be read is left out alone."""
        found = PartResult(part)
        sources = part.sources
        for each in self.inferencer(sources, self.category, on_error='skip'):
            if each.error:
                found.leave_out(each)
            else:
                found.add(each, self.writing)
        return found


class _Worker:
    """A process of Ray; its networks are built there.

    Args:
        make: Makes the predictor.
        folder: Where it works, so that paths lead where they lead for who started it.
    """

    def __init__(self, make: Callable[[], Predictor], folder: str) -> None:
        os.chdir(folder)
        self._predictor = make()

    def model(self) -> str:
        """What its networks are called."""
        return self._predictor.writing.model

    def result(self, part: Part) -> PartResult:
        """See :meth:`Predictor.result`."""
        return self._predictor.result(part)


def predict_on_ray(
    parts: Iterable[Part],
    make: Callable[[], Predictor],
    cluster: Cluster,
    model: str,
) -> Generator[PartResult]:
    """What is found in parts, in the order in which they are done.

    Never more than a few parts per worker are in memory.

    Args:
        parts: The parts, taken as workers are free.
        make: Makes the predictor in each worker; Ray pickles it.
        cluster: The workers.
        model: What their networks must be called.

    Raises:
        ImportError: If Ray is missing.
        ValueError: If a worker has other networks.
        Exception: What a worker fails with. A lost worker is started again, and its
            part predicted anew, three times.
    """
    ray = _require_ray()
    remaining = iter(parts)
    with _connected(ray, cluster):
        workers = _start(ray, make, cluster, model)
        waiting: dict[Any, Any] = {}
        try:
            for worker in workers * _AHEAD:
                _hand_out(remaining, worker, waiting)
            while waiting:
                (done,), _ = ray.wait(list(waiting), num_returns=1)
                result = _taken(ray, done)
                _hand_out(remaining, waiting.pop(done), waiting)
                yield result
        finally:
            for worker in workers:
                ray.kill(worker)


def _require_ray() -> Any:
    with extra_needed('the engine ray needs Ray, which does not load', 'ray'):
        import ray  # pyright: ignore[reportMissingImports]
    return ray


@contextmanager
def _connected(ray: Any, cluster: Cluster) -> Iterator[None]:
    """Ray within; one that runs already in this process stays."""
    if ray.is_initialized():
        yield
        return
    options: dict[str, Any] = dict(log_to_driver=False, logging_level='ERROR')
    if cluster.address is None:
        cpus = cluster.workers * cluster.cpus
        # Else it would be one that runs on this machine already, of other workers.
        options |= dict(address='local', num_cpus=cpus, include_dashboard=False)
    else:
        options['address'] = cluster.address
    os.environ.setdefault('RAY_USAGE_STATS_ENABLED', '0')  # nothing is sent anywhere
    # Ray has its own way to end on a signal, which puts nothing in order.
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    is_ended = False
    try:
        ray.init(**options)
    except SystemExit as left:  # so does its own handler end while it starts
        if left.code != signal.SIGTERM:
            raise
        is_ended = True
    if threading.current_thread() is threading.main_thread():
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if is_ended:
        signal.alarm(0)  # by which Ray aborts what has not ended soon
        signal.raise_signal(signal.SIGTERM)
    try:
        yield
    finally:
        ray.shutdown()


def _start(
    ray: Any, make: Callable[[], Predictor], cluster: Cluster, model: str
) -> list[Any]:
    """The workers, whose networks are all the same.

    Raises:
        ValueError: If they are not, or Ray has no room for them here.
    """
    room = ray.cluster_resources()
    needed = dict(
        CPU=cluster.workers * cluster.cpus, GPU=cluster.workers * cluster.gpus
    )
    short = [
        f'{number:g} {name}s, and Ray has {room.get(name, 0):g}'
        for name, number in needed.items()
        if number > room.get(name, 0)
    ]
    if short and cluster.address is None:
        raise ValueError(
            f'{cluster.workers} workers need {" and ".join(short)}; to fix it: fewer '
            'of --ray-workers, --ray-cpus or --ray-gpus'
        )
    kind = ray.remote(
        num_cpus=cluster.cpus,
        num_gpus=cluster.gpus,
        max_restarts=_RETRIES,
        max_task_retries=_RETRIES,
    )(_Worker)
    workers = [kind.remote(make, os.getcwd()) for _ in range(cluster.workers)]
    models = [worker.model.remote() for worker in workers]
    if short and len(ray.wait(models, num_returns=len(models), timeout=_PATIENCE_S)[1]):
        # A cluster may grow, so that waiting is right.
        print(
            f'Ray waits for machines: {cluster.workers} workers need '
            f'{" and ".join(short)} so far',
            file=sys.stderr,
        )
    others = {_taken(ray, each) for each in models} - {model}
    if others:
        raise ValueError(
            f'a worker of Ray has other networks ({", ".join(sorted(others))}) than '
            f'this process ({model}); to fix it: give paths that lead to the same '
            'files on all machines'
        )
    return workers


def _hand_out(parts: Iterator[Part], worker: Any, waiting: dict[Any, Any]) -> None:
    part = next(parts, None)
    if part is not None:
        waiting[worker.result.remote(part)] = worker


def _taken(ray: Any, reference: Any) -> Any:
    """What a worker gives back; its own error where it failed."""
    try:
        return ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
