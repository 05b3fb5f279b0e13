# Made from _async/__init__.py by client/generate.py; never edited.
"""The synchronous client, made from the asynchronous one by `client/generate.py`."""
