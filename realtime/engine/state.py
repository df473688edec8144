"""`ENGINE`: the one record off which everything hangs that the callback touches. Written by the audio thread alone.

The host fills in the wiring before the stream starts, and reads the counts and meters while it runs.
"""

import numpy as np

LOAD_BINS = 400  # of 0.5 % of the deadline each; the last one holds everything above
MAX_DROPOUT_TIMES = 64
MIX = -1

ENGINE = np.dtype(
    [
        # wiring, set before the stream starts
        ("clock", np.int64),  # address for `now_ns`
        ("sample_rate", np.float64),  # Hz
        ("n_inputs", np.int64),  # channels of the device's input
        ("n_outputs", np.int64),
        ("pick", np.int64),  # input channel that is heard, or MIX
        ("timed", np.int64),  # 0: no deadline (a file, as fast as possible)
        ("tolerance_ns", np.float64),  # lateness the device's buffers hide
        ("command_header", np.int64),
        ("command_rows", np.int64),
        ("report_header", np.int64),
        ("report_rows", np.int64),
        ("wave_header", np.int64),  # rows (dry, wet) for the recorder
        ("wave_rows", np.int64),
        ("source_header", np.int64),  # samples heard where the device has no input; 0 if none
        ("source_rows", np.int64),
        # what is heard
        ("chain", np.int64),  # CHAIN
        ("next_chain", np.int64),  # CHAIN being swapped in; 0 if none
        ("warm_left", np.int64),  # samples until it has sound
        ("fade", np.float32),  # 0: old chain, 1: next
        ("fade_step", np.float32),
        ("bypass_wanted", np.float32),
        ("bypass", np.float32),  # 0: chain, 1: delayed input
        ("mute_wanted", np.float32),
        ("mute", np.float32),
        ("recording", np.int64),
        ("probe", np.int64),  # PROBE being played; 0 if none
        # scratch, float32[CHUNK] each
        ("x", np.int64),
        ("wet", np.int64),
        ("dry", np.int64),
        ("next_wet", np.int64),
        ("next_dry", np.int64),
        # counts and meters
        ("blocks", np.int64),
        ("frames", np.int64),
        ("bad_blocks", np.int64),  # blocks with a sample that is no number, or absurdly large: heard as silence
        ("failed_blocks", np.int64),  # chunks a plugin failed on: the delayed input was heard
        ("late_blocks", np.int64),  # own work took longer than the block
        ("missed_blocks", np.int64),  # the device called too late: samples were lost
        ("flagged_blocks", np.int64),  # blocks with a PortAudio over- or underflow flag
        ("starved_frames", np.int64),  # frames for which the source ring was empty
        ("start_ns", np.int64),
        ("least_lag_ns", np.float64),
        ("largest_block", np.int64),  # frames; the last block of a file is a shorter one
        ("device_latency_s", np.float64),  # of the last block, by PortAudio's time stamps
        ("n_dropouts", np.int64),
        ("dropout_times", np.int64),  # float64 bits: seconds since the start, a ring of MAX_DROPOUT_TIMES
        ("load_counts", np.int64),  # int64[LOAD_BINS]
        ("worst_load", np.float64),
        ("levels", np.int64),  # int64[6]: peaks and energies, see realtime.engine.levels
    ],
    align=True,
)
