"""The page that asks for the content of a yes: what of, and for how long. Nothing on it is chosen beforehand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hub.consent.consent import EVERY, Consent
from hub.flow.offers import Offer, Offers
from hub.plan.element import Sensitivity
from hub.store.consent_requests import ConsentRequest
from hub.ui.choice_form import GIVE, KEEP, NARROW, choices_of_months, shorter_months
from hub.ui.consent_cards import listed, until
from hub.ui.spoken import Say, spoken
from hub.ui.words import known_word

Option = tuple[str, str]  # a field's name or value, and its words


@dataclass(frozen=True, slots=True)
class SelectPage:
    """All that the template shows.

    :ivar boxes: categories to tick; one that is fixed, as of a question, stands in ``fields``.
    :ivar may_be_sensitive: whether sensitive information may be added.
    """

    plan: str
    whose: str
    title: str
    lead: str
    purpose: str
    boxes: tuple[Option, ...]
    which: str
    may_be_sensitive: bool
    months: tuple[Option, ...]
    fields: tuple[Option, ...]


def select_more(
    offers: Offers, offer: Offer, most: int, language: str, asked: ConsentRequest | None = None
) -> SelectPage:
    """Return the page that asks what a recipient may see.

    :param most: months for which a yes may hold.
    :param asked: the question that is answered; it fixes what of.
    """
    say, who = spoken(language, is_young=offers.is_young), known_word("authority", offer.recipient, language)
    fields = [("kind", GIVE), ("recipient", offer.recipient)]
    if asked is not None:
        fields += [("request", str(asked.id)), (f"category-{asked.category}", "yes")]
    what = known_word("category", asked.category, language) if asked else ""
    top = offer.categories[asked.category] if asked else max(offer.categories.values(), default=min(Sensitivity))
    return SelectPage(
        plan=str(offers.plan),
        whose=offers.child,
        title=say("consents.may_they", who=who, what=what) if asked else say("select.title", who=who),
        lead=say("select.lead"),
        purpose=asked.purpose if asked else "",
        boxes=() if asked else _boxes(offer.categories, language),
        which=say("select.which", who=who),
        may_be_sensitive=top >= Sensitivity.FOELSOMME_PERSONOPLYSNINGER,
        months=tuple((str(one), _months(one, say)) for one in choices_of_months(most)),
        fields=tuple(fields),
    )


def select_less(offers: Offers, consent: Consent, language: str) -> SelectPage:
    """Return the page that asks what of a yes is to stay."""
    say = spoken(language, is_young=offers.is_young)
    scope, end = consent.scope, consent.period.end
    every = {category for one in offers.recipients for category in one.categories}
    stays = (KEEP, say("select.keep", until=until(consent, say, language)))
    return SelectPage(
        plan=str(offers.plan),
        whose=offers.child,
        title=say("select.less", who=listed("authority", scope.recipients, language)),
        lead=say("select.less_lead"),
        purpose="",
        boxes=_boxes(every if EVERY in scope.categories else scope.categories, language),
        which=say("select.stays"),
        may_be_sensitive=False,
        months=(stays, *((str(one), _months(one, say)) for one in shorter_months(end, offers.at))),
        fields=(("kind", NARROW), ("consent", str(consent.id)), ("version", str(consent.version))),
    )


def _boxes(categories: Iterable[str], language: str) -> tuple[Option, ...]:
    boxes = ((f"category-{one}", known_word("category", one, language)) for one in categories)
    return tuple(sorted(boxes, key=lambda box: box[1]))


def _months(count: int, say: Say) -> str:
    return say("select.month" if count == 1 else "select.months", count=count)
