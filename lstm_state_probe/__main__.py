"""The program `probe`, the same as `python -m lstm_state_probe`."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line and leave the process at once.

    Unloading TensorFlow takes the better part of a second and does nothing for the user, so the
    process leaves by `os._exit` once everything is flushed.
    """
    _open_what_is_closed()
    try:
        from lstm_state_probe.cli import NO_READER, run_command_line

        code = run_command_line(sys.argv[1:])
    except KeyboardInterrupt:  # while Click was imported, or while the end of it was told
        sys.stderr.write("interrupted\n")
        os._exit(130)
    try:
        for stream in filter(None, (sys.stdout, sys.stderr)):  # None where a shell closed it
            stream.flush()
    except BrokenPipeError:
        code = code or NO_READER
    except OSError as error:  # the disk of stdout is full
        code = code or 2
        os.write(2, f"error: stdout cannot be written: {error.strerror}\n".encode())
    if "COVERAGE_PROCESS_START" in os.environ:  # a measured process must write its figures
        sys.exit(code)
    os._exit(code)


def _open_what_is_closed() -> None:
    """Let nothing arrive where a shell closed a stream (`2>&-`).

    The next file that is opened would get the number 2, and with it what TensorFlow says.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123


if __name__ == "__main__":
    main()
