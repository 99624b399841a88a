"""Every word of the pages, in Danish and in English.

Sentences that explain a decision come from ``hub.consent``; what authorities wrote is shown as they wrote it.
"""

from __future__ import annotations

from collections.abc import Mapping

from hub.consent.decision import Sentence

LANGUAGES = ("da", "en")


def word(key: str, language: str, **facts: object) -> str:
    """Return a word or sentence in ``da`` or ``en``, with facts where it has room for them."""
    return WORDS[key].in_language(language).format(**facts)


def known_word(group: str, name: str, language: str) -> str:
    """Return the word for a name out of an open list, such as an authority's; the name itself where there is none."""
    found = WORDS.get(f"{group}.{name}")
    return found.in_language(language) if found else name


_FRAME = {
    "site": Sentence("Én plan", "One plan"),
    "skip": Sentence("Gå til indholdet", "Skip to the content"),
    "language": Sentence("Sprog", "Language"),
    "sign_in.title": Sentence("Log ind", "Sign in"),
    "sign_in.lead": Sentence(
        "Her ser du den samlede plan for de borgere, du koordinerer for.",
        "Here you see the whole plan of the citizens you coordinate for.",
    ),
    "sign_in.token": Sentence("Adgangsnøgle", "Access key"),
    "sign_in.hint": Sentence(
        "Du får nøglen af den, der driver systemet i din kommune.",
        "You get the key from whoever runs the system in your municipality.",
    ),
    "sign_in.button": Sentence("Log ind", "Sign in"),
    "sign_in.unknown": Sentence(
        "Vi kender ikke den adgangsnøgle. Prøv igen, eller bed om en ny.",
        "We do not know that access key. Try again, or ask for a new one.",
    ),
    "sign_in.not_yours": Sentence(
        "Den nøgle er ikke til disse sider. Brug en nøgle for en koordinator.",
        "That key is not for these pages. Use a coordinator's key.",
    ),
    "sign_in.over": Sentence(
        "Du er ikke længere logget ind. Log ind igen for at fortsætte.",
        "You are no longer signed in. Sign in again to go on.",
    ),
    "sign_in.left": Sentence("Du er logget ud.", "You are signed out."),
    "sign_out.button": Sentence("Log ud", "Sign out"),
    "find.title": Sentence("Find en plan", "Find a plan"),
    "find.cpr": Sentence("Borgerens CPR-nummer", "The citizen's CPR number"),
    "find.hint": Sentence("Ti cifre, med eller uden bindestreg", "Ten digits, with or without a hyphen"),
    "find.button": Sentence("Find planen", "Find the plan"),
    "find.none": Sentence(
        "Vi fandt ingen plan, du kan åbne. Tjek nummeret, og prøv igen.",
        "We found no plan that you can open. Check the number and try again.",
    ),
    "find.not_a_number": Sentence(
        "Det er ikke et CPR-nummer. Skriv ti cifre.", "That is not a CPR number. Write ten digits."
    ),
    "error": Sentence("Fejl", "Error"),
}

_PLAN = {
    "plan.title": Sentence("Borgerens plan", "The citizen's plan"),
    "plan.no_name": Sentence("Navn ikke oplyst", "Name not given"),
    "plan.cpr": Sentence("CPR-nummer", "CPR number"),
    "plan.another": Sentence("Find en anden plan", "Find another plan"),
    "plan.at": Sentence("Vist {when}", "Shown {when}"),
    "plan.empty": Sentence("Der er intet i planen, som du kan se.", "There is nothing in the plan that you can see."),
    "plan.status.active": Sentence("Planen er i gang", "The plan is active"),
    "plan.status.dissolved": Sentence(
        "Planen er opløst: borgeren har ikke et samtykke til én plan, der gælder nu",
        "The plan is dissolved: the citizen has no consent to one plan that is in force now",
    ),
    "plan.status.completed": Sentence("Planen er afsluttet", "The plan is completed"),
    "sources": Sentence("Kilder", "Sources"),
    "sources.newest": Sentence("Nyeste oplysning", "Newest information"),
    "sources.untold": Sentence("Tidspunktet kan ikke vises", "The time cannot be shown"),
    "sources.silent": Sentence(
        "Hubben har ikke kunnet spørge systemet siden {when}. Der kan være nyt, som ikke vises.",
        "The hub could not ask the system since {when}. There may be news that is not shown.",
    ),
    "sources.system": Sentence("Fra systemet", "From the system"),
    "appointments": Sentence("Næste aftaler", "Next appointments"),
    "appointments.none": Sentence("Du kan ingen kommende aftaler se.", "You can see no appointments ahead."),
    "appointments.past": Sentence("Tidligere og aflyste aftaler", "Earlier and cancelled appointments"),
    "goals": Sentence("Mål", "Goals"),
    "activities": Sentence("Indsatser uden et mål", "Activities without a goal"),
    "needs": Sentence("Behov", "Needs"),
    "cases": Sentence("Sager", "Cases"),
    "contacts": Sentence("Kontaktpersoner", "Contacts"),
    "statements": Sentence("Borgerens egne ord", "The citizen's own words"),
    "notes": Sentence("Notater", "Notes"),
    "household": Sentence("Husstand og familie", "Household and family"),
}

