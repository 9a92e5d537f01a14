"""The command line: one file a command; each reads the words, makes one call, gives a code.

Nothing heavy is imported here or at the top of a command's file: `--help` needs Click alone.
"""

from __future__ import annotations

import errno
import io
from collections.abc import Sequence
from pathlib import Path

import click

from lstm_state_probe.cli.check import check
from lstm_state_probe.cli.doctor import doctor
from lstm_state_probe.cli.explain import explain_command
from lstm_state_probe.cli.init import init
from lstm_state_probe.cli.inspect import inspect
from lstm_state_probe.cli.listing import list_
from lstm_state_probe.cli.options.common import tell_error
from lstm_state_probe.cli.options.defaults import default_map, give_variables
from lstm_state_probe.cli.report import report
from lstm_state_probe.cli.run import run
from lstm_state_probe.cli.schema import schema
from lstm_state_probe.cli.source import source
from lstm_state_probe.cli.validate import validate
from lstm_state_probe.errors import INTERRUPTED, Fault, ProbeError, UsageError
from lstm_state_probe.safe import say
from lstm_state_probe.version import __version__

COMMANDS = (
    *(run, validate, check, inspect, explain_command, list_, report, init, schema, source),
    doctor,
)
NO_READER = 141
"""As of a program that SIGPIPE ends: the reader of stdout has gone, what it wanted is not known."""
_OF_STDOUT = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 all expectations met, 1 an expectation not met, 2 the command or a"
    " scenario is wrong, 3 a scenario could not be carried out, 4 a fault of the probe itself; of"
    " several the highest. Every option may be given by the"
    " environment (--max-fail by PROBE_MAX_FAIL) and by [tool.lstm-state-probe] in pyproject.toml.",
)
@click.version_option(__version__, "-V", "--version", prog_name="probe")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Show what Keras does with the hidden and cell states of recurrent layers."""
    ctx.default_map = default_map(COMMANDS, Path.cwd())


give_variables(COMMANDS)
for command in COMMANDS:
    cli.add_command(command)


def run_command_line(words: Sequence[str]) -> int:
    """Run a command and return its exit code; a user's error is told on stderr.

    So is a fault of the probe that nothing below kept to one scenario, with its traceback.
    """
    try:
        code = cli.main(args=list(words), prog_name="probe", standalone_mode=False)
    except click.exceptions.Abort:
        say("interrupted", err=True)
        return INTERRUPTED
    except click.ClickException as error:
        written = io.StringIO()  # what was typed stands in it
        error.show(written)
        say(written.getvalue(), err=True, end="")
        return error.exit_code
    except ProbeError as error:
        return tell_error(error)
    except KeyboardInterrupt:
        say("interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        return NO_READER
    except OSError as error:
        if error.filename is not None or error.errno not in _OF_STDOUT:
            return tell_error(Fault.of(error))
        say(f"error: stdout cannot be written: {error.strerror}", err=True)
        return UsageError.exit_code
    except Exception as error:  # noqa: BLE001 - the last boundary: Python would leave with 1
        return tell_error(Fault.of(error))
    return code if isinstance(code, int) else 0
