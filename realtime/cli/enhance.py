"""``unfold enhance``: files in, cleaned files out, several at once if asked. Main thread."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from realtime.base.errors import AudioFileError
from realtime.engine.chain import Chain
from realtime.engine.preset import load_preset
from realtime.render import render_file


def _targets(inputs: list[Path], output: Path | None) -> list[Path]:
    if output is None:
        return [path.with_name(f"{path.stem}-clean.wav") for path in inputs]
    if output.is_dir() or len(inputs) > 1 or not output.suffix:
        output.mkdir(parents=True, exist_ok=True)
        return [output / f"{path.stem}.wav" for path in inputs]
    return [output]


def enhance_files(
    inputs: list[Path],
    output: Path | None,
    preset_name: str,
    layers: int | None,
    amount_db: float | None,
    latency_ms: int,
    jobs: int,
) -> None:
    """Clean every file; name those that fail, after doing the others. [main-thread]

    Raises
    ------
    UnfoldError
        If one or more failed.
    """
    preset = load_preset(preset_name)
    targets = _targets(inputs, output)
    if len(set(targets)) < len(targets):
        raise AudioFileError("two inputs have the same name and would be written to one file; clean them one by one")
    for source, target in zip(inputs, targets, strict=True):
        if target.exists() and source.exists() and target.samefile(source):
            raise AudioFileError(f"{target} is the input itself; name another output")

    def make_chain(sample_rate: float) -> Chain:
        return preset.chain(sample_rate, latency_ms, layers, amount_db)

    failures = []
    with Progress(console=Console(stderr=True)) as bar, ThreadPoolExecutor(jobs) as pool:

        def work(source: Path, target: Path) -> None:
            task = bar.add_task(source.name, total=1.0)
            render_file(source, target, make_chain, lambda share: bar.update(task, completed=share))

        futures = [pool.submit(work, *pair) for pair in zip(inputs, targets, strict=True)]
        for future, target in zip(futures, targets, strict=True):
            try:
                future.result()
                print(target)
            except AudioFileError as error:
                failures.append(str(error))
    if failures:
        raise AudioFileError("; ".join(failures))
