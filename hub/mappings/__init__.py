"""Their words and ours: one module per authority, ``to_plan`` and ``from_plan``.

Lives here: what an authority's fields mean in a plan, and the ledger of every field's fate.
Never here: a wire, a clock, a database, a log; and no authority knows another's words.
"""
