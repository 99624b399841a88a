"""SagOpdatering, a whole case of children and family services, as a contribution to a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lxml import etree

from hub.mappings._xml_words import Branch
from hub.plan.contribution import Contribution, Coverage, PersonFacts
from hub.plan.element import Category, Code, Detail, Draft, Kind, OrderKey, Period, Sensitivity, Status
from hub.plan.identifier import Identifier

AUTHORITY, CONTRACT = "children", "children/v1"
KLE = "https://data.gov.dk/id/classification/KLE"
PARAGRAPH = "urn:one-plan-hub:paragraph"
AREA = "urn:one-plan-hub:children:omraade"
PLAN_TYPE = "urn:one-plan-hub:children:plantype"

CASE_STATUS = {
    "Opstaaet": Status.PROPOSED,
    "Oplyst": Status.PLANNED,
    "Afgjort": Status.ACTIVE,
    "Bestilt": Status.ACTIVE,
    "Udfoert": Status.ACTIVE,
    "Afsluttet": Status.COMPLETED,
}
COURSE_STATUS = {
    "Planlagt": Status.PLANNED,
    "IGang": Status.ACTIVE,
    "PaaHold": Status.ON_HOLD,
    "Afsluttet": Status.COMPLETED,
    "Annulleret": Status.CANCELLED,
}
MEASURE_STATUS = {
    "Kladde": Status.PROPOSED,
    "Forventet": Status.PLANNED,
    "Bevilget": Status.ACTIVE,
    "Afsluttet": Status.COMPLETED,
    "Annulleret": Status.CANCELLED,
}
MEETING_STATUS = {
    "Planlagt": Status.PLANNED,
    "Gennemfoert": Status.COMPLETED,
    "Aflyst": Status.CANCELLED,
    "Udeblevet": Status.CANCELLED,
}
RELATION = {"mor": "mother", "far": "father", "soeskende": "sibling", "partner": "partner", "anden": "other"}
AREA_CATEGORY = {"Sundhedsforhold": Category.HEALTH, "Oekonomi": Category.ECONOMY}
#: A note that does not say what it is about has no category: what nobody has judged is shared with nobody.
NOTE_CATEGORY = {"Generelt": Category.CASES, "Sundhed": Category.HEALTH, "Oekonomi": Category.ECONOMY}

_CASE = "Sag"  # source id of the case's own element


def contribution_of(root: etree._Element) -> Contribution:
    """Translate a SagOpdatering.

    :raises ContractViolation: a number that names nobody, an id that holds a CPR number, or an end before its start.
    """
    document = Branch.root(root)
    head, case = document.at("Hoved"), document.at("Sag")
    message_id = head.word("MeddelelseId").lower()
    drafts = _Drafts(case)
    found = () if case.says("Slettet") else tuple(drafts.all())
    return Contribution(
        authority=AUTHORITY,
        source_system=head.word("Kildesystem"),
        contract=CONTRACT,
        case=case.word("SagId"),
        message_id=message_id,
        order=OrderKey(int(case.word("SagVersion")), case.moment("Aendringstidspunkt"), message_id),
        coverage=Coverage.SNAPSHOT,
        person=drafts.child,
        drafts=found,
        others=tuple(drafts.others.values()),
    )


class _Drafts:
    """The case's items as drafts; collects whom they concern on the way."""

    def __init__(self, case: Branch) -> None:
        self._case = case
        self._label = case.word("Foelsomhed")
        self.child = _facts(case.at("Barn"))
        self.others: dict[Identifier, PersonFacts] = {}

    def all(self) -> Iterator[Draft]:
        """Yield a draft for the case and for each item of it."""
        case = self._case
        yield self._case_draft()
        if household := case.get("Husstand"):
            yield from map(self._household_member, household.all("Person"))
        yield from map(self._examination, case.all("Undersoegelse"))
        yield from map(self._need, case.all("Behov"))
        for plan in case.all("Plan"):
            yield from self._plan(plan)
        yield from map(self._follow_up, case.all("Opfoelgning"))
        yield from map(self._meeting, case.all("Aftale"))
        yield from map(self._contact, case.all("Kontaktperson"))
        yield from map(self._note, case.all("Notat"))

    def _case_draft(self) -> Draft:
        case = self._case
        return Draft(
            _CASE,
            Kind.CASE,
            Category.CASES,
            _label(self._label),
            CASE_STATUS[case.word("Sagsstatus")],
            case.word("Titel"),
            codes=(_code(KLE, case.at("KLEEmne")),),
        )

    def _household_member(self, person: Branch) -> Draft:
        facts = _facts(person)
        number = facts.identifiers[0]
        if number not in self.child.identifiers:
            self.others[number] = facts
        details = {
            Detail.RELATION: RELATION[person.word("Relation")],
            Detail.CUSTODY: _yes(person.says("Foraeldremyndighed")),
            Detail.PROTECTED_ADDRESS: _yes(facts.has_protected_address),
        }
        valid = person.days("GyldigFra", "GyldigTil")
        status = Status.ACTIVE
        return self._item(
            person, Kind.HOUSEHOLD_MEMBER, Category.HOUSEHOLD, status, facts.name, valid, details=details, named=number
        )

    def _examination(self, item: Branch) -> Draft:
        status = COURSE_STATUS[item.word("Status")]
        return self._item(item, Kind.ACTIVITY, Category.ASSESSMENTS, status, valid=_days(item))

    def _need(self, item: Branch) -> Draft:
        area = item.word("Omraade")
        category = AREA_CATEGORY.get(area, Category.NEEDS)
        part_of = _reference(item, "Undersoegelse")
        return self._item(item, Kind.NEED, category, Status.ACTIVE, part_of=part_of, codes=(Code(AREA, area),))

    def _plan(self, plan: Branch) -> Iterator[Draft]:
        code = Code(PLAN_TYPE, plan.word("Type"))
        status = COURSE_STATUS[plan.word("Status")]
        whole = self._item(plan, Kind.CASE, Category.CASES, status, valid=_days(plan), codes=(code,))
        yield whole
        for goal in plan.all("Maal"):
            yield from self._goal(goal, whole.source_id)
        for measure in plan.all("Indsats"):
            yield self._measure(measure, whole.source_id)

    def _goal(self, goal: Branch, plan: str) -> Iterator[Draft]:
        status = COURSE_STATUS[goal.word("Status")]
        whole = self._item(goal, Kind.GOAL, Category.GOALS, status, valid=_days(goal), part_of=plan)
        yield whole
        for step in goal.all("Delmaal"):
            status = COURSE_STATUS[step.word("Status")]
            until = Period(end=step.days("Frist", "Frist").end)
            yield self._item(step, Kind.SUB_GOAL, Category.GOALS, status, valid=until, part_of=whole.source_id)

    def _measure(self, item: Branch, plan: str) -> Draft:
        status = MEASURE_STATUS[item.word("Status")]
        part_of = _reference(item, "Maal") or plan
        codes = (_code(PARAGRAPH, item.at("Paragraf")),)
        return self._item(
            item, Kind.ACTIVITY, Category.ACTIVITIES, status, valid=_days(item), part_of=part_of, codes=codes
        )

    def _follow_up(self, item: Branch) -> Draft:
        status, part_of = MEETING_STATUS[item.word("Status")], _reference(item, "Plan")
        details = {Detail.ALL_DAY: "yes", Detail.TYPE: "follow-up"} | _missed(item)
        day = item.days("Dato", "Dato")
        return self._item(
            item, Kind.APPOINTMENT, Category.APPOINTMENTS, status, valid=day, part_of=part_of, details=details
        )

    def _meeting(self, item: Branch) -> Draft:
        status, part_of = MEETING_STATUS[item.word("Status")], _reference(item, "Indsats")
        company = "; ".join(other.line for other in item.all("Med"))
        details = _filled({"place": item.word("Sted"), "with": company}) | _missed(item)
        return self._item(
            item,
            Kind.APPOINTMENT,
            Category.APPOINTMENTS,
            status,
            valid=item.hours("Start", "Slut"),
            part_of=part_of,
            details=details,
        )

    def _contact(self, item: Branch) -> Draft:
        words = {"name": "Navn", "role": "Rolle", "phone": "Telefon", "email": "Email"}
        details = _filled({ours: item.word(theirs) for ours, theirs in words.items()})
        return self._item(
            item, Kind.CONTACT_PERSON, Category.CONTACTS, Status.ACTIVE, item.word("Navn"), details=details
        )

    def _note(self, item: Branch) -> Draft:
        category = NOTE_CATEGORY.get(item.word("Emne"))
        title, written = item.word("Titel") or "Notat", Period(item.instant("Tidspunkt"))
        return self._item(item, Kind.NOTE, category, Status.ACTIVE, title, written)

    def _item(
        self,
        item: Branch,
        kind: Kind,
        category: str | None,
        status: Status,
        title: str = "",
        valid: Period | None = None,
        *,
        part_of: str | None = None,
        codes: tuple[Code, ...] = (),
        details: Mapping[str, str] | None = None,
        named: Identifier | None = None,
    ) -> Draft:
        """Draft an item: what every item has is read here, what its kind alone has comes in."""
        return Draft(
            source_id=source_id(_kind_name(item), item.at("Id").open_id()),
            kind=kind,
            category=category,
            label=_label(item.word("Foelsomhed") or self._label),
            status=status,
            title=title or item.word("Titel"),
            text=item.text("Tekst"),
            valid=valid or Period(),
            codes=codes,
            part_of=part_of or _CASE,
            concerns=self._concerned(item, named),
            details=details or {},
        )

    def _concerned(self, item: Branch, named: Identifier | None) -> tuple[Identifier, ...]:
        """Return whom the item concerns besides the child, each once, in the document's order."""
        numbers = [named] if named else []
        numbers += [other.identifier(AUTHORITY) for other in item.all("VedroererCPR")]
        others = [number for number in dict.fromkeys(numbers) if number not in self.child.identifiers]
        for number in others:
            self.others.setdefault(number, PersonFacts((number,)))
        return tuple(others)


def source_id(kind: str, own: str) -> str:
    """Return an item's id within its case: their ids are unique only among items of a kind."""
    return f"{kind}:{own}"


def _kind_name(item: Branch) -> str:
    return item.path.rpartition("/")[2].partition("[")[0]


def _reference(item: Branch, kind: str) -> str | None:
    own = item.word(f"{kind}Id")
    return source_id(kind, own) if own else None


def _facts(person: Branch) -> PersonFacts:
    return PersonFacts((person.person("CPR", AUTHORITY),), person.word("Navn"), person.says("AdresseBeskyttet"))


def _code(system: str, code: Branch) -> Code:
    return Code(system, code.word("Kode"), code.word("Tekst"))


def _days(item: Branch) -> Period:
    return item.days("Startdato", "Slutdato")


def _label(word: str) -> Sensitivity | None:
    return Sensitivity[word] if word else None


def _missed(item: Branch) -> dict[str, str]:
    return {"missed": "yes"} if item.word("Status") == "Udeblevet" else {}


def _filled(details: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in details.items() if value}


def _yes(answer: bool) -> str:
    return "yes" if answer else "no"
