"""A detector over all pictures of a COCO file: the engine of ``tools/detect.py``."""

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from mmengine.config import Config
from mmengine.dist import (
    all_gather_object,
    barrier,
    broadcast_object_list,
    get_dist_info,
)
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from fashion_mmpose import garments
from fashion_mmpose.config.loading import is_address
from fashion_mmpose.files.digest import file_digest, is_looked_at, size_of
from fashion_mmpose.formats.coco.images import ImageList
from fashion_mmpose.formats.detectors.partial_boxes import (
    BoxAppender,
    BoxRow,
    PartialBoxes,
)
from fashion_mmpose.weights.read import read_checkpoint


@dataclass(frozen=True)
class Outcome:
    """What a run did.

    Attributes:
        num_images: Images in the list.
        num_resumed: Those that an earlier run had finished.
        num_boxes: Boxes in the output; None where it was not written.
        unreadable: Paths of the images that could not be read, each with the reason.
    """

    num_images: int
    num_resumed: int
    num_boxes: int | None
    unreadable: tuple[tuple[str, str], ...]


def run_settings(
    cfg: Config,
    weights: str,
    ann_file: str,
    pictures: Iterable[str | os.PathLike],
    score_thr: float,
    max_per_image: int,
) -> dict:
    """What the boxes depend on, to tell a run that goes on from another one.

    Files count by their content, pictures by their sizes: a file that is moved is still
    the same.
    """
    sizes = [size_of(path) for i, path in enumerate(pictures) if is_looked_at(i)]
    network = dict(model=cfg.model, pipeline=cfg.test_dataloader.dataset.pipeline)
    return dict(
        version=1,
        config=_digest(Config(network).dump().encode()),
        checkpoint=_weights_digest(weights),
        ann_file=file_digest(ann_file),
        sizes=sizes,
        score_thr=score_thr,
        max_per_image=max_per_image,
    )


def category_ids(classes: Sequence[str], benchmark: garments.Named) -> dict[str, int]:
    """The benchmark's id of every class of a detector.

    Raises:
        ValueError: If the benchmark has no category of that name.
    """
    known = garments.categories(benchmark)
    strangers = [name for name in classes if name not in known]
    if strangers:
        raise ValueError(
            f'the detector finds {strangers}, which are no categories of '
            f'{garments.benchmark(benchmark).name} ({", ".join(known)}), as --ann-file '
            'has them'
        )
    return {name: garments.garment(benchmark, name).category_id for name in classes}


def detect_images(
    detector,
    images: ImageList,
    img_root: str | os.PathLike,
    out: str | os.PathLike,
    settings: Mapping,
    batch_size: int = 8,
    num_workers: int = 2,
    skip_bad: bool = False,
) -> Outcome:
    """Write the boxes of all images, or go on where a run was interrupted.

    Batches are the same in every run and on any number of processes, which share
    them; so are the boxes. An image that cannot be read is not finished, and is tried
    again by the next run.

    Args:
        detector (GarmentDetector): Finds the boxes.
        images: The images.
        img_root: The folder that their paths are below.
        out: The COCO result list. It appears when all images are finished, or all but
            the unreadable ones with ``skip_bad``.
        settings: See :func:`run_settings`.
        batch_size: Images that go through the network at once. Defaults to 8.
        num_workers: Processes that load and prepare images; 0 loads here. Defaults to
            2.
        skip_bad: Finish without the images that cannot be read. Defaults to False.

    Raises:
        FormatError: If an interrupted run had other settings, or what is finished was
            changed meanwhile.
        ValueError: If a class of the detector is no category of the benchmark.
    """
    ids = category_ids(detector.classes, images.benchmark)
    partial = PartialBoxes(out, settings)
    rank, world_size = get_dist_info()
    finished = _shared(lambda: set(partial.read()).intersection(images.ids))
    rounds = [
        range(start, min(start + batch_size, len(images.ids)))
        for start in range(0, len(images.ids), batch_size)
    ]
    rounds = [
        batch for batch in rounds if any(images.ids[i] not in finished for i in batch)
    ]
    loader = DataLoader(
        _ImageFiles(images.paths, img_root, detector.file_pipeline),
        batch_sampler=rounds[rank::world_size],
        num_workers=num_workers,
        collate_fn=list,
    )
    unreadable = []
    bar = tqdm(
        total=sum(map(len, rounds[rank::world_size])),
        desc='detect',
        unit='image',
        disable=None if rank == 0 else True,
        dynamic_ncols=True,
    )
    with ExitStack() as stack:
        stack.enter_context(bar)
        appender = stack.enter_context(partial.append_to(rank))
        for loaded in loader:
            unreadable += [
                (index, error)
                for index, _, error in loaded
                if error and images.ids[index] not in finished
            ]
            _finish_batch(detector, images, loaded, finished, ids, appender)
            bar.update(len(loaded))
    unreadable = sorted(
        (images.paths[index], images.ids[index], reason)
        for of_rank in all_gather_object(unreadable)
        for index, reason in of_rank
    )
    num_boxes = None
    if rank == 0 and (skip_bad or not unreadable):
        bad = {image_id for _, image_id, _ in unreadable}
        num_boxes = partial.finish([i for i in images.ids if i not in bad])
    barrier()
    reasons = tuple((path, reason) for path, _, reason in unreadable)
    return Outcome(len(images.ids), len(finished), num_boxes, reasons)


