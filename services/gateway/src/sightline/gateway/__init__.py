"""The gateway: the only public door to Sightline."""
