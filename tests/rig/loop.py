"""A JACK client that hands its input to its output: a cable from loudspeaker to microphone. Ends when stdin closes."""

import sys

import jack


def main() -> None:
    """Run the program."""
    client = jack.Client("loop", use_exact_name=True, no_start_server=True)
    source, target = client.inports.register("in"), client.outports.register("out")

    @client.set_process_callback
    def copy(_frames: int) -> None:
        target.get_array()[:] = source.get_array()

    with client:
        print("ready", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
