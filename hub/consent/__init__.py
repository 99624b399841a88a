"""Who may see what.

Lives here: consents, legal bases, the decision, the view it yields, and the sentence that explains it.
Never here: a clock, a database, a network, a log. Time and data come in as arguments.
"""