_CARD = {
    "card.untitled": Sentence("Uden titel", "Untitled"),
    "card.case": Sentence("sag {case}", "case {case}"),
    "card.received": Sentence("modtaget {age}", "received {age}"),
    "card.when": Sentence("Periode", "Period"),
    "card.codes": Sentence("Emne", "Topic"),
    "why": Sentence("Hvorfor kan jeg se det?", "Why can I see this?"),
    "why.about": Sentence("om {title}", "about {title}"),
    "why.rules": Sentence("Kommunens regler, i rækkefølge", "The municipality's rules, in order"),
    "why.policy": Sentence("Udgave af reglerne", "Version of the rules"),
    "why.consents": Sentence("Hviler på samtykke", "Rests on consent"),
    "why.consent": Sentence("{id}, udgave {version}", "{id}, version {version}"),
    "why.until": Sentence("Gælder til", "Applies until"),
    "why.hidden": Sentence("Udeladt for dig", "Left out for you"),
    "hidden.title": Sentence("titel", "title"),
    "hidden.text": Sentence("tekst", "text"),
    "hidden.codes": Sentence("emner", "topics"),
    "hidden.details": Sentence("detaljer", "details"),
}

_ELEMENTS = {
    "kind.case": Sentence("Sag", "Case"),
    "kind.need": Sentence("Behov", "Need"),
    "kind.goal": Sentence("Mål", "Goal"),
    "kind.sub-goal": Sentence("Delmål", "Sub-goal"),
    "kind.activity": Sentence("Indsats", "Activity"),
    "kind.appointment": Sentence("Aftale", "Appointment"),
    "kind.contact-person": Sentence("Kontaktperson", "Contact"),
    "kind.note": Sentence("Notat", "Note"),
    "kind.citizen-statement": Sentence("Borgerens egne ord", "The citizen's own words"),
    "kind.household-member": Sentence("Husstand og familie", "Household and family"),
    "status.proposed": Sentence("Foreslået", "Proposed"),
    "status.planned": Sentence("Planlagt", "Planned"),
    "status.active": Sentence("I gang", "Under way"),
    "status.on-hold": Sentence("På pause", "On hold"),
    "status.completed": Sentence("Afsluttet", "Completed"),
    "status.cancelled": Sentence("Aflyst", "Cancelled"),
    "status.entered-in-error": Sentence("Oprettet ved en fejl", "Entered in error"),
    "status.unknown": Sentence("Status ikke oplyst", "Status not given"),
    "authority.children": Sentence("Børn og familie", "Children and family"),
    "authority.social": Sentence("Socialområdet", "Social services"),
    "authority.employment": Sentence("Beskæftigelse", "Employment"),
    "authority.youth": Sentence("Ungeindsatsen", "Youth services"),
    "detail.place": Sentence("Sted", "Place"),
    "detail.with": Sentence("Med", "With"),
    "detail.name": Sentence("Navn", "Name"),
    "detail.role": Sentence("Rolle", "Role"),
    "detail.phone": Sentence("Telefon", "Phone"),
    "detail.email": Sentence("E-mail", "E-mail"),
    "detail.relation": Sentence("Relation til borgeren", "Relation to the citizen"),
    "detail.custody": Sentence("Forældremyndighed", "Custody"),
    "detail.protected-address": Sentence("Beskyttet adresse", "Protected address"),
    "detail.type": Sentence("Art", "Type"),
    "detail.missed": Sentence("Borgeren udeblev", "The citizen did not come"),
    "detail.cancelled-by": Sentence("Aflyst af", "Cancelled by"),
    "detail.with-more-authorities": Sentence("Flere myndigheder deltager", "More authorities take part"),
    "detail.caseworker": Sentence("Sagsbehandler", "Caseworker"),
    "detail.organisation": Sentence("Ansvarlig", "Responsible"),
    "detail.organisation-type": Sentence("Den ansvarliges art", "Kind of who is responsible"),
    "detail.hours-per-week": Sentence("Timer om ugen", "Hours a week"),
    "detail.minutes-per-week": Sentence("Minutter om ugen", "Minutes a week"),
    "detail.activation-type": Sentence("Tilbud", "Offer"),
    "detail.case-number": Sentence("Sagsnummer", "Case number"),
    "detail.source-status": Sentence("Status hos myndigheden", "Status at the authority"),
    "detail.source-relation": Sentence("Relation hos myndigheden", "Relation at the authority"),
    "value.yes": Sentence("ja", "yes"),
    "value.no": Sentence("nej", "no"),
    "value.mother": Sentence("mor", "mother"),
    "value.father": Sentence("far", "father"),
    "value.child": Sentence("barn", "child"),
    "value.sibling": Sentence("søskende", "sibling"),
    "value.partner": Sentence("partner", "partner"),
    "value.other": Sentence("anden", "other"),
    "value.citizen": Sentence("borgeren", "the citizen"),
    "value.authority": Sentence("myndigheden", "the authority"),
    "value.follow-up": Sentence("opfølgning", "follow-up"),
}

