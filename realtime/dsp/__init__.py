"""Floor 1: real FFT, streaming STFT, delay line and meters. Audio thread."""
