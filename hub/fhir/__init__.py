"""A reader's view as FHIR R4 (4.0.1).

Lives here: which resource each thing of a plan becomes, codes and statuses, references between them.
Never here: a decision about what may be seen, a store, HTTP; nothing is rendered that is not in the view.
"""
