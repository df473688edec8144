"""What knowing a noise brings: a lesson of five seconds, and what is learned while running, against no adaptation.

Mixtures are of held-out speakers in every held-out noise that is long enough: its first seconds are the lesson, what
is scored are other stretches.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from realtime.adaptivemodel import AdaptiveModel
from realtime.base.errors import AudioFileError, UnfoldError
from realtime.engine.chain import Chain
from realtime.engine.preset import load_preset
from realtime.learn import can_learn_noise, learn_noise
from realtime.model import AnyModel
from realtime.plugins.denoise import OFF, ON, Denoise
from realtime.render import render
from training.data import RATE, Corpus, mix, read_audio
from training.metrics import si_sdr
from training.pairs import MAX_S, SNRS_DB, Pair, pair_at, pick, talk

Floats = NDArray[np.float32]
Way = Callable[["Lesson"], Floats]

LESSON_S = 5
LEAD_S = 15  # of running before what is scored
LEAST_S = 2  # of what is scored
LEAST_NOISE_S = 8  # lesson included; what is left of it is looped
PER_NOISE = 10
CLEAN_S = 60
STRETCHES = 10  # of that, at most: each of other talkers, and with another noise
CLEAN_LEVEL = 0.05
FAINT_DB = 20.0  # SNR of noise that ought not to matter


@dataclass(frozen=True)
class Lesson:
    """A pair, and `LESSON_S` of its noise alone, from another stretch."""

    pair: Pair
    noise: Floats


def lessons(corpus: Corpus, seed: int, per_noise: int = PER_NOISE) -> list[Lesson]:
    """Return mixtures in every held-out noise of at least `LEAST_NOISE_S`, each with its lesson.

    Parameters
    ----------
    corpus : Corpus
        Only its development recordings are used.
    seed : int
        Of speakers and stretches.
    per_noise : int
        Mixtures in each noise; SNRs take turns.

    Raises
    ------
    AudioFileError
        If no noise is long enough.
    """
    rng, made = np.random.default_rng(seed), []
    for recording in corpus.development_noise:
        noise = read_audio(recording)
        if noise is None or len(noise) < LEAST_NOISE_S * RATE:
            continue
        lesson, rest = noise[: LESSON_S * RATE], noise[LESSON_S * RATE :]
        for _ in range(per_noise):
            speaker, speech = _spoken(corpus, rng)
            others = [r for r in corpus.development_speech if r.label != speaker] or corpus.development_speech
            start, snr = int(rng.integers(len(rest))), SNRS_DB[len(made) % len(SNRS_DB)]
            pair = pair_at(speech, rest, start, snr, recording.path.stem, others, LEAD_S, rng)
            made.append(Lesson(pair, lesson))
    if not made:
        raise AudioFileError(f"no held-out noise of {corpus.name} lasts {LEAST_NOISE_S} s; add longer recordings")
    return made


def _spoken(corpus: Corpus, rng: np.random.Generator) -> tuple[str, Floats]:
    """Return a held-out speaker and speech that is long enough to be scored."""
    while True:
        speaker, speech = pick(corpus.development_speech, rng)
        if len(speech) >= LEAST_S * RATE:
            return speaker.label, speech[: MAX_S * RATE]


def model_of(preset: str) -> AnyModel:
    """Return the model of a preset that can learn a noise.

    Raises
    ------
    UnfoldError
        If it has none.
    """
    models = [p.model for p in load_preset(preset).chain(RATE).plugins if isinstance(p, Denoise)]
    if not models or not can_learn_noise(models[0]):
        raise UnfoldError(f"the preset {preset!r} cannot learn a noise; choose another, such as default or sparse")
    return models[0]


def enhanced(x: Floats, model: AnyModel, adapt: int) -> Floats:
    """Return samples through the engine; the room is learned or not, where the model can."""
    chain = Chain([Denoise(model)], RATE)
    if isinstance(model, AdaptiveModel):
        chain.parameter("denoise", "adapt")[1][0] = adapt
    return render(x, chain)


def ways(model: AnyModel) -> dict[str, Way]:
    """Return what a model makes of a mixture, by what it knows of the noise."""

    def taught(noise: Callable[[Lesson], Floats]) -> Way:
        return lambda one: enhanced(one.pair.noisy, learn_noise(model, noise(one), RATE), ON)

    def running(adapt: int) -> Way:
        return lambda one: enhanced(np.concatenate([one.pair.lead, one.pair.noisy]), model, adapt)[len(one.pair.lead) :]

    found = {
        "nothing": lambda one: enhanced(one.pair.noisy, model, OFF),
        f"{LESSON_S} s of it, from another stretch": taught(lambda one: one.noise),
        "the noise in the mixture itself": taught(lambda one: one.pair.noisy - one.pair.clean),
    }
    if isinstance(model, AdaptiveModel):
        found |= {
            "what it learns in the mixture": lambda one: enhanced(one.pair.noisy, model, ON),
            f"nothing, {LEAD_S} s into other speech": running(OFF),
            f"what it learned in {LEAD_S} s of other speech": running(ON),
        }
    return found


def compare(preset: str, heard: Sequence[Lesson], report: Callable[[int], None]) -> str:
    """Return Markdown tables of SI-SDR in dB: by what is known of the noise, and by noise for the lesson.

    Parameters
    ----------
    preset : str
        Name or path.
    heard : sequence of Lesson
    report : callable
        Called with 1 after each mixture.
    """
    model = model_of(preset)
    compared = ways(model)
    scores = np.zeros((len(heard), len(compared)))
    for i, one in enumerate(heard):
        scores[i] = [si_sdr(one.pair.clean, way(one)) for way in compared.values()]
        report(1)
    groups, noises = [one.pair.group for one in heard], [one.pair.noise for one in heard]
    snrs = [str(snr) for snr in SNRS_DB if str(snr) in groups]
    known, taught = list(compared)[:2]
    lines = [f"## {preset}", "", f"| known of the noise | mean | {' | '.join(snrs)} |"]
    lines += ["|---" * (2 + len(snrs)) + "|"]
    for name, mine in zip(compared, scores.T, strict=True):
        cells = [mine.mean(), *(mine[[g == snr for g in groups]].mean() for snr in snrs)]
        lines.append(f"| {name} | {' | '.join(f'{cell:.2f}' for cell in cells)} |")
    lines += ["", f"| noise | {known} | {taught} | gain |", "|---|---|---|---|"]
    for noise in dict.fromkeys(noises):
        before, after = scores[[n == noise for n in noises], :2].mean(axis=0)
        lines.append(f"| {noise} | {before:.2f} | {after:.2f} | {after - before:+.2f} |")
    began = time.perf_counter()
    learn_noise(model, heard[0].noise, RATE)
    return "\n".join([*lines, "", f"A lesson is fitted in {time.perf_counter() - began:.2f} s.", ""])


def cost(preset: str, corpus: Corpus, seed: int) -> str:
    """Return a Markdown table of what learning the room costs where there is next to nothing to remove."""
    model = model_of(preset)
    if not isinstance(model, AdaptiveModel):
        return ""
    rng, found = np.random.default_rng(seed), []
    noises = [noise for recording in corpus.development_noise if (noise := read_audio(recording)) is not None]
    for noise in noises[:STRETCHES]:
        clean = talk(corpus.development_speech, CLEAN_S, CLEAN_LEVEL, rng)
        sounds = clean, mix(clean, noise, FAINT_DB)
        found.append([[si_sdr(clean, enhanced(x, model, adapt)) for adapt in (OFF, ON)] for x in sounds])
    lines = [f"| {len(found)} stretches of {CLEAN_S} s | adapt off | adapt on |", "|---|---|---|"]
    for name, (off, on) in zip(("clean speech", f"noise {FAINT_DB:g} dB below"), np.mean(found, axis=0), strict=True):
        lines.append(f"| {name} | {off:.2f} | {on:.2f} |")
    return "\n".join([*lines, ""])
