"""The messages that the client takes and gives, under one roof; the contract says what each field means."""

from sightline.v1.face_pb2 import (
    DetectFacesOptions,
    DetectFacesResult,
    DetectFacesVideoResult,
    Face,
    FaceAttributes,
    FaceCluster,
    FaceEmbedding,
    FaceLandmarks,
    FaceQuality,
    FaceTrack,
    FaceVideoOptions,
)
from sightline.v1.face_service_pb2 import CompareFacesResponse
from sightline.v1.geometry_pb2 import ImageSize, NormalizedBox, NormalizedPoint
from sightline.v1.image_pb2 import ImageSource
from sightline.v1.job_pb2 import DeadLetter, Job, JobEvent, JobResult, JobSpec, TaskAttempt
from sightline.v1.job_service_pb2 import CreateJobRequest
from sightline.v1.media_pb2 import Media, Upload
from sightline.v1.model_pb2 import ModelInfo
from sightline.v1.object_pb2 import (
    CountingLine,
    CountingZone,
    DetectedObject,
    DetectObjectsOptions,
    DetectObjectsResult,
    DetectObjectsVideoResult,
    ObjectTrack,
    ObjectVideoOptions,
    Ring,
    RunLengthMask,
    Segment,
    SegmentOptions,
    SegmentResult,
)
from sightline.v1.person_pb2 import EnrolledFace, ErasureReceipt, Person
from sightline.v1.person_service_pb2 import SearchFacesResponse
from sightline.v1.webhook_pb2 import Webhook, WebhookDelivery

__all__ = [
    "CompareFacesResponse",
    "CountingLine",
    "CountingZone",
    "CreateJobRequest",
    "DeadLetter",
    "DetectFacesOptions",
    "DetectFacesResult",
    "DetectFacesVideoResult",
    "DetectObjectsOptions",
    "DetectObjectsResult",
    "DetectObjectsVideoResult",
    "DetectedObject",
    "EnrolledFace",
    "ErasureReceipt",
    "Face",
    "FaceAttributes",
    "FaceCluster",
    "FaceEmbedding",
    "FaceLandmarks",
    "FaceQuality",
    "FaceTrack",
    "FaceVideoOptions",
    "ImageSize",
    "ImageSource",
    "Job",
    "JobEvent",
    "JobResult",
    "JobSpec",
    "Media",
    "ModelInfo",
    "NormalizedBox",
    "NormalizedPoint",
    "ObjectTrack",
    "ObjectVideoOptions",
    "Person",
    "Ring",
    "RunLengthMask",
    "SearchFacesResponse",
    "Segment",
    "SegmentOptions",
    "SegmentResult",
    "TaskAttempt",
    "Upload",
    "Webhook",
    "WebhookDelivery",
]
