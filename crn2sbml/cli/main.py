"""The `crn2sbml` program: registers the commands and turns errors into one line and exit status 2."""

import signal
import sys
from typing import Annotated, Any

import typer

from crn2sbml import __version__
from crn2sbml.cli import (
    demo,
    distribution,
    evaluate,
    export,
    generate,
    info,
    judge,
    learn,
    simulate,
    suite,
    train,
    verify,
)
from crn2sbml.errors import CrnError

app = typer.Typer(
    name="crn2sbml",
    help="Train deep stochastic chemical reaction networks, export them as SBML, get the same numbers everywhere.",
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


_UsageError: Any = typer.BadParameter.__base__
"""Click's own class, of which Typer may have a copy of its own."""


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"crn2sbml {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")
    ] = False,
) -> None:
    """Options of the program itself."""
    if context.invoked_subcommand is None:
        print(context.get_help())


for command in (
    demo.demo, train.train, evaluate.evaluate, export.export, simulate.simulate, verify.verify, suite.suite, info.info,
    distribution.distribution, generate.generate, judge.judge, learn.learn,
):  # fmt: skip
    app.command()(command)


def _leave(number: int, _: object) -> None:
    """As an interrupt does, and unlike a signal's own way: what was started ends and temporary files are removed."""
    sys.exit(128 + number)


def main() -> None:
    """Run the program; bad input ends in one line on standard error and exit status 2, a bug in its traceback."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        # Not where somebody has it ignored, as `nohup` does.
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _leave)
    try:
        sys.exit(app(prog_name="crn2sbml", standalone_mode=False))
    except CrnError as error:
        print(f"crn2sbml: {error}", file=sys.stderr)
    except _UsageError as error:
        command = error.ctx.command_path if error.ctx else "crn2sbml"
        print(f"{command}: {error.format_message().rstrip('.')}; see {command} --help", file=sys.stderr)
    sys.exit(2)
