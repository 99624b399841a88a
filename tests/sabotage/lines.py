"""The lines that must not be, and who says so."""

from __future__ import annotations

from tests.sabotage.copied import Part, Sabotage

LINT, IMPORTS, TYPES, TEST = Part


def lint(what: str, file: str, line: str, rule: str) -> Sabotage:
    return Sabotage(what, LINT, file, line, rf"^{file}:\d+:\d+: {rule} ")


def wall(what: str, module: str, line: str, says: str) -> Sabotage:
    return Sabotage(what, IMPORTS, f"{module.replace('.', '/')}.py", line, says)


def reach(what: str, file: str, line: str, test: str) -> Sabotage:
    return Sabotage(what, TEST, file, line, re_escaped(file), f"tests/test_reach.py::{test}")


def habit(what: str, file: str, line: str, test: str) -> Sabotage:
    return Sabotage(what, TEST, file, line, re_escaped(file), f"tests/test_house.py::{test}")


def re_escaped(file: str) -> str:
    return file.replace(".", r"\.")


#: Walls between rooms. Each line imports; import-linter names the module and what it may not know.
OF_WALLS = [
    wall("consent asks the network", "hub.consent.decide", "import httpx", "hub.consent.decide -> httpx"),
    wall("consent opens a socket", "hub.consent.view", "import socket", "hub.consent.view -> socket"),
    wall("consent fetches a page", "hub.consent.ages", "import urllib.request", "hub.consent.ages -> urllib"),
    wall("consent knows the time", "hub.consent.standing", "from hub.clock import now",
         "hub.consent.standing -> hub.clock"),
    wall("the plan writes a log", "hub.plan.merge", "import structlog", "hub.plan.merge -> structlog"),
    wall("a plan is a model of pydantic", "hub.plan.plan", "from pydantic import BaseModel",
         "hub.plan.plan -> pydantic"),
    wall("a mapping asks the database", "hub.mappings.social", "import sqlite3", "hub.mappings.social -> sqlite3"),
    wall("the store rings by itself", "hub.store.outbox", "import kombu", "hub.store.outbox -> kombu"),
    wall("a page speaks SQL", "hub.ui.desk", "import sqlalchemy as sa", "hub.ui.desk -> sqlalchemy"),
    wall("a route opens the database's file", "hub.api.operations", "import sqlite3", "hub.api.operations -> sqlite3"),
    wall("a route reads plans past consent", "hub.api.plans", "from hub.store.plans import Plans",
         "hub.api.plans -> hub.store.plans"),
    wall("a page opens what is sealed", "hub.ui.plan_page", "from hub.store.current_elements import read_current",
         "hub.ui.plan_page -> hub.store.current_elements"),
    wall("an authority uses another's words", "hub.adapters.children", "from hub.adapters.social import SocialAdapter",
         "hub.adapters.children.*hub.adapters.social"),
    wall("the spine knows an authority", "hub.flow.deliver", "from hub.adapters.youth import YouthAdapter",
         "hub.flow.deliver -> hub.adapters.youth"),
    wall("the plan looks up to consent", "hub.plan.findings", "from hub.consent.view import View",
         "hub.plan.findings -> hub.consent.view"),
    wall("the API knows the pages", "hub.api.findings", "from hub.ui import desk", "hub.api.findings -> hub.ui"),
    wall("a sandbox knows the hub from inside", "hub.sandbox.social", "from hub.plan.plan import Plan",
         "hub.sandbox.social -> hub.plan.plan"),
    wall("the spine answers by HTTP", "hub.flow.show", "from fastapi import HTTPException",
         "hub.flow.show -> fastapi"),
    wall("a worker counts by itself", "hub.queue.worker", "from prometheus_client import Counter",
         "hub.queue.worker -> prometheus_client"),
    wall("the spine tells OpenTelemetry by itself", "hub.flow.sending", "import opentelemetry.trace",
         "hub.flow.sending -> opentelemetry"),
    wall("a relay loads what writes spans", "hub.queue.relay", "from hub.spans.otlp import written",
         "hub.queue.relay -> hub.spans.otlp"),
    wall("a page calls a system", "hub.ui.connected", "import httpx", "hub.ui.connected -> httpx"),
    wall("there is a room that nobody knows", "hub.strays", '"""A room of its own."""', r"hub\.strays|[^.]strays"),
]  # fmt: skip

