"""Annotations of skirts in COCO's form, and the data set that reads them."""

from fashion_mmpose import garments
from fashion_mmpose.datasets import FashionAIDataset

POINTS = [30, 40, 2, 90, 40, 1, 20, 200, 2, 0, 0, 0]
UNLABELLED = [0] * 12


def coco(images, annotations, category='skirt'):
    chosen = [category] if category else garments.categories('fashionai')
    return dict(
        images=images,
        annotations=annotations,
        categories=[
            dict(
                id=garments.garment('fashionai', name).category_id,
                name=name,
                keypoints=list(garments.keypoints('fashionai', category)),
            )
            for name in chosen
        ],
    )


def image(image_id, **kwargs):
    file_name = f'Images/skirt/{image_id:032x}.jpg'
    return dict(
        dict(id=image_id, file_name=file_name, width=400, height=512, category_id=4),
        **kwargs,
    )


def annotation(image_id, keypoints, **kwargs):
    return dict(
        dict(
            id=image_id,
            image_id=image_id,
            category_id=4,
            bbox=[10, 20, 100, 200],
            area=20000,
            iscrowd=0,
            num_keypoints=sum(v > 0 for v in keypoints[2::3]),
            keypoints=keypoints,
        ),
        **kwargs,
    )


def build(ann_file, **kwargs):
    kwargs = dict(dict(category='skirt', data_prefix=dict(img='root')), **kwargs)
    return FashionAIDataset(ann_file=ann_file, **kwargs)
