"""Labels in the forms that annotation tools export."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image


@dataclass
class Garment:
    """Key points by name, x, y and v; the box is x1, y1, x2, y2."""

    category: str
    points: dict
    box: tuple


@dataclass
class Picture:
    name: str
    size: tuple
    garments: list = field(default_factory=list)


def write_pictures(folder: Path, pictures) -> Path:
    for picture in pictures:
        path = folder / picture.name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new('RGB', picture.size).save(path)
    return folder


def declared(pictures) -> dict[str, list[str]]:
    """The key points of every category, in the order in which they come."""
    names: dict[str, dict] = {}
    for picture in pictures:
        for garment in picture.garments:
            names.setdefault(garment.category, {}).update(garment.points)
    return {category: list(points) for category, points in names.items()}


def coco(folder: Path, pictures) -> Path:
    """CVAT's "COCO Keypoints 1.0", whose categories have ids of their own."""
    ids = {name: 10 + i for i, name in enumerate(declared(pictures))}
    annotations = []
    for number, picture in enumerate(pictures, 1):
        for garment in picture.garments:
            x1, y1, x2, y2 = garment.box
            numbers = []
            for name in declared(pictures)[garment.category]:
                x, y, v = garment.points.get(name, (0, 0, 0))
                numbers += [x, y, v] if v else [0, 0, 0]
            annotations.append(
                dict(
                    id=len(annotations) + 1,
                    image_id=number,
                    category_id=ids[garment.category],
                    segmentation=[],
                    area=(x2 - x1) * (y2 - y1),
                    bbox=[x1, y1, x2 - x1, y2 - y1],
                    iscrowd=0,
                    attributes=dict(occluded=False),
                    keypoints=numbers,
                    num_keypoints=sum(v > 0 for v in numbers[2::3]),
                )
            )
    content = dict(
        licenses=[dict(name='', id=0, url='')],
        info=dict(contributor='', date_created='', url='', version='', year=''),
        categories=[
            dict(
                id=ids[name],
                name=name,
                supercategory='',
                keypoints=points,
                skeleton=[[1, 2]],
            )
            for name, points in declared(pictures).items()
        ],
        images=[
            dict(
                id=number,
                width=picture.size[0],
                height=picture.size[1],
                file_name=picture.name,
                license=0,
                date_captured=0,
            )
            for number, picture in enumerate(pictures, 1)
        ],
        annotations=annotations,
    )
    path = folder / 'person_keypoints_default.json'
    path.write_text(json.dumps(content))
    return path


def cvat(folder: Path, pictures) -> Path:
    """CVAT for images 1.1; skeletons have no box, so that a box lies with points."""
    root = ElementTree.Element('annotations')
    ElementTree.SubElement(root, 'version').text = '1.1'
    labels = ElementTree.SubElement(
        ElementTree.SubElement(ElementTree.SubElement(root, 'meta'), 'task'), 'labels'
    )
    for category, points in declared(pictures).items():
        _label(labels, category, 'skeleton')
        for name in points:
            _label(labels, name, 'points', category)
    group = 0
    for number, picture in enumerate(pictures):
        image = ElementTree.SubElement(
            root,
            'image',
            id=str(number),
            name=picture.name,
            width=str(picture.size[0]),
            height=str(picture.size[1]),
        )
        for garment in picture.garments:
            group += 1
            edges = dict(zip(('xtl', 'ytl', 'xbr', 'ybr'), map(str, garment.box)))
            edges |= dict(label=garment.category, occluded='0')
            shared = dict(source='manual', z_order='0', group_id=str(group))
            ElementTree.SubElement(image, 'box', **edges, **shared)
            for name, (x, y, v) in garment.points.items():
                if v:
                    ElementTree.SubElement(
                        image,
                        'points',
                        label=name,
                        occluded=str(int(v == 1)),
                        points=f'{x:.2f},{y:.2f}',
                        **shared,
                    )
    path = folder / 'annotations.xml'
    ElementTree.ElementTree(root).write(path, encoding='utf-8', xml_declaration=True)
    return path


def cvat_skeletons(folder: Path, pictures) -> Path:
    """The same as skeletons, as CVAT's own template of one gives them."""
    path = cvat(folder, pictures)
    tree = ElementTree.parse(path)
    for image, picture in zip(tree.getroot().iter('image'), pictures):
        for shape in list(image):
            image.remove(shape)
        for garment in picture.garments:
            skeleton = ElementTree.SubElement(
                image, 'skeleton', label=garment.category, source='manual', z_order='0'
            )
            for name, (x, y, v) in garment.points.items():
                ElementTree.SubElement(
                    skeleton,
                    'points',
                    label=name,
                    source='manual',
                    outside=str(int(v == 0)),
                    occluded=str(int(v == 1)),
                    points=f'{x:.2f},{y:.2f}',
                )
    tree.write(path, encoding='utf-8', xml_declaration=True)
    return path


