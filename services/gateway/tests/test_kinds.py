"""Every kind of work has a queue."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from sightline.common.errors import Reason, SightlineError
from sightline.common.rpc import Identity
from sightline.gateway.analysis_services import DESCRIPTIONS
from sightline.gateway.kinds import QUEUES, queue_of
from sightline.gateway.settings import AnalysisServices, JobSettings
from sightline.gateway.submissions import Submissions
from sightline.v1 import job_pb2, job_service_pb2


def test_the_kinds_are_those_of_the_contract() -> None:
    fields = job_pb2.JobSpec.DESCRIPTOR.oneofs_by_name["analysis"].fields
    assert {field.name for field in fields} == set(QUEUES)


def test_queues_settings_and_forwarded_services_have_the_same_names() -> None:
    assert set(QUEUES.values()) == set(AnalysisServices.model_fields) == set(DESCRIPTIONS)


def test_a_kind_whose_service_is_not_configured_is_not_served() -> None:
    assert queue_of("detect_faces", {"face"}) == "face"
    with pytest.raises(SightlineError) as refused:
        queue_of("transcribe", {"face"})
    assert (refused.value.reason, refused.value.metadata) == (Reason.KIND_NOT_SERVED, {"service": "extract"})


def test_a_kind_may_have_its_own_number_of_tries() -> None:
    submissions = Submissions(JobSettings(max_attempts=4, max_attempts_of={"segment": 2}), {"face", "object"})
    specs = job_pb2.JobSpec(detect_faces={}), job_pb2.JobSpec(segment={})
    asked = [job_service_pb2.CreateJobRequest(job=job_pb2.Job(spec=spec)) for spec in specs]
    made = [submissions.make(one, Identity("acme", "key")).submission.max_attempts for one in asked]
    assert made == [4, 2]


def test_tries_of_a_kind_that_there_is_not_are_refused() -> None:
    with pytest.raises(ValidationError, match="no kind of work 'segments'"):
        JobSettings(max_attempts_of={"segments": 2})
