"""The asynchronous client: the one source that `client/generate.py` makes the synchronous one from."""
