"""The table in the form that MMPose parses."""

from collections.abc import Mapping, Sequence

from .lookup import Named, benchmark, garment, keypoints, metainfo_name

# Left, middle and right of the picture: blue, green, orange.
_SIDE_COLORS = ((51, 153, 255), (0, 200, 80), (255, 128, 0))


def category_color(dataset: Named, category: str) -> tuple[int, int, int]:
    """RGB colour of a category."""
    return garment(dataset, category).color


def point_colors(flip: Sequence[int]) -> list[tuple[int, int, int]]:
    """RGB colours of key points: blue on the left, green in the middle, orange.

    Args:
        flip: Their mirror images, of which the first listed one is left.
    """
    # -1 left, 0 in the middle, 1 right
    sides = [(mirror < i) - (mirror > i) for i, mirror in enumerate(flip)]
    return [_SIDE_COLORS[side + 1] for side in sides]


def metainfo(dataset: Named, category: str | None = None) -> dict:
    """MMPose's ``metainfo`` of one category or of a benchmark's full layout.

    Args:
        dataset: A benchmark, or the name of a built-in one.
        category: A category, for its K key points; None for all of the benchmark.

    Returns:
        dict: ``dataset_name``, ``paper_info``, ``keypoint_info``,
        ``skeleton_info``, ``joint_weights`` and ``sigmas``, as
        :func:`mmpose.datasets.datasets.utils.parse_pose_metainfo` takes them.

    Raises:
        ValueError: If the benchmark or the category does not exist.
    """
    whole = benchmark(dataset)
    chosen = (
        whole.garments.values() if category is None else [garment(dataset, category)]
    )
    names = keypoints(dataset, category)
    index = {name: i for i, name in enumerate(names)}

    flip = {}
    sigmas = {}
    link_colors = {}
    for item in chosen:
        for local, name in enumerate(item.keypoints):
            flip[name] = item.keypoints[item.flip[local]]
            sigmas[name] = item.sigmas[local]
        for i, j in item.links:
            link = tuple(
                sorted((item.keypoints[i], item.keypoints[j]), key=index.__getitem__)
            )
            link_colors.setdefault(link, item.color)

    colors = point_colors([index[flip[name]] for name in names])
    keypoint_info = {
        i: dict(
            name=name,
            id=i,
            color=list(color),
            type='',
            swap='' if flip[name] == name else flip[name],
        )
        for i, (name, color) in enumerate(zip(names, colors))
    }
    return dict(
        dataset_name=metainfo_name(dataset, category),
        paper_info=dict(whole.paper),
        keypoint_info=keypoint_info,
        skeleton_info={
            i: dict(link=link, id=i, color=list(color))
            for i, (link, color) in enumerate(link_colors.items())
        },
        joint_weights=[1.0] * len(names),
        sigmas=[sigmas[name] for name in names],
    )


def complete_metainfo(
    given: Mapping | None, dataset: Named, category: str | None = None
) -> Mapping:
    """The metainfo of a data set that may be given one.

    Args:
        given: In the form of :func:`metainfo`, or MMPose's ``from_file`` with it; None
            or empty for that of the benchmark.
        dataset: A benchmark, or the name of a built-in one.
        category: See :func:`metainfo`.

    Raises:
        ValueError: If entries are missing, as in the metainfo of a detector's data set.
    """
    own = metainfo(dataset, category)
    if not given:
        return own
    missing = [key for key in own if key not in given and key != 'paper_info']
    if missing and 'from_file' not in given:
        raise ValueError(
            f'the metainfo of a data set of {own["dataset_name"]} has '
            f'{", ".join(map(str, given))} and lacks {", ".join(missing)}; to fix it: '
            'leave metainfo out, for that of the benchmark, and choose categories with '
            'category= or categories=[...]'
        )
    return given


def check_metainfo(
    parsed: Mapping, dataset: Named, category: str | None = None
) -> None:
    """Refuse a metainfo of other key points than a dataset's.

    Its colours, links, weights and sigmas may be others than the table's.

    Args:
        parsed: As MMPose has parsed it, with ``num_keypoints``.
        dataset: A benchmark, or the name of a built-in one.
        category: The category whose key points the dataset has; None for all.

    Raises:
        ValueError: If there are more or fewer key points.
    """
    number = len(keypoints(dataset, category))
    if parsed['num_keypoints'] != number:
        raise ValueError(
            f'the metainfo of the data set, {parsed["dataset_name"]}, is of '
            f'{parsed["num_keypoints"]} key points, and '
            f'{metainfo_name(dataset, category)} has {number}; to fix it: '
            'metainfo=None, for that of the benchmark'
        )
