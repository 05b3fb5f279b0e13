"""Faces: detect, landmarks, embed, compare, by insightface on ONNX Runtime."""