_TIMES = {
    "day.0": Sentence("mandag", "Monday"),
    "day.1": Sentence("tirsdag", "Tuesday"),
    "day.2": Sentence("onsdag", "Wednesday"),
    "day.3": Sentence("torsdag", "Thursday"),
    "day.4": Sentence("fredag", "Friday"),
    "day.5": Sentence("lørdag", "Saturday"),
    "day.6": Sentence("søndag", "Sunday"),
    "time.date": Sentence("{day}. {month} {year}", "{day} {month} {year}"),
    "time.weekday": Sentence("{weekday} den {date}", "{weekday} {date}"),
    "time.clock": Sentence("{date} kl. {hour}.{minute}", "{date} at {hour}:{minute}"),
    "time.clocks": Sentence(
        "{date} kl. {hour}.{minute}–{last_hour}.{last_minute}", "{date}, {hour}:{minute}–{last_hour}:{last_minute}"
    ),
    "time.span": Sentence("{first} – {last}", "{first} – {last}"),
    "time.from": Sentence("fra {first}", "from {first}"),
    "time.to": Sentence("til og med {last}", "until {last}"),
    "time.none": Sentence("Tidspunkt ikke oplyst", "Time not given"),
    "age.now": Sentence("lige nu", "just now"),
    "age.minute": Sentence("for 1 minut siden", "1 minute ago"),
    "age.minutes": Sentence("for {count} minutter siden", "{count} minutes ago"),
    "age.hour": Sentence("for 1 time siden", "1 hour ago"),
    "age.hours": Sentence("for {count} timer siden", "{count} hours ago"),
    "age.day": Sentence("for 1 dag siden", "1 day ago"),
    "age.days": Sentence("for {count} dage siden", "{count} days ago"),
}

_ERRORS = {
    "error.400": Sentence("Vi forstod ikke det, du sendte", "We did not understand what you sent"),
    "error.400.next": Sentence("Gå tilbage, og prøv igen.", "Go back and try again."),
    "error.403": Sentence("Det kan du ikke gøre her", "You cannot do that here"),
    "error.403.next": Sentence(
        "Åbn siden igen, og prøv derfra. Bliver det ved, så spørg den, der driver systemet.",
        "Open the page again and try from there. If it stays so, ask whoever runs the system.",
    ),
    "error.404": Sentence("Her er ikke noget, du kan se", "There is nothing here that you can see"),
    "error.404.next": Sentence(
        "Tjek adressen, eller find planen med borgerens CPR-nummer.",
        "Check the address, or find the plan by the citizen's CPR number.",
    ),
    "error.413": Sentence("Du sendte for meget på én gang", "You sent too much at once"),
    "error.413.next": Sentence("Gå tilbage, og send mindre.", "Go back and send less."),
    "error.500": Sentence("Noget gik galt hos os", "Something went wrong on our side"),
    "error.500.next": Sentence(
        "Intet blev gemt halvt. Giv nummeret herunder til den, der driver systemet.",
        "Nothing was left half-done. Give the number below to whoever runs the system.",
    ),
    "error.503": Sentence("Siden kan ikke vises lige nu", "The page cannot be shown right now"),
    "error.503.next": Sentence(
        "Prøv igen om lidt. Intet er gået tabt.", "Try again in a moment. Nothing has been lost."
    ),
    "error.number": Sentence("Nummer", "Number"),
    "error.home": Sentence("Find en plan", "Find a plan"),
}

