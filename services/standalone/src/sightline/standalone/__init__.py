"""The whole of Sightline on one machine: embedded servers and the services, supervised."""
