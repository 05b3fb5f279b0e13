"""The extract service: slides, text, speech and sound out of films."""
