"""Oracle: a run over a few pairs with a system that returns the clean signal, and one that returns its input."""

import csv
from pathlib import Path

import numpy as np
import pytest

from realtime.base.errors import UnfoldError
from training.evaluate import check_names, page, plot, score_systems, write_csv
from training.pairs import Pair
from training.systems import System

RNG = np.random.default_rng(0)


def make_pairs() -> list[Pair]:
    pairs = []
    for snr in ("0", "5"):
        clean = RNG.standard_normal(16000).astype(np.float32)
        noise = RNG.standard_normal(16000).astype(np.float32) * np.float32(10 ** (-float(snr) / 20))
        pairs.append(Pair(snr, "white", clean, clean + noise, noise[:8000]))
    return pairs


def test_scores_pages_and_plots(tmp_path: Path) -> None:
    pairs = make_pairs()
    nothing = System("nothing", lambda x: x, 7, 11)
    counted: list[int] = []
    scores = score_systems([nothing], pairs, running=True, jobs=1, report=counted.append)
    assert len(scores) == sum(counted) == 6
    for a, b in zip(scores[0::3], scores[1::3], strict=True):
        assert a.system == "input" and a.values["SI-SDR"] == pytest.approx(float(a.group), abs=0.3)
        assert b.values["SI-SDR"] == a.values["SI-SDR"]
    text = page(scores, [nothing], "about")
    assert "| nothing | running |" in text and "| 0.007 k |" in text
    write_csv(scores, tmp_path / "r.csv")
    assert len(list(csv.reader((tmp_path / "r.csv").open()))) == 7
    plot(scores, tmp_path / "r.png")
    assert (tmp_path / "r.png").stat().st_size > 10000


def test_names_that_could_not_be_told_apart_are_refused() -> None:
    one, other = System("one", lambda x: x), System("other", lambda x: x)
    check_names([one, other])
    with pytest.raises(UnfoldError, match="2 of what is scored are called 'one'"):
        check_names([one, other, one])
    with pytest.raises(UnfoldError, match="called 'input'"):
        check_names([System("input", lambda x: x)])
