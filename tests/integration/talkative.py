"""The hub with every logger of the process at DEBUG, as by an operator who looks for a fault."""

from __future__ import annotations

import logging

import structlog

from hub.cli import assembly, commands, main

_quietly = assembly.log_as_json


def log_everything() -> None:
    """Log as always, and then more: loggers that the hub keeps quiet stay so, for no setting of it raises them."""
    _quietly()
    logging.getLogger().setLevel(logging.DEBUG)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG))


if __name__ == "__main__":
    vars(commands)["log_as_json"] = log_everything
    main()
