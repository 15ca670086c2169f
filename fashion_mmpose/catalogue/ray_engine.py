"""Parts predicted by workers of Ray, on this machine or on a cluster.

The process that starts it hands out parts and writes them; a worker holds the networks,
reads the bytes of its pictures, and gives rows back. So a part has the same rows as in
a plain run, and the folder goes on with either.
"""

import os
import signal
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fashion_mmpose.errors import extra_needed
from fashion_mmpose.inference import GarmentInferencer

from .part_files import PartResult, Writing
from .plan import Part

_AHEAD = 2  # parts that a worker has, so that it need not wait for the next one
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_PATIENCE_S = 20.0  # until it is told that workers have not come
_RETRIES = 3  # of a part, and of a start, whose worker was lost


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
    """A process of Ray, whose networks are built there.

    Args:
        make: Makes the predictor.
        folder: Where it works, so that paths lead where they lead for who started it.
    """

    def __init__(self, make: Callable[[], Predictor], folder: str) -> None:
        self._make, self._folder = make, folder

    def build(self) -> str:
        """Build the networks; what they are called."""
        # Not when the process begins: of what fails then Ray tells only that it died.
        os.chdir(self._folder)
        self._predictor = self._make()
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

    Never more than a few parts per worker are in memory. For a worker that is lost,
    with its machine or alone, another one is started, and its parts are predicted anew.

    Args:
        parts: The parts, taken as workers are free.
        make: Makes the predictor in each worker; Ray pickles it.
        cluster: The workers.
        model: What their networks must be called.

    Raises:
        ImportError: If Ray is missing.
        RuntimeError: If workers are lost again and again, with one part or before
            their networks are built.
        ValueError: If a worker has other networks, or Ray has no room for them here.
        Exception: What a worker fails with.
    """
    ray = _require_ray()
    with _connected(ray, cluster):
        crew = _Crew(ray, make, cluster, model)
        try:
            yield from crew.results(parts)
        finally:
            crew.dismiss()


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


@dataclass(eq=False)
class _Hired:
    """A worker, and what it was asked.

    Attributes:
        actor: Of Ray.
        is_ready: Whether its networks are built.
        parts: Those that it has, by what Ray will give back.
    """

    actor: Any
    is_ready: bool = False
    parts: dict[Any, Part] = field(default_factory=dict)


class _Crew:
    """All workers; arguments are those of :func:`predict_on_ray`."""

    def __init__(
        self, ray: Any, make: Callable[[], Predictor], cluster: Cluster, model: str
    ) -> None:
        self._ray, self._make, self._cluster, self._model = ray, make, cluster, model
        # Ray itself would start a worker again where it was, and wait for the machine.
        self._kind = ray.remote(num_cpus=cluster.cpus, num_gpus=cluster.gpus)(_Worker)
        self._hired: list[_Hired] = []
        self._asked: dict[Any, _Hired] = {}
        self._again: deque[Part] = deque()
        self._losses: Counter[int | None] = Counter()
        self._is_all_handed_out = False

    def results(self, parts: Iterable[Part]) -> Iterator[PartResult]:
        """What is found in parts, in the order in which they are done."""
        self._remaining = iter(parts)
        short = self._shortage()
        for _ in range(self._cluster.workers):
            self._hire()
        if short:
            self._wait_for_machines(short)
        while self._is_at_work():
            (done,), _ = self._ray.wait([*self._asked], num_returns=1)
            hired = self._asked.pop(done)
            try:
                answer = self._ray.get(done)
            except self._ray.exceptions.RayTaskError as error:
                raise error.cause from error
            except self._ray.exceptions.RayError as error:
                self._replace(hired, error)
                continue
            part = hired.parts.pop(done, None)
            if part is None:
                self._check(answer)
                hired.is_ready = True
                del self._losses[None]
            self._hand_out(hired)
            if part is not None:
                yield answer

    def _is_at_work(self) -> bool:
        # Not as long as workers are to come: these may never do so, and not be needed.
        is_all_taken = self._is_all_handed_out and not self._again
        return not is_all_taken or any(each.parts for each in self._hired)

    def dismiss(self) -> None:
        """End all workers."""
        for each in self._hired:
            self._ray.kill(each.actor)

    def _hire(self) -> None:
        actor = self._kind.remote(self._make, os.getcwd())
        self._hired.append(_Hired(actor))
        self._asked[actor.build.remote()] = self._hired[-1]

    def _hand_out(self, hired: _Hired) -> None:
        """Parts to a worker, as many as it may have."""
        while len(hired.parts) < _AHEAD:
            part = self._again.popleft() if self._again else next(self._remaining, None)
            if part is None:
                self._is_all_handed_out = True
                return
            reference = hired.actor.result.remote(part)
            hired.parts[reference] = part
            self._asked[reference] = hired

    def _replace(self, lost: _Hired, error: Exception) -> None:
        """Another worker for one that is lost, whose parts go to whoever is free.

        Raises:
            RuntimeError: If that did not help several times.
        """
        for number in [part.number for part in lost.parts.values()] or [None]:
            self._losses[number] += 1
            if self._losses[number] > _RETRIES:
                what = 'before any was ready' if number is None else f'at part {number}'
                raise RuntimeError(
                    f'{self._losses[number]} workers of Ray were lost {what}, the last '
                    f'one by: {" ".join(str(error).split())}; to fix it: see in the '
                    'logs of Ray what ended them, such as too little memory, and call '
                    'again: parts that are there stay'
                ) from error
        self._hired.remove(lost)
        self._ray.kill(lost.actor)  # it may be there, and only out of reach
        for reference in [key for key, each in self._asked.items() if each is lost]:
            del self._asked[reference]
        self._again.extend(lost.parts.values())
        self._hire()
        for each in self._hired:
            if each.is_ready:
                self._hand_out(each)

    def _shortage(self) -> str:
        """What Ray lacks for all workers; empty where it lacks nothing.

        Raises:
            ValueError: If it can get no more.
        """
        room, cluster = self._ray.cluster_resources(), self._cluster
        needed = dict(
            CPU=cluster.workers * cluster.cpus, GPU=cluster.workers * cluster.gpus
        )
        short = ' and '.join(
            f'{number:g} {name}s, and Ray has {room.get(name, 0):g}'
            for name, number in needed.items()
            if number > room.get(name, 0)
        )
        if short and cluster.address is None:
            raise ValueError(
                f'{cluster.workers} workers need {short}; to fix it: fewer of '
                '--ray-workers, --ray-cpus or --ray-gpus'
            )
        return short

    def _wait_for_machines(self, short: str) -> None:
        """Say that workers have not come; a cluster may grow, so waiting is right."""
        num = len(self._asked)
        ready, _ = self._ray.wait([*self._asked], num_returns=num, timeout=_PATIENCE_S)
        if len(ready) < num:
            print(
                f'Ray waits for machines: {self._cluster.workers} workers need {short} '
                'so far',
                file=sys.stderr,
            )

    def _check(self, model: str) -> None:
        if model != self._model:
            raise ValueError(
                f'a worker of Ray has other networks ({model}) than this process '
                f'({self._model}); to fix it: give paths that lead to the same files '
                'on all machines'
            )
