"""The conservation check: what was acknowledged has ended once, with one result, and nothing is left behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import pairwise

import psycopg

QUEUED, RUNNING, SUCCEEDED, FAILED, CANCELLED = range(1, 6)
FOLLOWS = {QUEUED: {RUNNING, FAILED, CANCELLED}, RUNNING: {QUEUED, SUCCEEDED, FAILED, CANCELLED}}

_JOBS = """
SELECT job_id::text, state, history, open_tasks, result_count,
       (SELECT count(*) FROM results WHERE results.tenant = jobs.tenant AND results.job_id = jobs.job_id)
FROM jobs
"""
_TASKS = """
SELECT task_id::text, state, attempt, released, max_attempts, lease_time IS NOT NULL,
       (SELECT count(*) FROM task_attempts AS a WHERE a.task_id = tasks.task_id),
       (SELECT count(*) FROM task_attempts AS a WHERE a.task_id = tasks.task_id AND outcome = 'succeeded')
FROM tasks
"""


@dataclass
class Account:
    """What became of all that was acknowledged.

    Attributes:
        ended: how many jobs there are in each state.
        attempts: how many attempts there were, by outcome.
        faults: what is not as was promised, in words.
    """

    ended: Counter[int] = field(default_factory=Counter)
    attempts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def audit(postgres_url: str, acknowledged: Collection[str]) -> Account:
    """Count everything once nothing waits or runs any more.

    Args:
        postgres_url: the database.
        acknowledged: the names of all jobs whose creation was answered; jobs that were stored without an answer
            (the gateway died between the two) must have ended as well, but need not be among them.
    """
    account = Account()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        jobs = {row[0]: row for row in connection.execute(_JOBS)}
        account.attempts.update(
            dict(connection.execute("SELECT outcome, count(*) FROM task_attempts GROUP BY outcome").fetchall())
        )
        for row in connection.execute(_TASKS):
            account.faults += _task_faults(*row)
    lost = {name.removeprefix("jobs/") for name in acknowledged} - jobs.keys()
    account.faults += [f"job {job_id} was acknowledged and is lost" for job_id in lost]
    for row in jobs.values():
        account.ended[row[1]] += 1
        account.faults += _job_faults(*row)
    return account


def _job_faults(job_id: str, state: int, history: list[int], open_tasks: int, counted: int, results: int) -> list[str]:
    wanted_results = 1 if state == SUCCEEDED else 0
    checks = {
        f"is in state {state}": state >= SUCCEEDED,
        f"has the history {history}": is_legal(history) and history[-1] == state,
        f"has {open_tasks} open tasks": open_tasks == 0,
        f"has {results} results and says {counted}": results == counted == wanted_results,
    }
    return [f"job {job_id} {what}" for what, right in checks.items() if not right]


def _task_faults(
    task_id: str, state: int, attempt: int, released: int, allowed: int, leased: bool, attempts: int, succeeded: int
) -> list[str]:
    checks = {
        f"is in state {state}": state >= SUCCEEDED,
        "is in a lease": not leased,
        f"was claimed {attempt} times, of which {attempts} ended and {released} were handed back": attempt
        == attempts + released,
        f"was tried {attempt - released} times": attempt - released <= allowed,
        f"succeeded {succeeded} times": succeeded == (state == SUCCEEDED),
    }
    return [f"task {task_id} {what}" for what, right in checks.items() if not right]


def is_legal(history: list[int]) -> bool:
    """Whether a job that was never run again may have been in these states: one end, and nothing after it."""
    return history[0] == QUEUED and all(after in FOLLOWS.get(before, ()) for before, after in pairwise(history))
