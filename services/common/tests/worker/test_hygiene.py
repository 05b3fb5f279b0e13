"""A process leaves before it is killed."""

from __future__ import annotations

import asyncio

import pytest

from sightline.common.settings import WorkerSettings
from sightline.common.worker.hygiene import Hygiene


async def test_a_process_leaves_after_its_last_task() -> None:
    stop = asyncio.Event()
    watching = asyncio.create_task(Hygiene(WorkerSettings(max_tasks=3)).watch(lambda: 3, stop))
    async with asyncio.timeout(5):
        await stop.wait()
    watching.cancel()


async def test_a_process_leaves_when_its_memory_is_nearly_used_up() -> None:
    stop = asyncio.Event()
    settings = WorkerSettings(memory_limit_bytes=2**20, memory_watermark=0.9)
    watching = asyncio.create_task(Hygiene(settings).watch(lambda: 0, stop))
    async with asyncio.timeout(5):
        await stop.wait()
    watching.cancel()


@pytest.mark.parametrize("settings", [WorkerSettings(), WorkerSettings(max_tasks=4, memory_limit_bytes=2**50)])
async def test_a_process_stays_while_there_is_no_reason_to_leave(settings: WorkerSettings) -> None:
    stop = asyncio.Event()
    watching = asyncio.create_task(Hygiene(settings).watch(lambda: 3, stop))
    await asyncio.sleep(0.1)
    assert not stop.is_set()
    watching.cancel()
