"""Limits: how much each key and each tenant may use, and how much waits before more is refused."""
