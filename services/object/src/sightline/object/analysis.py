"""The models behind objects."""
