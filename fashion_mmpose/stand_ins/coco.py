"""The parts of xtcocotools that MMPose needs, over pycocotools.

MMPose imports xtcocotools, which has wheels for few Pythons, for numpy 1 only, and
needs a compiler elsewhere. pycocotools is maintained. Where xtcocotools does not load,
``serve_xtcocotools`` answers its imports with these classes, which have its
additions as far as boxes, masks and key points of the form ``keypoints`` need them. The
other forms (whole body, crowd) say that they need xtcocotools itself.
"""

import json
import types
from collections.abc import Mapping, Sequence

import numpy as np
from pycocotools import coco as pycoco
from pycocotools import cocoeval as pycocoeval
from pycocotools import mask

NAME = 'xtcocotools'
# Of its box, what a person covers on average, where there is no area.
_SHARE_OF_BOX = 0.53


class COCO(pycoco.COCO):
    """Annotations from a file, or from what was read already.

    Args:
        annotation_file: Path of the JSON. Defaults to None.
        test_index: Key points that count, others are left out. Defaults to None, all.
        ann_data: The content of the file in place of the file. Defaults to None.
    """

    def __init__(
        self,
        annotation_file: str | None = None,
        test_index: Sequence[int] | None = None,
        ann_data: dict | None = None,
    ) -> None:
        super().__init__()
        self.anno_file = [annotation_file]
        self.test_index = test_index
        if annotation_file is None:
            return
        if ann_data is None:
            with open(annotation_file) as file:
                ann_data = json.load(file)
        if not isinstance(ann_data, dict):
            raise TypeError(
                f'{annotation_file}: holds {type(ann_data).__name__}, not an object'
            )
        self.dataset = ann_data
        for annotation in ann_data.get('annotations', []):
            if test_index is not None:
                points = np.reshape(annotation['keypoints'], (-1, 3))[test_index]
                annotation['keypoints'] = points.ravel().tolist()
            annotation.setdefault('iscrowd', False)
        self.createIndex()

    def loadRes(self, resFile, resData: list | None = None) -> 'COCO':
        """Results of the images of these annotations.

        Args:
            resFile: Path of a JSON list, or the list itself, or an array.
            resData: The content of the file in place of the file. Defaults to None.
        """
        if len(self.anno_file) == 1:
            self.anno_file.append(resFile)
        self.dataset.setdefault('info', {})  # pycocotools copies it
        results = resFile if resData is None else resData
        if isinstance(results, str):
            with open(results) as file:
                results = json.load(file)
        if isinstance(results, list) and not results:
            found = COCO()
            found.dataset = {**self.dataset, 'annotations': []}
            found.createIndex()
            return found
        return super().loadRes(results)


class COCOeval(pycocoeval.COCOeval):
    """The score of boxes, masks or key points.

    Args:
        cocoGt: Annotations.
        cocoDt: Results.
        iouType: ``'keypoints'``, ``'bbox'`` or ``'segm'``.
        sigmas: Constants of the key points, shape (K,); None for those of COCO's
            persons. Defaults to None.
        use_area: Whether annotations have an area; else 0.53 of their box. Defaults
            to True.

    Raises:
        NotImplementedError: If another form of key points is asked for.
    """

    def __init__(
        self,
        cocoGt: pycoco.COCO | None = None,
        cocoDt: pycoco.COCO | None = None,
        iouType: str = 'keypoints',
        sigmas: Sequence[float] | None = None,
        use_area: bool = True,
    ) -> None:
        if iouType not in ('keypoints', 'bbox', 'segm'):
            raise NotImplementedError(
                f"the form {iouType!r} of key points is xtcocotools' own, which does "
                'not load here; to fix it: use Python 3.11 or 3.12 with numpy 1, and '
                '`pip install xtcocotools==1.14.3`'
            )
        super().__init__(cocoGt, cocoDt, iouType)
        if sigmas is not None:
            self.params.kpt_oks_sigmas = np.asarray(sigmas)
        self.sigmas = self.params.kpt_oks_sigmas
        self.use_area = use_area

    def _prepare(self) -> None:
        is_points = self.params.iouType == 'keypoints'
        if is_points:
            for annotation in self.cocoGt.anns.values():
                # pycocotools asks for it; labelled points are counted below.
                annotation.setdefault('num_keypoints', _num_points(annotation))
        super()._prepare()
        # pycocotools takes the id 0 for no match.
        shift = 1 - min(self.cocoGt.anns, default=1)
        for key, annotations in self._gts.items():
            truths = [self._truth(each, is_points) for each in annotations]
            self._gts[key] = [{**each, 'id': each['id'] + shift} for each in truths]
        if is_points:
            for key, results in self._dts.items():
                self._dts[key] = [each for each in results if _num_points(each)]

    def _truth(self, annotation: Mapping, is_points: bool) -> dict:
        """A copy with what xtcocotools takes for ignored, and for the area."""
        truth = dict(annotation)
        if is_points:
            is_empty = _num_points(annotation) == 0
            truth['ignore'] = is_empty or annotation.get('iscrowd', 0)
        if 'area' not in annotation or not self.use_area:
            width, height = annotation['bbox'][2:]
            truth['area'] = width * height * _SHARE_OF_BOX
        return truth


def _num_points(entry: Mapping) -> int:
    return int(np.count_nonzero(np.asarray(entry['keypoints'])[2::3] > 0))


def modules() -> dict[str, types.ModuleType]:
    """The package and its modules by their names, as ``sys.modules`` takes them."""
    package = types.ModuleType(NAME, __doc__)
    package.__path__ = []  # a package
    package.is_stand_in = True
    parts = dict(
        coco=dict(COCO=COCO), cocoeval=dict(COCOeval=COCOeval), mask=vars(mask)
    )
    made = {NAME: package}
    for name, content in parts.items():
        module = types.ModuleType(f'{NAME}.{name}')
        public = {key: each for key, each in content.items() if key[:2] != '__'}
        vars(module).update(public)
        setattr(package, name, module)
        made[module.__name__] = module
    return made
