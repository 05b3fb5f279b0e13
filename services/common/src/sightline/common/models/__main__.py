"""`python -m sightline.common.models`: the models command by itself."""

from sightline.common.models.command import app

app(prog_name="sightline models")
