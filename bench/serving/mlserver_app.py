"""The same work served by MLServer: a process for each core, pictures as bytes over gRPC.

python -m bench.serving.mlserver_app PICTURE FILE      writes the request for a picture, serialised
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from mlserver import MLModel
from mlserver.codecs import StringCodec
from mlserver.grpc.dataplane_pb2 import InferTensorContents, ModelInferRequest
from mlserver.types import InferenceRequest, InferenceResponse

from bench.serving.faces import detect, load


class Faces(MLModel):  # type: ignore[misc]
    async def load(self) -> bool:
        _, self._analyzer = load(sessions=1)
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        (picture,) = payload.inputs[0].data
        found = json.dumps(detect(self._analyzer, picture))
        return InferenceResponse(model_name=self.name, outputs=[StringCodec.encode_output("faces", [found])])


def request(picture: bytes) -> bytes:
    tensor = ModelInferRequest.InferInputTensor(
        name="picture", datatype="BYTES", shape=[1], contents=InferTensorContents(bytes_contents=[picture])
    )
    serialised: bytes = ModelInferRequest(model_name="faces", inputs=[tensor]).SerializeToString()
    return serialised


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(request(Path(sys.argv[1]).read_bytes()))
