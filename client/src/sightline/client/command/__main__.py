"""`python -m sightline.client.command` does what `sightline` does."""

from sightline.client.command import main

main()