#: Habits that ruff knows.
OF_LINT = [
    lint("the plan asks for the time", "hub/plan/plan.py", "_AT = datetime.now()", "(DTZ005|TID251)"),
    lint("a time has no zone", "hub/plan/deadlines.py", "_DAY = datetime(2026, 11, 29)", "(DTZ001|F821)"),
    lint("an id is made outside the clock", "hub/flow/accept.py", "from uuid import uuid4", "TID251"),
    lint("chance decides without a reason", "hub/flow/hold.py", "import random\n\n_ONE = random.random()", "S311"),
    lint("an error is passed over", "hub/flow/erase.py",
         "try:\n    _X = 1\nexcept Exception:\n    pass", "S110"),
    lint("whoever answers is believed", "hub/adapters/_rest.py",
         'import httpx\n\n_ANY = httpx.Client(verify=False, timeout=1)', "S501"),
    lint("YAML makes objects", "hub/cli/mapping.py", "import yaml\n\n_X = yaml.load('a')", "S506"),
    lint("what was pickled runs", "hub/store/seals.py", "import pickle\n\n_X = pickle.loads(b'')", "S301"),
    lint("SQL is made of values", "hub/store/people.py",
         'def _of(cpr: str) -> str:\n    return f"SELECT id FROM people WHERE cpr = \'{cpr}\'"', "S608"),
    lint("a digest can be forged", "hub/crypto/envelope.py", "import hashlib\n\n_X = hashlib.md5(b'')", "S324"),
    lint("a text is run", "hub/mappings/youth.py", "_X = eval('1')", "S307"),
    lint("a shell is asked", "hub/cli/town.py", "_X = subprocess.run('ls', shell=True)", "S602"),
    lint("a template escapes nothing", "hub/ui/rendering.py",
         "import jinja2\n\n_X = jinja2.Environment(autoescape=False)", "S701"),
    lint("a guarantee is asserted away", "hub/flow/settle.py", "assert True", "S101"),
    lint("a default is shared by all calls", "hub/consent/offers.py",
         'def more(found: list[int] = []) -> None:\n    """Add."""', "B006"),
    lint("a function says nothing of itself", "hub/consent/reader.py", "def told() -> None: ...", "D103"),
    lint("a module is named from where one stands", "hub/consent/subjects.py", "from . import view", "TID252"),
    lint("code is kept in a comment", "hub/consent/subject.py", "# found = view_for(plan, reader)", "ERA001"),
]  # fmt: skip

#: What mypy knows.
OF_TYPES = [
    Sabotage("a float is taken for a time", TYPES, "hub/plan/danish_time.py", "_LATER: datetime = 3.5",
             r"^hub/plan/danish_time\.py:\d+: error: .*float.*datetime"),
    Sabotage("what is wrong is ignored without a word why", TYPES, "hub/clock.py", "_X: int = ''  # type: ignore",
             r"^hub/clock\.py:\d+: error: .*ignore"),
    Sabotage("a function takes anything", TYPES, "hub/consent/ages.py", 'def told(x):\n    """Say."""',
             r"^hub/consent/ages\.py:\d+: error: .*annotation"),
]  # fmt: skip

