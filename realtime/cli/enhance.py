"""``unfold enhance``: files in, cleaned files out, several at once if asked. Main thread."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import soundfile
from rich.console import Console
from rich.progress import Progress

from realtime.base.errors import AudioFileError, UnfoldError
from realtime.engine.chain import Chain
from realtime.engine.preset import load_preset
from realtime.render import render_file


def _targets(inputs: list[Path], output: str | None) -> list[Path]:
    if output is None:
        return [path.with_name(f"{path.stem}-clean.wav") for path in inputs]
    place = Path(output)
    is_audio = place.suffix[1:].upper() in (*soundfile.available_formats(), "AIF")
    is_folder = output.endswith(("/", os.sep)) or place.is_dir() or not place.suffix
    if is_folder or (len(inputs) > 1 and not is_audio):
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise AudioFileError(f"{place} cannot be made a folder ({error.strerror}); name another") from None
        return [place / f"{path.stem}.wav" for path in inputs]
    if len(inputs) > 1:
        raise AudioFileError(f"{len(inputs)} files cannot all become {place}; name a folder with -o")
    return [place]


def _check(inputs: list[Path], targets: list[Path]) -> None:
    places = [path.resolve() for path in targets]
    if len(set(places)) < len(places):
        raise AudioFileError("two inputs have the same name and would be written to one file; clean them one by one")
    there = [path for path in inputs if path.exists()]
    for target in targets:
        if target.exists() and any(target.samefile(path) for path in there):
            raise AudioFileError(f"{target} is itself an input; name another output")


def enhance_files(
    inputs: list[Path],
    output: str | None,
    preset_name: str,
    layers: int | None,
    amount_db: float | None,
    adapt: int | None,
    latency_ms: int,
    jobs: int,
) -> None:
    """Clean every file; name those that fail, after doing the others. [main-thread]

    Parameters
    ----------
    inputs : list of Path
        Anything soundfile reads.
    output : str or None
        A file, or a folder (made if missing) for files named after the inputs; None writes beside each input.
        What ends in / is a folder, and so is what has no suffix, or for several inputs no suffix of audio.
    preset_name : str
        Name or .toml path.
    layers, amount_db, adapt
        In place of the preset's own values.
    latency_ms : int
        32, 16, 8 or 4.
    jobs : int
        Files at once.

    Raises
    ------
    UnfoldError
        If one or more failed.
    """
    preset = load_preset(preset_name)
    targets = _targets(inputs, output)
    _check(inputs, targets)
    stop = threading.Event()

    def make_chain(sample_rate: float) -> Chain:
        return preset.chain(sample_rate, latency_ms, layers, amount_db, adapt)

    failures = []
    with Progress(console=Console(stderr=True)) as bar, ThreadPoolExecutor(jobs) as pool:

        def work(source: Path, target: Path) -> None:
            task = bar.add_task(source.name, total=1.0)

            def report(share: float) -> None:
                if stop.is_set():
                    raise AudioFileError(f"{source} was not finished")
                bar.update(task, completed=share)

            render_file(source, target, make_chain, report)

        try:  # from the first start on: a thread may be at work before `submit` returns
            futures = [pool.submit(work, *pair) for pair in zip(inputs, targets, strict=True)]
            for future, source, target in zip(futures, inputs, targets, strict=True):
                try:
                    future.result()
                    print(target)
                except UnfoldError as error:
                    failures.append(str(error))
                except MemoryError:
                    failures.append(f"there is not enough memory to clean {source}; clean it alone, or cut it up")
                except OSError as error:
                    failures.append(f"{source} or {target} was refused by the system ({error.strerror or error})")
        except BaseException:  # Ctrl-C, or what would fail for every file
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if failures:
        raise AudioFileError("; ".join(dict.fromkeys(failures)))  # one fault of the preset is one for all files
