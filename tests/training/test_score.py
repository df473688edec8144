"""Oracle: the figures that went in."""

from training.pairs import SNRS_DB
from training.score import table


def test_the_table_has_a_line_for_every_snr() -> None:
    values = {str(snr): [float(snr), snr + 1.5] for snr in (*SNRS_DB, "mean") if snr != "mean"} | {"mean": [5.0, 6.5]}
    text = table({"mixtures": 5, "si_sdr_db": values, "sdr_db": values})
    assert "| -5 | -5.00 | -3.50 | -5.00 | -3.50 |" in text and text.splitlines()[-1].startswith("| mean | 5.00 |")
