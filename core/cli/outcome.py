"""How a command ends: an exit status, and one sentence on standard error if the user made a mistake.

Knows nothing of single commands; the lab's command line ends in the same ways.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Iterator

from core.errors import BadRequest, CoreError, of_the_machine
from core.plumbing.console import show_every_name

EXIT_USER_ERROR = 2  # as argparse and shells report wrong words
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it


def outcome(read: Callable[[], argparse.Namespace]) -> int:
    """Read a command's words, run it and return its exit status: 0, 2 for a user's mistake, 130 when interrupted.

    Args:
        read: returns the options, among them `run`, which takes them all and does the work.
    """
    show_every_name()
    try:
        options = read()
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


@contextlib.contextmanager
def data_errors() -> Iterator[None]:
    """Turn exceptions about files that a user names (photos, recipes, configs) into a sentence for the user.

    Raises:
        BadRequest: in place of ValueError and BadZipFile.
    """
    import zipfile

    try:
        yield
    except CoreError:
        raise
    except (ValueError, zipfile.BadZipFile) as error:
        raise BadRequest(f"{str(error).rstrip('.')}.") from error