#: What the rules of the house know that read its source.
OF_THE_HOUSE = [
    habit("a route goes round consent", "hub/api/plans.py", "def sabotage(unit):\n    return unit.plans.of_person(1)",
          "test_only_the_flow_reads_plans_and_sends"),
    habit("a page sends by itself", "hub/ui/operations.py", "def sabotage(adapter):\n    adapter.send(1)",
          "test_only_the_flow_reads_plans_and_sends"),
    habit("a decision asks for the time", "hub/consent/decide.py", "def sabotage(datetime):\n    datetime.now()",
          "test_only_the_clock_knows_the_time"),
    habit("JSON takes what is no number", "hub/api/goals.py", "import json", "test_nothing_unsafe_is_imported"),
    habit("a worker prints", "hub/queue/worker.py", "def sabotage():\n    print(1)",
          "test_only_rooms_with_a_terminal_print"),
    habit("a setting is read beside the settings", "hub/flow/pace.py", "import os\n\nX = os.environ.get('HUB_X')",
          "test_only_settings_read_the_environment"),
    habit("the spine has two colours", "hub/flow/show.py", "async def sabotage(): ...",
          "test_functions_have_one_colour"),
    habit("a name says nothing", "hub/store/jobs.py", "def process_data(): ...", "test_no_name_hides_what_it_does"),
    habit("a function is longer than a glance", "hub/plan/own.py", "def sabotage():\n" + "    1\n" * 40,
          "test_a_function_is_read_at_one_glance"),
    habit("a module is longer than a sitting", "hub/flow/accept.py", "\n" * 10, "test_a_module_is_read_in_one_sitting"),
    Sabotage("a bug is caught and forgotten", TEST, "hub/flow/wake.py",
             '"""Wake."""\n\n\ndef sabotage():\n    try:\n        return 1\n    except Exception:\n        return 2',
             r"hub/flow/wake\.py",
             "tests/test_house.py::test_exceptions_of_every_kind_end_in_named_places_only"),
    Sabotage("a room is a catch-all", TEST, "hub/flow/helpers.py", '"""Help."""', r"hub/flow/helpers\.py",
             "tests/test_house.py::test_no_module_is_a_catch_all"),
    Sabotage("something is left to do", TEST, "hub/flow/withdrawn.py", "# TODO: later", r"hub/flow/withdrawn\.py",
             "tests/test_house.py::test_nothing_is_left_to_do_in_a_comment"),
    reach("a mapping reads a file", "hub/mappings/employment.py", "def sabotage():\n    return open('x').read()",
          "test_the_pure_rooms_touch_no_file"),
    reach("a mapping runs a program", "hub/mappings/partners.py", "import shelve",
          "test_the_pure_rooms_are_made_of_nothing_that_does_io"),
    reach("a consent changes in place", "hub/consent/consent.py", "@dataclass\nclass Loose:\n    x: int = 1",
          "test_what_a_plan_and_a_consent_are_does_not_change_in_place"),
    reach("a page speaks to a server", "hub/ui/times.py", "import http.client",
          "test_what_speaks_starts_or_guesses_stays_in_its_rooms"),
    reach("the time passes beside the clock", "hub/queue/relay.py", "from time import monotonic",
          "test_what_speaks_starts_or_guesses_stays_in_its_rooms"),
    reach("a line is written that no rule reads", "hub/flow/letters.py",
          "import structlog\n\nlogger = structlog.get_logger()",
          "test_a_line_is_written_by_a_name_that_the_rule_of_lines_knows"),
    reach("a certificate is not looked at", "hub/adapters/_tls.py",
          "def sabotage(context):\n    context.check_hostname = False", "test_nobody_is_believed_unseen"),
    reach("a document is parsed as it comes", "hub/adapters/youth.py",
          "def sabotage(body):\n    return etree.fromstring(body, etree.XMLParser(resolve_entities=False))",
          "test_a_document_of_somebody_else_is_parsed_in_one_place"),
    reach("a parser follows entities", "hub/adapters/_xml_contract.py",
          "def sabotage(body):\n    return etree.fromstring(body)",
          "test_xml_is_parsed_without_entities_and_network"),
    reach("a job speaks SQL", "hub/queue/jobs.py",
          "def sabotage(unit):\n    unit.connection.execute('DELETE FROM plans')",
          "test_sql_is_spoken_in_the_store_alone"),
    reach("a page writes by itself", "hub/ui/rules.py",
          "def sabotage(desk):\n    with desk.store.begin() as unit:\n        unit.policies.publish()",
          "test_what_answers_http_writes_through_the_spine_alone"),
    reach("a statement is made of a number", "hub/store/lookups.py",
          "def sabotage(number):\n    return sa.text(f'cpr = {number}')",
          "test_no_statement_is_put_together_out_of_values"),
    reach("whatever happens is passed over", "hub/queue/sealer.py",
          "def sabotage():\n    with suppress(Exception):\n        return 1",
          "test_nothing_is_suppressed_whatever_it_is"),
    reach("a page fetches a script elsewhere", "hub/ui/templates/base.html",
          '<script src="https://cdn.example/htmx.js"></script>',
          "test_a_page_needs_nothing_from_elsewhere_and_runs_nothing_of_its_own"),
    reach("a page has a script inside", "hub/ui/templates/plan.html", "<script>alert(1)</script>",
          "test_a_page_needs_nothing_from_elsewhere_and_runs_nothing_of_its_own"),
    reach("a page has style inside", "hub/ui/templates/who.html", '<p style="color: red">x</p>',
          "test_a_page_needs_nothing_from_elsewhere_and_runs_nothing_of_its_own"),
    reach("a page writes what it was told as it is", "hub/ui/templates/say.html", "{{ said | safe }}",
          "test_a_page_needs_nothing_from_elsewhere_and_runs_nothing_of_its_own"),
    reach("something is installed unseen", "requirements/run.lock", "left-pad==1.0",
          "test_whatever_is_installed_is_known_by_its_hash"),
]  # fmt: skip

