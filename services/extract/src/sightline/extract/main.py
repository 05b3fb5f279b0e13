"""The extract service: answers calls and consumes its queue until it is told to stop."""

from __future__ import annotations

from sightline.common.media.outputs import Outputs
from sightline.common.media.saying import model_info
from sightline.common.models import ModelStore
from sightline.common.serving import Ground, Parts, serve
from sightline.common.settings import load
from sightline.common.state.outputs import OutputFiles
from sightline.extract.listening import Engine, Listening
from sightline.extract.reading import PictureText
from sightline.extract.servicer import ExtractServicer, Prober
from sightline.extract.settings import ExtractSettings
from sightline.extract.speech import load_transcriber
from sightline.extract.speech.loading import SPHINX
from sightline.extract.stages.documents import Documents
from sightline.extract.stages.keyframes import Keyframes
from sightline.extract.stages.lectures import Lectures
from sightline.extract.stages.pictures import Pictures
from sightline.extract.stages.planning import QUEUE
from sightline.extract.stages.sounds import Sounds
from sightline.extract.stages.speech import Transcripts
from sightline.extract.stages.texts import Texts
from sightline.extract.text.paddle import open_reader
from sightline.extract.worker import ExtractTasks
from sightline.v1.extract_service_pb2_grpc import add_ExtractServiceServicer_to_server

# What children need is loaded once, in the process that they are forked from.
_PRELOADED = ("sightline.extract.films",)


def main() -> None:
    """Run the service."""
    serve("extract", load(ExtractSettings), build)


def build(ground: Ground, settings: ExtractSettings) -> Parts[ExtractServicer]:
    """Build what is this service's own."""
    films, nursery = ground.films, ground.nursery(settings.child, _PRELOADED)
    outputs = Outputs(OutputFiles(ground.database), ground.files, ground.blobs)
    text = PictureText(
        open_reader(ground.models, settings.text),
        ground.models.entry(settings.text.recogniser),
        settings.media,
        threads=ground.threads(settings.text.sessions, "text"),
        metrics=ground.metrics,
    )
    lectures = Lectures(films, outputs, nursery, settings)
    texts = Texts(text, films, outputs, nursery, settings=settings)
    sounds = Sounds(ground.files, films, outputs, nursery, limits=settings.media)
    listening = Listening(
        load_engines(ground.models, settings),
        films,
        nursery,
        models=settings.models,
        limits=settings.media,
        threads=ground.threads(settings.speech.at_once, "speech"),
    )
    tasks = ExtractTasks(
        lectures.handlers(),
        texts.handlers(),
        Transcripts(listening, outputs, settings.film.result_bytes).handlers(),
        Documents(texts, outputs, ground.files).handlers(),
        sounds.handlers(),
        Keyframes(films, outputs, nursery, settings.media).handlers(),
        # The later counts: it looks whether the media is a picture, and leaves films to the lectures.
        Pictures(text, ground.pictures, lectures.plan).handlers(),
    )
    prober = Prober(ground.blobs, films, nursery, settings.media)
    servicer = ExtractServicer(text, ground.pictures, ground.files, prober)
    return Parts(QUEUE, tasks.handlers(), add_ExtractServiceServicer_to_server, servicer)


def load_engines(store: ModelStore, settings: ExtractSettings) -> dict[str, Engine]:
    """Load what writes speech down; refuses to start without a model that is named, as for every other."""
    engines = {}
    for name in settings.speech.engines:
        transcriber = load_transcriber(name, store, settings.media, threads=settings.speech.threads)
        info = transcriber.info
        # PocketSphinx holds the interpreter while it works: heartbeats would wait for it, and the lease would end.
        engines[info.name] = Engine(transcriber, model_info(info), apart=name == SPHINX)
    return engines


if __name__ == "__main__":
    main()
