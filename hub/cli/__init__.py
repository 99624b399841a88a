"""The command line: ``hub demo``, ``serve``, ``worker``, ``migrate``, ``check``, and what an operator asks at night.

Nouns then verbs, ``--json`` everywhere a program may read along. Exit codes: 0 all well, 1 it failed, 2 wrong usage; of
``check`` those of a monitoring plugin.

Lives here: putting the rooms together, arguments, what is printed.
Never here: a decision about a plan or a consent, SQL, a wire.
"""

from __future__ import annotations

import sys

from hub.errors import HubError

_FOR_GOOD = ("serve", "worker")


def main() -> None:
    """Run the command line; an error of the hub ends in its sentence and the next step, not in a traceback."""
    # Loading every command costs a second of a processor: a process that runs for good loads its own alone.
    if sys.argv[1:2] and sys.argv[1] in _FOR_GOOD:
        from hub.cli.processes import app
    else:
        from hub.cli.commands import app
    try:
        app()
    except HubError as error:
        sys.stderr.write(error.diagnostics() + "\n")
        sys.exit(1)
