"""Live audio without a sound card: a JACK server with no hardware, and a client that plays and records."""