def _finish_batch(
    detector,
    images: ImageList,
    loaded: list[tuple[int, dict | None, str]],
    finished: set[int],
    ids: Mapping[str, int],
    appender: BoxAppender,
) -> None:
    readable = [(index, sample) for index, sample, error in loaded if not error]
    found = detector.detect_samples([sample for _, sample in readable])
    for (index, _), detections in zip(readable, found):
        # A batch that was interrupted is detected again as a whole, see above.
        if images.ids[index] not in finished:
            appender.append(images.ids[index], box_rows(detections, ids))


def box_rows(detections, ids: Mapping[str, int]) -> list[BoxRow]:
    """The detections of a picture in the form of a COCO result list.

    Boxes are rounded to 1e-4 px and scores to 1e-6. No side is shorter than 1e-4 px: a
    file may hold no box without area.

    Args:
        detections (Detections): What was found.
        ids: Category ids by name.
    """
    rows = []
    for bbox, score, label in zip(
        detections.bboxes.tolist(), detections.scores.tolist(), detections.labels
    ):
        x1, y1, x2, y2 = bbox
        width, height = max(x2 - x1, 1e-4), max(y2 - y1, 1e-4)
        xywh = (round(value, 4) for value in (x1, y1, width, height))
        rows.append((*xywh, round(score, 6), ids[label]))
    return rows


class _ImageFiles(Dataset):
    """Samples of image files, or why a file could not be read."""

    def __init__(self, paths: Sequence[str], root: str | os.PathLike, pipeline) -> None:
        self.paths = paths
        self.root = root
        self.pipeline = pipeline

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[int, dict | None, str]:
        path = os.path.join(self.root, self.paths[index])
        if not os.path.isfile(path):
            return index, None, 'no such file'
        try:
            return index, self.pipeline(dict(img_path=path, img_id=index)), ''
        except Exception as error:
            # Whatever a damaged file does to a decoder must not end a long run.
            reason = str(error).partition('\n')[0] or type(error).__name__
            return index, None, reason


def _shared(make: Callable):
    """What rank 0 makes, on every rank; its error too."""
    rank, _ = get_dist_info()
    result = [None, None]
    if rank == 0:
        try:
            result[0] = make()
        except ValueError as error:
            result[1] = error
    broadcast_object_list(result)
    if result[1] is not None:
        raise result[1]
    return result[0]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _weights_digest(path: str | os.PathLike) -> str:
    if not is_address(path):
        return file_digest(path)
    content = hashlib.sha256()
    for name, tensor in read_checkpoint(path).tensors.items():
        content.update(name.encode())
        content.update(tensor.contiguous().numpy().tobytes())
    return content.hexdigest()[:16]
