"""The hub with every logger of the process at DEBUG, as by an operator who looks for a fault."""

from __future__ import annotations

import logging

import structlog

from hub.cli import log_lines, main, processes
from hub.cli.log_lines import OnlyListed

_quietly = log_lines.log_as_json


def log_everything() -> OnlyListed:
    """Log as always, and then more: loggers that the hub keeps quiet stay so, for no setting of it raises them."""
    listed = _quietly()
    logging.getLogger().setLevel(logging.DEBUG)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG))
    return listed


if __name__ == "__main__":
    vars(processes)["log_as_json"] = log_everything
    main()
