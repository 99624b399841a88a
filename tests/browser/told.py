"""What is told of the Berggrens: by three authorities, over their own doors, and by themselves and their coordinator.

What the authorities tell are the examples of their contracts, so that a mother in one and the person of another are the
same; two of them call her to the same hour.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from hub.authority import contract_folder
from tests.integration.api.served import Served
from tests.integration.ui.visitor import Visitor, parts_of

KIRSTEN, LARS = "2911829996", "0505159995"
INTERVIEW, OWN_GOAL, JOINT_GOAL = "Opfølgningssamtale", "Jeg vil gerne lave mad til andre", "En rolig start på dagen"
_JSON, _XML = {"Content-Type": "application/json"}, {"Content-Type": "application/xml"}
_SOAP = {"Content-Type": "text/xml"}
_SHARED = (
    (["employment"], ["social"], ["goals", "appointments"]),
    (["social"], ["employment", "children"], ["goals"]),
)


def have_plans(hub: Served) -> dict[str, str]:
    """Open both plans, let the authorities write, and let Kirsten say who may see what and take one of it back.

    :return: what stands in the addresses of pages, by its name there.
    """
    mother = {"cpr": KIRSTEN, "name": "Kirsten Test Berggren", "capacity": "custody"}
    _, hers = hub.opens_plan(KIRSTEN, "Kirsten Test Berggren", authorities=["children", "employment", "social"])
    _, sons = hub.opens_plan(LARS, "Lars Test Berggren", given_by=[mother], authorities=["children"])
    _sends(hub, "children", "/in/children", _example("children", "normal.xml"), _XML)
    employment_writes(hub, 1, "08:30", "09:15")
    employment_writes(hub, 2, "09:30", "10:15")
    social_services_write(hub, 7, "Angst")
    consents = [_says(hub, hers["plan"], *shared) for shared in _SHARED]
    assert hub.ask("coordinator", "POST", f"/consents/{consents[1]}/withdraw").is_success
    known = {"plan": hers["plan"], "sons_plan": sons["plan"], "consent": consents[1], "given": consents[0]}
    return {**known, "element": _element(hub, hers["plan"], INTERVIEW), "rest": "nothing", "says": "ask"}


def speak(
    hub: Served,
    addresses: Mapping[str, str],
    coordinator: Mapping[str, str],
    citizen: Mapping[str, str],
    passes_a_minute: Callable[[], None],
) -> dict[str, str]:
    """Let Kirsten write a goal of her own and ask about the interview, and the coordinator a joint goal and a question.

    :param coordinator: cookies of the coordinator who is signed in, and :param citizen: those of Kirsten.
    """
    plan = addresses["plan"]
    passes_a_minute()  # what is of one moment has no order of its own
    _posts(hub, citizen, "/citizen/goals", kind="goal", title=OWN_GOAL, text="Helst i et køkken tæt på, hvor vi bor.")
    passes_a_minute()
    words = "Må min søn komme med, hvis han har fri?"
    _posts(hub, citizen, f"/citizen/statements/ask/{addresses['element']}", words=words)
    passes_a_minute()
    _posts(hub, coordinator, f"/coordinator/plans/{plan}/goals", kind="goal", title=JOINT_GOAL)
    why = "Så kan de lægge møderne, når praktikken ikke er i gang."
    asked = {"recipient": "children", "category": "appointments", "purpose": why}
    assert hub.ask("coordinator", "POST", f"/plans/{plan}/consent-requests", asked).is_success
    return {"own_goal": _element(hub, plan, OWN_GOAL), "joint_goal": _element(hub, plan, JOINT_GOAL)}


def employment_writes(hub: Served, version: int, start: str, end: str) -> None:
    """Let employment services send Kirsten's case, with an interview on 8 September at such hours (``10:30``)."""
    body = _example("employment", "submit-normal.xml")
    for before, after in (
        (b"7b2f0c0e-3b52-4a86-9c7e-0d8f5b1a2c01", str(UUID(int=version)).encode()),
        (b"<e:CaseVersionIdentifier>1<", f"<e:CaseVersionIdentifier>{version}<".encode()),
        (b"T09:30:00", f"T{start}:00".encode()),
        (b"T10:15:00+02:00</e:InterviewEnd", f"T{end}:00+02:00</e:InterviewEnd".encode()),
    ):
        assert before in body, before
        body = body.replace(before, after)
    _sends(hub, "employment", "/soap/employment", body, _SOAP)


def social_services_write(hub: Served, version: int, *health: str) -> None:
    """Let social services send Kirsten's case; what they write of her health the coordinator may not see."""
    case: dict[str, Any] = orjson.loads(_example("social", "sag-normal.json"))
    case |= {"SagVersion": version, "Aendret": "2026-08-31T14:20:00+02:00", "SagsTitel": "Støtte i hverdagen"}
    case["Helbred"] = [{"Id": f"helbred-{place}", "Titel": title} for place, title in enumerate(health)]
    case["PrimaryPart"] |= {"CPRnummer": f"{KIRSTEN[:6]}-{KIRSTEN[6:]}", "Navn": "Kirsten Test Berggren"}
    case["Indsatser"][0] |= {"Start": "2026-08-31", "Slut": "2027-02-28"}
    case["Aftaler"][0] |= {"Start": "2026-09-08T10:00:00+02:00", "Slut": "2026-09-08T11:00:00+02:00"}
    _sends(hub, "social", "/in/social", orjson.dumps(case), _JSON)


def _says(hub: Served, plan: str, sources: Sequence[str], recipients: Sequence[str], categories: Sequence[str]) -> str:
    said = {"sources": sources, "recipients": recipients, "categories": categories}
    answer = hub.ask("coordinator", "POST", "/consents", {"kind": "sharing", "plan": plan, **said})
    assert answer.is_success, answer.text
    given: str = answer.json()["consent"]
    return given


def _element(hub: Served, plan: str, title: str) -> str:
    read = hub.ask("coordinator", "GET", f"/plans/{plan}").json()["elements"]
    (found,) = [str(one["id"]) for one in read if one["title"] == title]
    return found


def _example(authority: str, name: str) -> bytes:
    return (contract_folder(f"{authority}/v1") / "examples" / name).read_bytes()


def _sends(hub: Served, authority: str, path: str, body: bytes, headers: Mapping[str, str]) -> None:
    answer = hub.ask(authority, "POST", path, body, headers=headers)
    assert answer.is_success, answer.text


def _posts(hub: Served, cookies: Mapping[str, str], path: str, **fields: str) -> None:
    """Send a form of a page, as its reader does."""
    with Visitor(hub.url) as somebody:
        somebody.client.cookies.update(dict(cookies))
        form = parts_of(somebody.gets(path), "//main//input[@name='form']/@value")[0]
        answer = somebody.posts(path, form=form, **fields)
        assert answer.is_redirect, answer.text
