"""PgBouncer in the chart: who goes through it, who past it, and that nobody else is let in."""

from __future__ import annotations

from typing import Any

import pytest
from rendering import CHART, RELEASE, SETS, helm, objects, pods, variables

OURS = ("gateway", "face", "object", "extract")
ON = ("--set", "pgbouncer.enabled=true")


def test_services_go_through_it_and_migrations_past_it() -> None:
    found = objects("pgbouncer")
    (service,) = [one for one in found if one["kind"] == "Service" and one["metadata"]["name"].endswith("-pgbouncer")]
    address = f"{service['metadata']['name']}.vision.svc:{service['spec']['ports'][0]['port']}"
    for pod in pods(found):
        through = [value for name, value in variables(pod.main).items() if name.endswith("_POSTGRES__POOLER")]
        assert through == ([f"postgresql://{address}?sslmode=disable"] if pod.component in OURS else []), pod.owner


@pytest.mark.parametrize("name", [name for name in SETS if name != "pgbouncer"])
def test_where_it_is_not_asked_for_nothing_is_said_of_it(name: str) -> None:
    assert "pgbouncer" not in str(objects(name)).lower()


def test_it_reads_the_same_secret_and_settings_as_the_services() -> None:
    for name, more, secret in (("minimal", ON, f"{RELEASE}-sightline-postgres"), ("pgbouncer", (), "database-app")):
        given = {one["name"]: one for one in _bouncer(name, more).spec["initContainers"][0]["env"]}
        assert given["STATE_POSTGRES__URL"]["valueFrom"]["secretKeyRef"] == {"name": secret, "key": "uri"}
    assert given["STATE_POSTGRES__STATEMENT_TIMEOUT_SECONDS"]["value"] == "60"
    assert (given["STATE_BOUNCER__POOL_SIZE"]["value"], given["STATE_BOUNCER__CLIENTS_MAX"]["value"]) == ("60", "8000")


def test_analysers_reach_it_alone_and_gateways_the_database_too() -> None:
    for more, analysers, gateway in (
        ((), {5432, 6379}, {50051, 5432, 6379}),
        (ON, {6432, 6379}, {50051, 5432, 6379, 6432}),
    ):
        policies = {one["metadata"]["name"]: one for one in objects("minimal", more) if one["kind"] == "NetworkPolicy"}
        assert _inside(policies[f"{RELEASE}-sightline-face"]) == analysers
        assert _inside(policies[f"{RELEASE}-sightline-gateway"]) == gateway


def test_its_end_leaves_time_for_the_last_transactions() -> None:
    pod = _bouncer("pgbouncer", ())
    words = pod.main["lifecycle"]["preStop"]["exec"]["command"][-1]
    slept = sum(int(part.split()[1]) for part in words.split(";") if part.split()[0] == "sleep")
    assert "kill -INT 1" in words
    assert pod.spec["terminationGracePeriodSeconds"] > slept


def test_the_password_is_on_no_disk() -> None:
    (volume,) = [one for one in _bouncer("pgbouncer", ()).spec["volumes"] if one["name"] == "configuration"]
    assert volume["emptyDir"] == {"medium": "Memory"}


@pytest.mark.parametrize(
    ("setting", "place"),
    [
        ("pgbouncer.poolSize=0", "/pgbouncer/poolSize"),
        ("pgbouncer.poolMode=session", "/pgbouncer"),
        ("pgbouncer.maxUnavailable=0", "/pgbouncer/maxUnavailable"),
    ],
)
def test_values_of_it_that_do_not_exist_are_refused_with_their_place(setting: str, place: str) -> None:
    done = helm("template", RELEASE, str(CHART), "--set", setting)
    assert done.returncode != 0
    assert place in done.stderr


def _bouncer(name: str, more: tuple[str, ...]) -> Any:
    (found,) = [pod for pod in pods(objects(name, more)) if pod.component == "pgbouncer"]
    return found


def _inside(policy: dict[str, Any]) -> set[int]:
    """The ports of the release's own pods that a policy lets out to."""
    rules = [rule for rule in policy["spec"]["egress"] if "podSelector" in rule.get("to", [{}])[0]]
    return {port["port"] for rule in rules for port in rule["ports"]}
