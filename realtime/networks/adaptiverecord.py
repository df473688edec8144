"""The record of the network that learns the room, as the audio thread reads it; letters are in `adaptive`."""

import numpy as np

MEAN = 5
"""Columns averaged to one of those the room is fitted to."""

ADAPTIVE = np.dtype(
    [
        ("n_bases", np.int64),  # R
        ("n_layers", np.int64),  # K
        ("n_padded", np.int64),  # R, padded to LANES
        ("n_speech", np.int64),  # of the R bases, from the first
        ("n_room", np.int64),  # of the J own bases, from the first
        ("n_streams", np.int64),  # columns of so many streams come in turn
        ("stream", np.int64),  # whose column comes next
        ("exponent", np.float32),  # p
        ("scale", np.float32),  # of the magnitudes
        ("level", np.float32),  # l = level * sum(v)
        ("share", np.float32),  # rho
        ("now", np.float32),  # l of this column
        ("input", np.int64),  # float32[F]: b
        ("transition", np.int64),  # float32[R, padded]: A'
        ("start", np.int64),  # float32[padded]: h0
        ("weights", np.int64),  # int64[K]: addresses of W^k, float32[F + R, padded]
        ("speech", np.int64),  # int64[K]: addresses of U_s^k, float32[F, padded R_s]
        ("noise", np.int64),  # int64[K]: addresses of U_n^k, float32[F, padded R_n]
        ("gain", np.int64),  # float32[K, padded]: c
        ("power", np.int64),  # float32[K, padded]: e
        ("leak", np.int64),  # float32[K, padded]
        ("first", np.int64),  # float32[K, padded]: m^k of the first column, per level of it
        ("slope", np.int64),  # float32[K, F]
        ("follow", np.int64),  # float32[K, F]
        ("own_gain", np.int64),  # float32[K, J]
        ("own_power", np.int64),  # float32[K, J]
        ("own_mix", np.int64),  # float32[K, J]
        ("own_floor", np.int64),  # float32[K, J]
        ("own_read", np.int64),  # float32[K, J]: w
        ("own_rate", np.int64),  # float32[J]
        ("owns", np.int64),  # int64[streams]: addresses of OWN
        ("memories", np.int64),  # float32[streams, K, padded]
        ("own_memories", np.int64),  # float32[streams, K, J]
        ("ages", np.int64),  # float32[streams]: columns so far
        ("room", np.int64),  # int64[WORDS]: of float32[n_room, F]
        ("heard_header", np.int64),  # ring of float32[F], what the mask removed
        ("heard_rows", np.int64),
        ("removed", np.int64),  # float32[F]: a row of it in the making
        ("n_removed", np.int64),
        ("v", np.int64),  # float32[F]
        ("observed", np.int64),  # float32[F + R]
        ("beside", np.int64),  # float32[F + R]
        ("q", np.int64),  # float32[F + R]
        ("h", np.int64),  # float32[padded]
        ("sums", np.int64),  # float32[padded]
        ("h_noise", np.int64),  # float32[padded R_n]
        ("parts", np.int64),  # float32[2, F]
        ("chosen_h", np.int64),  # float32[padded R]: of one source
        ("chosen_weights", np.int64),  # float32[J]
        ("chosen_parts", np.int64),  # float32[2, F]
        ("mask", np.int64),  # float32[F]: of the last layer, where another is heard
    ],
    align=True,
)
