"""The table in the form that MMPose parses."""

import colorsys

from .lookup import benchmark, categories, garment, keypoints, metainfo_name

# Left, middle and right of the picture: blue, green, orange.
_SIDE_COLORS = ((51, 153, 255), (0, 200, 80), (255, 128, 0))


def category_color(dataset: str, category: str) -> tuple[int, int, int]:
    """RGB colour of a category: hues spread evenly over the benchmark."""
    names = categories(dataset)
    hue = garment(dataset, category).category_id / len(names)
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.75, 0.95)
    return round(255 * red), round(255 * green), round(255 * blue)


def metainfo(dataset: str, category: str | None = None) -> dict:
    """MMPose's ``metainfo`` of one category or of a benchmark's full layout.

    Args:
        dataset: ``'fashionai'`` or ``'deepfashion2'``.
        category: A category, for its K key points; None for all 24 or 294.

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
            link_colors.setdefault(link, category_color(dataset, item.name))

    keypoint_info = {}
    for i, name in enumerate(names):
        side = (index[flip[name]] < i) - (index[flip[name]] > i)  # -1 left, 1 right
        keypoint_info[i] = dict(
            name=name,
            id=i,
            color=list(_SIDE_COLORS[side + 1]),
            type='',
            swap=flip[name] if side else '',
        )
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
