"""Objects: detect, segment and track, by Ultralytics models on ONNX Runtime and by classical microscopy."""
