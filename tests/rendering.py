"""Contributions and errors as plain values: what an adapter's author compares with, too."""

from hub.testing.plain import plain_contribution, plain_error

__all__ = ["plain_contribution", "plain_error"]