def _label(labels, name, kind, parent=None):
    label = ElementTree.SubElement(labels, 'label')
    ElementTree.SubElement(label, 'name').text = name
    ElementTree.SubElement(label, 'type').text = kind
    ElementTree.SubElement(label, 'attributes')
    if parent is not None:
        ElementTree.SubElement(label, 'parent').text = parent


def label_studio(folder: Path, pictures) -> Path:
    """Regions in per cent; key points lie below their rectangle."""
    tasks = []
    for number, picture in enumerate(pictures, 1):
        width, height = picture.size
        shared = dict(
            original_width=width,
            original_height=height,
            image_rotation=0,
            to_name='image',
            origin='manual',
        )
        results = []
        for place, garment in enumerate(picture.garments):
            x1, y1, x2, y2 = garment.box
            region = f'box{place}'
            value = dict(
                x=100 * x1 / width,
                y=100 * y1 / height,
                width=100 * (x2 - x1) / width,
                height=100 * (y2 - y1) / height,
                rotation=0,
                rectanglelabels=[garment.category],
            )
            results.append(
                dict(
                    id=region,
                    type='rectanglelabels',
                    from_name='box',
                    value=value,
                    **shared,
                )
            )
            for name, (x, y, v) in garment.points.items():
                if not v:
                    continue
                at = dict(x=100 * x / width, y=100 * y / height, width=0.4)
                own = dict(id=f'{region}{name}', parentID=region, **shared)
                value = dict(at, keypointlabels=[name])
                results.append(
                    dict(own, type='keypointlabels', from_name='kp', value=value)
                )
                if v == 1:
                    value = dict(at, choices=['Occluded'])
                    results.append(
                        dict(own, type='choices', from_name='state', value=value)
                    )
        upload = f'{number:08x}-{picture.name.rpartition("/")[2]}'
        tasks.append(
            dict(
                id=number,
                annotations=[
                    dict(id=7, result=results, was_cancelled=False, ground_truth=False)
                ],
                file_upload=upload,
                predictions=[],
                data=dict(image=f'/data/upload/1/{upload}'),
                project=1,
            )
        )
    path = folder / 'project-1-at-2026-01-01.json'
    path.write_text(json.dumps(tasks))
    return path


def labelme(folder: Path, pictures) -> Path:
    """A JSON beside every picture."""
    for picture in pictures:
        shapes = []
        for group, garment in enumerate(picture.garments, 1):
            x1, y1, x2, y2 = garment.box
            # The second corner may be any.
            corners = [x2, y1], [x1, y2]
            shapes.append(_shape(garment.category, 'rectangle', group, *corners))
            for name, (x, y, v) in garment.points.items():
                if v:
                    shape = _shape(name, 'point', group, [x, y])
                    shape['flags'] = dict(occluded=v == 1)
                    shapes.append(shape)
        content = dict(
            version='5.5.0',
            flags={},
            shapes=shapes,
            imagePath=picture.name.rpartition('/')[2],
            imageData=None,
            imageHeight=picture.size[1],
            imageWidth=picture.size[0],
        )
        path = (folder / picture.name).with_suffix('.json')
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    return folder


def _shape(label, kind, group, *points):
    return dict(
        label=label,
        points=list(points),
        group_id=group,
        description='',
        shape_type=kind,
        flags={},
        mask=None,
    )


def yolo(folder: Path, pictures, named=True, split='train') -> Path:
    """``images/train`` and ``labels/train``; every class has as many key points."""
    names = declared(pictures)
    count = max(map(len, names.values()))
    padded = {
        category: points + [f'unused_{i}' for i in range(count - len(points))]
        for category, points in names.items()
    }
    for picture in pictures:
        width, height = picture.size
        lines = []
        for garment in picture.garments:
            x1, y1, x2, y2 = garment.box
            numbers = [
                list(names).index(garment.category),
                *((x1 + x2) / 2 / width, (y1 + y2) / 2 / height),
                *((x2 - x1) / width, (y2 - y1) / height),
            ]
            for name in padded[garment.category]:
                x, y, v = garment.points.get(name, (0, 0, 0))
                numbers += [x / width, y / height, v] if v else [0, 0, 0]
            lines.append(' '.join(f'{number:.8g}' for number in numbers))
        text = folder / 'labels' / split / Path(picture.name).with_suffix('.txt')
        text.parent.mkdir(parents=True, exist_ok=True)
        text.write_text('\n'.join(lines) + '\n')
    lines = [
        'path: ../datasets/elsewhere',
        f'{split}: images/{split}',
        f'kpt_shape: [{count}, 3]',
        'names:',
        *(f'  {i}: {name}' for i, name in enumerate(names)),
    ]
    if named:
        lines.append('kpt_names:')
        lines += [f'  {i}: {json.dumps(p)}' for i, p in enumerate(padded.values())]
    path = folder / 'data.yaml'
    path.write_text('\n'.join(lines) + '\n')
    return path
