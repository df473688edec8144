"""All commands with their options; each hands over to the file that does the work. Main thread.

That file is imported by the command alone, so that none pays for what another needs.
"""

import json
import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from realtime.base.errors import UnfoldError
from realtime.base.units import RATES
from realtime.cli.warmup import warm_up

app = typer.Typer(
    pretty_exceptions_enable=False,
    help="A real-time audio plugin host that makes a noisy voice clean.",
    add_completion=False,
)


class LatencyMs(StrEnum):
    """The window's latency in ms."""

    full = "32"
    half = "16"
    low = "8"
    lowest = "4"


class Adapt(StrEnum):
    """Whether the room is learned."""

    off = "off"
    on = "on"
    freeze = "freeze"


PresetOption = Annotated[str, typer.Option(help="Name or .toml path; see 'unfold presets'.")]
LayersOption = Annotated[int | None, typer.Option(min=0, help="Layers to run; the preset's own by default.")]
AmountOption = Annotated[
    float | None,
    typer.Option(min=0.0, max=100.0, metavar="DB", help="Remove at most so much: 0 nothing, 100 no limit."),
]
AdaptOption = Annotated[
    Adapt | None, typer.Option(help="Learn the room; freeze keeps what a preset knows of it. The preset's by default.")
]
LatencyOption = Annotated[LatencyMs, typer.Option(help="Delay of the transform; lower costs more.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]

NEED_NO_KERNELS = ("devices", "doctor")  # the doctor looks at the cache before it fills it


def _mode(adapt: Adapt | None) -> int | None:
    """Return the value of the parameter adapt; None leaves it to the preset. [main-thread]"""
    return None if adapt is None else list(Adapt).index(adapt)


def _end_with(bad: list[UnfoldError]) -> None:
    """Name each preset that is bad, now that the good ones are done. [main-thread]"""
    sys.stdout.flush()
    for error in bad:
        print(f"error: {error}", file=sys.stderr)
    if bad:
        raise typer.Exit(1)


@app.callback(invoke_without_command=True)
def main(context: typer.Context) -> None:
    """Without a command: open the window where there is a screen, else clean the default microphone. [main-thread]"""
    if context.invoked_subcommand not in NEED_NO_KERNELS:
        warm_up()
    if context.invoked_subcommand is None:
        from realtime.cli.live import run_main_job
        from realtime.cli.window import WindowError, has_screen, open_window

        try:
            if has_screen():
                raise typer.Exit(open_window([]))
        except WindowError as error:
            print(error, file=sys.stderr)
        run_main_job()


@app.command()
def devices(as_json: JsonOption = False) -> None:
    """List the audio devices. [main-thread]"""
    from realtime.devices.portaudio import list_devices

    found = list_devices()
    if as_json:
        print(json.dumps([asdict(d) for d in found]))
        return
    for d in found:
        marks = " (default input)" * d.is_default_input + " (default output)" * d.is_default_output
        print(
            f"{d.index:3d}  {d.name}  [{d.host_api}]  {d.n_inputs} in, {d.n_outputs} out, {d.sample_rate:g} Hz{marks}"
        )
    if not found:
        print("no audio device; 'unfold live -i demo' plays the built-in clip without one")


@app.command()
def live(
    input_device: Annotated[
        str | None, typer.Option("--input", "-i", metavar="DEV", help="Device, audio file, or 'demo'.")
    ] = None,
    output_device: Annotated[str | None, typer.Option("--output", "-o", metavar="DEV", help="Device.")] = None,
    preset: PresetOption = "default",
    layers: LayersOption = None,
    amount: AmountOption = None,
    adapt: AdaptOption = None,
    block: Annotated[int, typer.Option(min=0, max=8192, help="Frames per block; 0: the device chooses.")] = 0,
    rate: Annotated[
        float | None,
        typer.Option(min=RATES[0], max=RATES[1], metavar="HZ", help="Sample rate; the device's own by default."),
    ] = None,
    latency_ms: LatencyOption = LatencyMs.full,
    seconds: Annotated[float | None, typer.Option(min=0.0, help="Stop after so long.")] = None,
    record: Annotated[Path | None, typer.Option(metavar="DIR", help="Record dry and wet into this folder.")] = None,
    channel: Annotated[str, typer.Option(help="Input channel: mix, left, right or a number from 1.")] = "mix",
    measure_latency: Annotated[
        bool, typer.Option("--measure-latency", help="Play a quiet burst of noise and time its way to the input.")
    ] = False,
    keep_room: Annotated[
        str | None,
        typer.Option("--keep-room", metavar="PRESET", help="In the end, write a preset with the room learned."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Clean a microphone, a file or the built-in clip in real time. [main-thread]"""
    from realtime.cli.live import Session, run_live

    session = Session(
        input_device,
        output_device,
        preset,
        layers,
        amount,
        _mode(adapt),
        block,
        rate,
        int(latency_ms.value),
        seconds,
        record,
        channel,
        measure_latency,
        keep_room,
    )
    run_live(session, as_json)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, add_help_option=False)
def gui(context: typer.Context) -> None:
    """Open the window; 'unfold gui --help' lists its options. [main-thread]"""
    from realtime.cli.window import open_window

    raise typer.Exit(open_window(context.args))


@app.command()
def enhance(
    inputs: Annotated[list[Path], typer.Argument(metavar="IN...", help="Audio files.")],
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="OUT|DIR", help="File, or folder; a folder if it ends in /.")
    ] = None,
    preset: PresetOption = "default",
    layers: LayersOption = None,
    amount: AmountOption = None,
    adapt: AdaptOption = None,
    latency_ms: LatencyOption = LatencyMs.full,
    jobs: Annotated[int, typer.Option(min=1, help="Files at once.")] = 1,
) -> None:
    """Clean audio files: same length, rate and channels, lined up with the input. [main-thread]"""
    from realtime.cli.enhance import enhance_files

    enhance_files(inputs, output, preset, layers, amount, _mode(adapt), int(latency_ms.value), jobs)


learn_app = typer.Typer(no_args_is_help=True, help="Learn a noise or a voice, and make a preset for it.")
app.add_typer(learn_app, name="learn")

SourceArgument = Annotated[Path | None, typer.Argument(metavar="[IN]", help="Audio file; none: the microphone.")]
MicrophoneOption = Annotated[str | None, typer.Option("--input", "-i", metavar="DEV", help="Device to listen to.")]
NewPresetOption = Annotated[
    str, typer.Option("--output", "-o", metavar="PRESET", help="Name of the new preset, or a .toml path.")
]


@learn_app.command("noise")
def learn_noise(
    output: NewPresetOption,
    source: SourceArgument = None,
    device: MicrophoneOption = None,
    seconds: Annotated[float, typer.Option(min=1.0, max=60.0, help="How long to listen; do not speak.")] = 5.0,
    preset: PresetOption = "default",
) -> None:
    """Learn the noise that is here now, from some seconds of it without speech. [main-thread]"""
    from realtime.cli.learn import learn
    from realtime.learn import learn_noise

    learn(learn_noise, source, device, seconds, preset, output)


@learn_app.command("voice")
def learn_voice(
    output: NewPresetOption,
    source: SourceArgument = None,
    device: MicrophoneOption = None,
    seconds: Annotated[float, typer.Option(min=5.0, max=120.0, help="How long to listen; speak all the time.")] = 30.0,
    preset: PresetOption = "sparse",
) -> None:
    """Learn one voice, from half a minute of it without noise. [main-thread]"""
    from realtime.cli.learn import learn
    from realtime.learn import learn_voice

    learn(learn_voice, source, device, seconds, preset, output)


@app.command()
def presets(as_json: JsonOption = False) -> None:
    """List the presets. [main-thread]"""
    from realtime.engine.preset import list_presets

    bad: list[UnfoldError] = []
    found = list_presets(bad)
    if as_json:
        print(json.dumps([{"name": p.name, "description": p.description, "path": str(p.path)} for p in found]))
    else:
        for p in found:
            print(f"{p.name:12s} {p.description}")
    _end_with(bad)


@app.command()
def plugins(as_json: JsonOption = False) -> None:
    """List the installed plugins and their parameters. [main-thread]"""
    from realtime.engine.registry import plugin_classes

    described = [asdict(plugin.descriptor) for plugin in plugin_classes().values()]
    if as_json:
        print(json.dumps(described))
        return
    for plugin in described:
        print(f"{plugin['id']:10s} {plugin['description']}")
        for p in plugin["parameters"]:
            print(f"{'':10s}   {p['id']}: {p['minimum']:g} to {p['maximum']:g} {p['unit']} (default {p['default']:g})")


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """Say what is fine on this machine, what is not, and the line to type. [main-thread]"""
    from realtime.cli.doctor import examine, print_report, sound_can_run

    checks = examine()
    if as_json:
        print(json.dumps({"sound_can_run": sound_can_run(checks), "checks": [asdict(c) for c in checks]}))
    else:
        print_report(checks)
    if not sound_can_run(checks):
        raise typer.Exit(1)


@app.command()
def bench(as_json: JsonOption = False) -> None:
    """Measure how fast the presets run on this machine. [main-thread]"""
    from realtime.cli.bench import measure_presets, print_speeds
    from realtime.cli.machine import machine

    bad: list[UnfoldError] = []
    here, speeds = machine(), measure_presets(bad)
    if as_json:
        print(json.dumps({"machine": asdict(here), "presets": [asdict(s) for s in speeds]}))
    else:
        print_speeds(here, speeds)
    _end_with(bad)
