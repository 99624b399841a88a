"""The command line: ``hub demo``, ``serve``, ``worker``, ``migrate``, ``check``, and what an operator asks at night.

Nouns then verbs, ``--json`` everywhere a program may read along. Exit codes: 0 all well, 1 it failed, 2 wrong usage,
3 not ready.

Lives here: putting the rooms together, arguments, what is printed.
Never here: a decision about a plan or a consent, SQL, a wire.
"""

from __future__ import annotations

import sys

from hub.cli.commands import app
from hub.errors import HubError


def main() -> None:
    """Run the command line; an error of the hub ends in its sentence and the next step, not in a traceback."""
    try:
        app()
    except HubError as error:
        sys.stderr.write(error.diagnostics() + "\n")
        sys.exit(1)
