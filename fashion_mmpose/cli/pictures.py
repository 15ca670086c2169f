"""What the commands that run networks over pictures have in common."""

import argparse
from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing

from tqdm import tqdm

from fashion_mmpose.inference import GarmentInferencer, PicturePrediction
from fashion_mmpose.inference.measuring import MeasurementFiles
from fashion_mmpose.inference.output_names import name_sources
from fashion_mmpose.inference.saving import PredictionFiles
from fashion_mmpose.media.listings import Listing
from fashion_mmpose.media.sources import Source, find_sources

from .networks import build, check_category, path_or_camera, warn_of_whole_pictures
from .shell import warn


def open_inputs(
    args: argparse.Namespace, left_aside: list[str]
) -> tuple[GarmentInferencer, dict[str, Source]]:
    """The networks and the inputs of a command, checked against each other.

    Args:
        args: Its options, of :func:`.networks.add_network_options`.
        left_aside: Gets what is not used, each with the reason.
    """
    inputs = [path_or_camera(item) for item in args.inputs]
    listing = Listing(args.path_column, args.img_root)
    sources = name_sources(find_sources(inputs, left_aside, listing))
    inferencer = build(args)
    has_detector = inferencer.detector is not None
    check_category(args.category, list(inferencer.networks), has_detector)
    warn_of_whole_pictures(inferencer, args.category)
    return inferencer, sources


def go_through(
    predicted: Generator[PicturePrediction],
    sources: dict[str, Source],
    title: str,
    outputs: Sequence[PredictionFiles | MeasurementFiles],
    skipped: list[str],
) -> bool:
    """Hand on what is predicted, picture by picture.

    Args:
        predicted: What networks find, with ``on_error='skip'``.
        sources: The inputs.
        title: Of the progress bar.
        outputs: What is written; saved in the end, also after an interrupt.
        skipped: Gets why pictures cannot be read.

    Returns:
        bool: False if it was interrupted.
    """
    counts = [source.num_pictures() for source in sources.values()]
    known = [count for count in counts if count is not None]
    bar = tqdm(
        total=sum(known) if len(known) == len(counts) else None,
        desc=title,
        unit='picture',
        disable=None,
        dynamic_ncols=True,
    )
    with ExitStack() as stack:
        for output in outputs:
            stack.enter_context(output)
        try:
            with bar, closing(predicted):
                for each in predicted:
                    if each.error:
                        skipped.append(each.error)
                    else:
                        for output in outputs:
                            output.add(each)
                    bar.update(each.picture.image_id + 1 - bar.n)
        except KeyboardInterrupt:
            return False
    return True


def report_left_out(left_aside: Sequence[str], skipped: Sequence[str]) -> None:
    """Print which inputs were not used, and which pictures were left out."""
    warn([f'not used: {reason}' for reason in left_aside])
    warn([f'left out: {error}' for error in skipped])
