"""The networks without PyTorch: ONNX files that ``fashion-mmpose export`` wrote."""
