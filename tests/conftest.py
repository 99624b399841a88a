"""What holds for all tests."""

from __future__ import annotations

import gc
import math
import os
import random
import tomllib
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, is_hypothesis_test, settings

from tests.machine import left_alone

# How long an example takes is noise on a machine that does other things too; a failing one prints how to run it again.
# CI tries as many as hypothesis thinks right, `make test` fewer: it is to end while one waits.
settings.register_profile(
    "hub",
    max_examples=100 if os.environ.get("CI") else 30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
# For `make mutation`, which runs the same tests a thousand times: few examples, the same each time, none made simpler.
settings.register_profile(
    "mutation",
    settings.get_profile("hub"),
    max_examples=25,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile("hub")

_PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))
#: Marks of tests that take their time, or do something to the machine; what each is stands there.
MARKED = frozenset(one.partition(":")[0] for one in _PROJECT["tool"]["pytest"]["ini_options"]["markers"])

# Chosen once for a run: the test processes that it starts inherit it.
os.environ.setdefault("HUB_TEST_SEED", str(random.SystemRandom().randrange(10**6)))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the share: no variable of the environment, so that a run that a test starts runs all that it is asked for."""
    what = "run this much of the modules that would run, drawn by HUB_TEST_SEED (.ci/run on a slow machine)"
    parser.addoption("--share", type=float, default=1.0, help=what)


def pytest_report_header(config: pytest.Config) -> str:
    """Say how to make the same documents again, and to take the same share."""
    share = f" --share {config.option.share}" if config.option.share < 1 else ""
    return f"generated documents: HUB_TEST_SEED={os.environ['HUB_TEST_SEED']}{share}"


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Keep the garbage collector from what stays to the end: thousands of tests, and all that they import."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    """Mark what hypothesis makes the cases of; of what is chosen then, take the share: whole modules, by chance."""
    for item in items:
        if is_hypothesis_test(getattr(item, "function", None)):
            item.add_marker("laws")
    yield
    share = config.option.share
    if share < 1:
        modules = sorted({item.path for item in items})
        drawn = random.Random(os.environ["HUB_TEST_SEED"]).sample(modules, math.ceil(share * len(modules)))
        config.hook.pytest_deselected(items=[item for item in items if item.path not in drawn])
        items[:] = [item for item in items if item.path in drawn]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Hold a test without a mark to what it promises."""
    marks = {mark.name for mark in item.iter_markers()}
    with nullcontext() if marks & MARKED else left_alone():
        yield
