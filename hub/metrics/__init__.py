"""What is counted and measured, and how it is told to Prometheus.

Lives here: every instrument with its name, meaning and the closed lists that its labels come from; the counts of one
process; and what the database says, looked at with a limit. No value of a label is ever what somebody sent.

Never here: a plan, a person, a database, a server. Whoever settles something counts it; a server asks for the text.
"""
