"""The hub over HTTP: authorities post to it, clients read from it, operators look after it.

Lives here: routes, limits of a request, JSON and XML at the edge, errors as RFC 9457 or OperationOutcome.
Never here: a decision about what may be seen, a transaction that writes, an authority's words; ``flow`` and ``fhir``
know those.
"""
