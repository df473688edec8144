"""The real-time half of Unfold: everything between the microphone and the loudspeaker.

The folders are floors: ``base`` < ``dsp``, ``networks`` < ``model``, ``plugin`` < ``plugins`` <
``engine`` < ``devices`` < ``host``, ``recorder``, ``render`` < ``cli``. A file imports only from lower ones.
"""

__version__ = "0.1.0"
