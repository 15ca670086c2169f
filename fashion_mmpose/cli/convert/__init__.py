"""Raw annotations and boxes to COCO JSON."""
