"""What is told of a piece of work while it is done: its name, its time, and values of closed lists.

Lives here: every span with the attributes that it may have; spans of one process, as any room may begin them; and how
they are written for OpenTelemetry (OTLP). No value is ever what somebody sent.

Never here: a plan, a person, a database, a network. Whoever does the work says so; ``cli`` sends it to a collector.
"""
