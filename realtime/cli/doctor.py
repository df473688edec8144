"""``unfold doctor``: what is fine on this machine, what is not, and the line to type. Main thread.

Every check stands alone: what one finds missing stops no other. Only what keeps sound from running at all, even
without a sound card, is broken; the rest is a warning.
"""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numba
import numpy as np

from realtime.base import safety
from realtime.base.errors import UnfoldError
from realtime.cli.machine import machine
from realtime.cli.priority import priority
from realtime.cli.servers import sound_servers
from realtime.cli.warmup import kernels_are_cached, warm_up

FINE, WARNING, BROKEN = "fine", "warning", "broken"
TRIAL_S = 1.0


@dataclass(frozen=True)
class Check:
    """One line of the report: what was looked at, how it is, what was found, what to type if it is not fine."""

    name: str
    state: str
    found: str
    to_type: str = ""


def examine() -> list[Check]:
    """Look at everything that sound needs here. [main-thread]"""
    looks = (_portaudio, _servers, _devices, _cpu, _priority, _cache, _engine, _presets, _window)
    return [check for look in looks for check in _guarded(look)]


def sound_can_run(checks: list[Check]) -> bool:
    """Return whether nothing keeps sound from running, live or at least from a file. [main-thread]"""
    return all(check.state != BROKEN for check in checks)


def print_report(checks: list[Check]) -> None:
    """Print a line per check, and under what is not fine the line to type. [main-thread]"""
    width = max(len(check.name) for check in checks)
    for check in checks:
        print(f"{check.state:8s} {check.name:{width}s}  {check.found}")
        if check.to_type:
            print(f"{'':8s} {'':{width}s}  type: {check.to_type}")
    live = all(check.state == FINE for check in checks if check.name in ("PortAudio", "input", "output"))
    if not sound_can_run(checks):
        print("\nSound cannot run until what is broken above is mended.")
    elif live:
        print("\nSound can run live: unfold live")
    else:
        print("\nSound can run, but not live yet; the built-in clip needs no sound card: unfold live -i demo")


