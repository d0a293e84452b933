"""Command line: `python -m core edit|extend|generate|sweep|models|download|convert|suggest|train-...|evaluate|bench`.

Knows nothing of how pictures are made: it turns words into one request and enters through the engine, as the editor
does. Its names are fixed; other programs rely on them. Whatever a user got wrong ends in exit status 2 and one
sentence on standard error. Heavy packages are imported by the commands that need them, so that --help is instant.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from core.cli import editing, evaluation, models, photos, sweeps, training
from core.cli.words import Parser
from core.console import show_every_name
from core.errors import CoreError, of_the_machine

EXIT_USER_ERROR = 2  # as argparse and shells report wrong words
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, 2 for what the user can mend, 130 when interrupted.

    Args:
        arguments: as after `python -m core`; None takes them from the process.
    """
    show_every_name()
    try:
        options = _parser().parse_args(arguments)
        options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read the output has read enough; what was to be written is written
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except CoreError as error:
        return _refused(str(error))
    except MemoryError as error:
        return _refused(str(of_the_machine(error)))
    except OSError as error:
        plain = f"{error.filename}: {error.strerror}." if error.filename and error.strerror else str(error)
        return _refused(str(of_the_machine(error) or plain))
    except KeyboardInterrupt:
        print("stopped.", file=sys.stderr)
        return EXIT_INTERRUPTED
    return 0


def _refused(sentence: str) -> int:
    print(" ".join(sentence.split()), file=sys.stderr)
    return EXIT_USER_ERROR


def _parser() -> Parser:
    parser = Parser(prog="python -m core", description="Repaint parts of pictures with a masked token transformer.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, run: Callable[[argparse.Namespace], None], summary: str) -> Parser:
        made: Parser = commands.add_parser(name, help=summary, description=summary)
        made.set_defaults(run=run)
        return made

    for noun in (editing, sweeps, models, training, evaluation, photos):
        noun.add_commands(command)
    return parser
