"""COCO JSON: annotations, images and result lists."""
