"""What the ledger may tell of a row of the audit: categories, legal bases and consents of what the citizen may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.consent.consent import Consent
from hub.consent.decision import Sentence
from hub.consent.policy import Rule
from hub.flow.ledger_words import IN_EMERGENCY, OWN
from hub.store.policies import Policies


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """One rule of the policy on whose strength something was shown."""

    rule: str
    citation: str
    sentence: Sentence


@dataclass(slots=True)
class Known:
    """What the ledger may tell.

    :ivar categories: of the elements that the citizen may see, by their ids as the audit writes them.
    :ivar own: the citizen's own consents, by their ids.
    :ivar partners: recipients that belong to the plan as partners.
    :ivar newest: version of the policy; a row that names none is read by the newest that knows its rules.
    """

    categories: Mapping[str, str]
    own: Mapping[str, Consent]
    partners: frozenset[str]
    policies: Policies
    newest: int
    _rules: dict[int, Mapping[str, Rule]] = field(default_factory=dict)

    def seen(self, named: Iterable[str]) -> tuple[tuple[str, ...], bool]:
        """Return the categories of what the citizen may see of the named elements, and whether that is all."""
        found = {self.categories.get(str(one)) for one in named}
        return tuple(sorted({one for one in found if one is not None})), None not in found

    def bases(self, details: Mapping[str, Any], *, is_all: bool) -> tuple[LegalBasis, ...]:
        """Return the legal bases; where something is left out, those on which what is told rested."""
        version = int(details.get("policy") or 0)
        found = [self._basis(rule, version) for rule in self._rested_on("rules", details, is_all=is_all)]
        return tuple(basis for basis in found if basis)

    def consents(self, details: Mapping[str, Any], *, is_all: bool) -> tuple[str, ...]:
        """Return the citizen's own consents that it rested on; where something is left out, that what is told did.

        What others have said is theirs.
        """
        named = self._rested_on("consents", details, is_all=is_all)
        return tuple(one for one in named if one.partition("/")[0] in self.own)

    def _rested_on(self, name: str, details: Mapping[str, Any], *, is_all: bool) -> Sequence[str]:
        """Return rules, or consents, of a row as far as anything that is told rested on them (``reading.rested_on``).

        A row of an earlier release does not say which element rested on what: where one is left out, none is named.
        """
        whole: Sequence[str] = details.get(name, ())
        if is_all:
            return whole
        told = {place for place, one in enumerate(details.get("elements", ())) if one in self.categories}
        groups = details.get("by_decision")
        if groups is None or not told:
            return ()
        if not groups:
            return whole
        rested = {said for group in groups if not told.isdisjoint(group["of"]) for said in group[name]}
        return [one for one in whole if one in rested]

    def _basis(self, wanted: str, version: int) -> LegalBasis | None:
        if wanted in ("SYS-OWN", "SYS-EMERGENCY"):
            return LegalBasis(wanted, "", OWN if wanted == "SYS-OWN" else IN_EMERGENCY)
        for one in (version or self.newest, *range(self.newest, 0, -1)):
            if rule := self._of(one).get(wanted):
                return LegalBasis(rule.id, rule.citation, Sentence(rule.da, rule.en))
        return None

    def _of(self, version: int) -> Mapping[str, Rule]:
        if version not in self._rules:
            policy = self.policies.get(version)
            self._rules[version] = {rule.id: rule for rule in policy.rules} if policy else {}
        return self._rules[version]