_DOCS, _DECLARED = "tests/unit/test_docs.py", "tests/unit/api/test_declared.py"
_LINES = "tests/unit/cli/test_log_lines.py::test_a_line_has_a_word_for_its_event_and_only_listed_fields"
_NUMBERS = "tests/unit/metrics/test_documented.py::test_a_line_says_kind_labels_and_meaning_as_the_code_does"
_ROUTE = '@router.get("/sabotage{0}")\ndef sabotage{0}() -> None:\n    """Say nothing."""'
_PORT, _WAY = "    port: int = Field(", "_WAY = {**_AUTHORITY, **_DIRECTION}"


def offered(what: str, file: str, line: str, says: str, test: str, replaces: str = "") -> Sabotage:
    return Sabotage(what, TEST, file, line, says, test, replaces)


#: What the rules know that ask a hub which is put together: its routes, settings, commands, numbers and lines.
OF_WHAT_IS_OFFERED = [
    offered("a route lets anybody in", "hub/api/holds.py", _ROUTE.format(1),
            r"FAILED .*declares_who_may_call_it\[GET /sabotage1\]",
            f"{_DECLARED}::test_a_route_declares_who_may_call_it"),
    offered("a route is written down nowhere", "hub/api/meetings.py", _ROUTE.format(2),
            r"GET /sabotage2", f"{_DOCS}::test_every_route_is_documented_and_no_other"),
    offered("a setting is written down nowhere", "hub/settings/model.py", f"    sabotage: int = 1\n{_PORT}",
            r"FAILED .*every_setting_is_documented\[sabotage\]", f"{_DOCS}::test_every_setting_is_documented", _PORT),
    offered("a command is written down nowhere", "hub/cli/commands.py",
            '@app.command()\ndef sabotage() -> None:\n    """Do."""', r"hub sabotage",
            f"{_DOCS}::test_every_command_is_documented_and_no_other"),
    offered("an error has no line in the table", "hub/errors.py",
            'class Sabotaged(Refused):\n    """No."""\n\n    code = "sabotaged"', r"'sabotaged'",
            f"{_DOCS}::test_every_error_stands_in_the_table_with_its_status_and_no_other"),
    offered("a number is counted by plan", "hub/metrics/instruments.py",
            "_WAY = {**_AUTHORITY, **_DIRECTION, 'plan': Of.CODE}", r"FAILED .*meaning_as_the_code_does\[", _NUMBERS,
            _WAY),
    offered("a line of the log tells a number", "hub/flow/calls.py", "def sabotage(cpr):\n    _log.info(f'who {cpr}')",
            r"hub/flow/calls\.py: an event is a word", _LINES),
    offered("a line of the log has a field that is in no list", "hub/queue/folders.py",
            "def sabotage(cpr):\n    _log.info('file-failed', cpr=cpr)", r"hub/queue/folders\.py: \{'cpr'\}", _LINES),
]  # fmt: skip
