"""How this client waits; the one module that the two clients do not share."""

from __future__ import annotations

import asyncio

sleep = asyncio.sleep
# Reads of files are short, but a slow disk must not hold up every other task of the loop.
run_blocking = asyncio.to_thread