_PROOF = {
    "proof.title": Sentence("Bevis for et samtykke, der er trukket tilbage", "Proof of a consent that was withdrawn"),
    "proof.consent": Sentence("Samtykke", "Consent"),
    "proof.version": Sentence("{consent}, version {number}", "{consent}, version {number}"),
    "proof.what": Sentence("Hvad det gav lov til", "What it allowed"),
    "proof.kind.one-plan": Sentence("At have én plan", "To have one plan"),
    "proof.kind.sharing": Sentence("At dele oplysninger", "To share information"),
    "proof.from": Sentence("Fra", "From"),
    "proof.to": Sentence("Til", "To"),
    "proof.about": Sentence("Om", "About"),
    "proof.every.authority": Sentence("alle", "everybody"),
    "proof.every.category": Sentence("alt", "everything"),
    "proof.withdrawn_at": Sentence("Trukket tilbage", "Withdrawn"),
    "proof.as_of": Sentence("Beviset viser, hvordan det stod", "The proof shows how it stood"),
    "proof.recipients": Sentence("Hvad der blev af det, andre havde fået", "What became of what others had"),
    "proof.nobody": Sentence("Ingen havde noget, der skulle slettes.", "Nobody had anything that had to be deleted."),
    "proof.owed_at": Sentence("Skulle slettes fra", "To be deleted from"),
    "proof.sent_at": Sentence("Besked sendt", "Message sent"),
    "proof.ended_at": Sentence("Svar modtaget", "Answer received"),
    "proof.due_by": Sentence("Frist for svar", "Answer due by"),
    "proof.under_way": Sentence(
        "På vej, da samtykket blev trukket tilbage", "Under way when the consent was withdrawn"
    ),
    "proof.none_under_way": Sentence("Intet var på vej.", "Nothing was under way."),
    "proof.settled": Sentence("{recipient}: afsluttet {when}", "{recipient}: settled {when}"),
    "proof.not_settled": Sentence("{recipient}: ikke afsluttet endnu", "{recipient}: not settled yet"),
    "proof.signed": Sentence("Underskrift", "Signature"),
    "proof.how": Sentence(
        "Gem filen. Alle kan tjekke, at den er uændret og underskrevet af kommunens hub, uden at spørge hubben.",
        "Keep the file. Anybody can check that it is unchanged and signed by the municipality's hub, without asking.",
    ),
    "proof.revocation": Sentence("Nummer", "Number"),
    "proof.key": Sentence("Nøgle", "Key"),
    "proof.signature": Sentence("Underskrift (Ed25519)", "Signature (Ed25519)"),
    "proof.file": Sentence("Hent filen", "Get the file"),
    "category.cases": Sentence("sager", "cases"),
    "category.needs": Sentence("behov", "needs"),
    "category.goals": Sentence("mål", "goals"),
    "category.activities": Sentence("aktiviteter", "activities"),
    "category.appointments": Sentence("aftaler", "appointments"),
    "category.contacts": Sentence("kontaktpersoner", "contacts"),
    "category.assessments": Sentence("vurderinger", "assessments"),
    "category.health": Sentence("helbred", "health"),
    "category.economy": Sentence("økonomi", "economy"),
    "category.household": Sentence("husstand", "household"),
    "category.statements": Sentence("egne ord", "own words"),
}

WORDS: Mapping[str, Sentence] = {**_PROOF, **_FRAME, **_PLAN, **_CARD, **_ELEMENTS, **_TIMES, **_ERRORS}