def _guarded(look: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    try:
        yield from look()
    except Exception as error:  # whatever it is, the report goes on and names it
        name = look.__name__.removeprefix("_")
        yield Check(name, WARNING, f"this check itself failed: {type(error).__name__}: {error}")


def _portaudio() -> Iterator[Check]:
    try:
        import sounddevice
    except OSError:  # sounddevice is there, the library is not
        install = {"linux": "sudo apt-get install libportaudio2", "darwin": "brew install portaudio"}
        command = install.get(sys.platform, f"{sys.executable} -m pip install --force-reinstall sounddevice")
        yield Check("PortAudio", WARNING, "the library is missing: no sound card can be used", command)
        return
    version = sounddevice.get_portaudio_version()[1].split(", revision")[0]
    yield Check("PortAudio", FINE, f"{version}, {sounddevice._libname}")


def _servers() -> Iterator[Check]:
    servers = sound_servers()
    found = ", ".join(f"{name} {'answers' if there else 'does not answer'}" for name, there in servers.items())
    if any(servers.values()) or sys.platform != "linux":
        yield Check("sound servers", FINE, found)
    else:
        start = "systemctl --user start pipewire pipewire-pulse"
        yield Check("sound servers", WARNING, f"{found}: only bare ALSA devices can be used", start)


def _devices() -> Iterator[Check]:
    from realtime.devices.portaudio import list_devices

    try:
        devices = list_devices()
    except UnfoldError:
        devices = []  # PortAudio is missing, which has a line of its own
    for direction in ("input", "output"):
        there = [d for d in devices if (d.n_inputs if direction == "input" else d.n_outputs) > 0]
        default = [d for d in there if (d.is_default_input if direction == "input" else d.is_default_output)]
        if not there:
            instead = "unfold live -i demo" if direction == "input" else "unfold enhance IN -o OUT"
            yield Check(direction, WARNING, f"there is no {direction} device; plug one in, or use a file", instead)
        elif not default:
            option = f"unfold live -{direction[0]} {there[0].index}"
            found = f"{len(there)} device(s), none of them the default; the first is {there[0].name!r}"
            yield Check(direction, FINE, f"{found} ({option})")
        else:
            d = default[0]
            yield Check(direction, FINE, f"{d.name!r} [{d.host_api}, {d.sample_rate:g} Hz], one of {len(there)}")


def _cpu() -> Iterator[Check]:
    here = machine()
    found = f"{here.cpu}, {here.cores} cores, Numba compiles for {here.llvm_cpu} ({', '.join(here.simd) or 'no SIMD'})"
    if {"avx2", "neon"} & set(here.simd):
        yield Check("CPU", FINE, found)
    else:
        yield Check("CPU", WARNING, f"{found}: no wide vectors, so the kernels run slowly", "unfold bench")
    # Linux alone shows the frequency governor here.
    governors = {
        p.read_text().strip() for p in Path("/sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_governor")
    }
    if governors & {"powersave", "conservative"}:
        command = "sudo cpupower frequency-set --governor performance"
        yield Check("CPU governor", WARNING, f"{', '.join(sorted(governors))}: the load may jump", command)
    elif governors:
        yield Check("CPU governor", FINE, ", ".join(sorted(governors)))


def _cache() -> Iterator[Check]:
    folder, version = safety.cache_folder(), numba.__version__
    if not safety.FLAGS["cache"]:
        found = f"{folder} cannot be written: kernels are compiled at every start"
        yield Check("kernel cache", WARNING, found, "export UNFOLD_CACHE_DIR=~/unfold-cache")
        return
    state = "warm" if kernels_are_cached() else "cold: filled now"
    yield Check("kernel cache", FINE, f"Numba {version}, {folder}, writable, {state}")
    stale = [path for path in folder.parent.iterdir() if path != folder]
    n_bytes = sum(p.stat().st_size for path in stale for p in path.rglob("*") if p.is_file())
    if n_bytes > 100 << 20:
        found = f"{len(stale)} folders of older versions hold {n_bytes >> 20} MiB"
        yield Check("kernel cache", WARNING, found, safety.clear_cache())


def _priority() -> Iterator[Check]:
    found = priority()
    if found is None:
        return
    memory = "unlimited" if found.memlock_kib is None else f"{found.memlock_kib} KiB"
    limits = f"RTPRIO {'unlimited' if found.rtprio is None else found.rtprio}, MEMLOCK {memory}"
    if found.fifo:
        yield Check("priority", FINE, f"the callback's thread can have SCHED_FIFO ({limits})")
        return
    user = os.environ.get("USER") or str(os.getuid())
    grant = r"printf '@audio - rtprio 95\n@audio - memlock unlimited\n' | sudo tee /etc/security/limits.d/95-audio.conf"
    command = f"{grant} && sudo usermod -aG audio {user}    # then log in again"
    found_text = f"no SCHED_FIFO for the callback's thread ({limits}): other programs may delay it"
    yield Check("priority", WARNING, found_text, command)


def _presets() -> Iterator[Check]:
    from realtime.engine.preset import load_preset, preset_files, preset_folders

    paths = preset_files()
    for path in paths:
        try:
            chain = load_preset(str(path)).chain(48000)
        except UnfoldError as error:
            yield Check(f"preset {path.stem}", WARNING, str(error))
        else:
            plugins = ", ".join(plugin.descriptor.id for plugin in chain.plugins)
            yield Check(f"preset {path.stem}", FINE, f"{plugins}; {1000 * chain.latency / 48000:g} ms latency")
    if not paths:
        yield Check("presets", WARNING, f"there is none in {' or '.join(map(str, preset_folders()))}")


def _engine() -> Iterator[Check]:
    """Run the default preset over noise: the proof that sound can run here."""
    try:
        warm_up()
        from realtime.cli.bench import seconds_for
        from realtime.engine.preset import load_preset
        from realtime.render import render

        chain = load_preset("default").chain(48000)
        noise = np.random.default_rng(0).normal(0, 0.1, int(TRIAL_S * 48000)).astype(np.float32)
        heard: list[np.ndarray] = []
        seconds = seconds_for(lambda: heard.append(render(noise, chain)))
    except UnfoldError as error:
        yield Check("engine", BROKEN, str(error))
    except Exception as error:
        found = f"the kernels do not run: {type(error).__name__}: {error}"
        yield Check("engine", BROKEN, found, safety.clear_cache())
    else:
        if not np.isfinite(heard[0]).all() or not heard[0].any():
            yield Check("engine", BROKEN, "the default preset gives silence or no numbers", "unfold presets")
        else:
            yield Check("engine", FINE, f"{TRIAL_S:g} s of sound at 48 kHz took {1000 * seconds:.0f} ms")


def _window() -> Iterator[Check]:
    from realtime.cli.window import WindowError, has_screen, try_screen

    if not has_screen() and "QT_QPA_PLATFORM" not in os.environ:
        yield Check("window", FINE, "there is no screen: the terminal does")
        return
    try:
        try_screen()
    except WindowError as error:
        command = {"linux": "tools/system-packages.sh run"}.get(sys.platform, "pip install 'unfold[gui]'")
        yield Check("window", WARNING, str(error), command)
    else:
        yield Check("window", FINE, "opens")
