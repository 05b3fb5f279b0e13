"""People: enrolled by their faces, found again in pictures, and erased."""
