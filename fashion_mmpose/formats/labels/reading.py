"""Which tool an export is of, and its labels."""

import json
import os
from pathlib import Path

from fashion_mmpose.errors import FormatError
from fashion_mmpose.files.folders import files_below
from fashion_mmpose.files.json_file import read_json

from .labelled import Labels
from .tools.coco_export import read_coco
from .tools.cvat import read_cvat
from .tools.label_studio import is_label_studio, read_label_studio
from .tools.labelme import is_labelme, read_labelme
from .tools.yolo_pose import read_yolo_pose

FORMATS = ('coco', 'cvat', 'label-studio', 'labelme', 'yolo')


def read_labels(
    path: str | os.PathLike,
    form: str | None = None,
    split: str | None = None,
    *,
    skip_bad: bool = False,
) -> Labels:
    """Read an export.

    Args:
        path: Its file, or the folder of labelme's files.
        form: One of :data:`FORMATS`; None to find out.
        split: For YOLO, see :func:`.tools.yolo_pose.read_yolo_pose`.
        skip_bad: Leave out what cannot be read of a tool's labels, and list it in the
            notes; COCO JSON must be whole. Defaults to False.

    Raises:
        FileNotFoundError: If it does not exist.
        FormatError: If it is of none of the tools, or not what their exports are.
        ValueError: If there is no such form, or only YOLO's data have splits.
    """
    path = os.fspath(path)
    if not os.path.exists(path):
        raise FileNotFoundError(f'{path} does not exist')
    form = form or guess_format(path)
    if split is not None and form != 'yolo':
        raise ValueError(f'--split is for data.yaml of YOLO, and {path} is of {form}')
    if form == 'yolo':
        return read_yolo_pose(path, split, skip_bad=skip_bad)
    readers = {
        'cvat': read_cvat,
        'label-studio': read_label_studio,
        'labelme': read_labelme,
    }
    if form == 'coco':
        return read_coco(path)
    if form not in readers:
        raise ValueError(f'unknown form {form!r}; choose from {FORMATS}')
    labels = readers[form](path, skip_bad=skip_bad)
    if not labels.images and labels.notes:
        raise FormatError(f'{path} has no picture that is read; {labels.notes[0]}')
    return labels


def guess_format(path: str) -> str:
    """One of :data:`FORMATS`, by what the file or folder holds.

    Raises:
        FormatError: If it is none of them.
    """
    hint = (
        f'{path} is no export of labelled key points that is known: a COCO JSON (of '
        'CVAT and others), an XML of "CVAT for images 1.1", a JSON of Label Studio, '
        "a JSON of labelme or a folder of them, or YOLO's data.yaml"
    )
    if os.path.isdir(path):
        if files_below(path, {'.json'}):
            return 'labelme'
        raise FormatError(f'{hint}; the folder has no JSON')
    suffix = Path(path).suffix.lower()
    if suffix in ('.yaml', '.yml'):
        return 'yolo'
    if suffix == '.xml':
        return 'cvat'
    if suffix == '.zip':
        raise FormatError(f'{path} is an archive; to fix it: unpack it first')
    if suffix == '.json':
        content = read_json(path)
        if is_labelme(content):
            return 'labelme'
        if is_label_studio(content):
            return 'label-studio'
        if isinstance(content, dict) and 'annotations' in content:
            return 'coco'
        shown = json.dumps(content)[:60]
        raise FormatError(f'{hint}; it begins with {shown}')
    raise FormatError(hint)
