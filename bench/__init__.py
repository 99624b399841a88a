"""How fast the hub is beside the bare thing: ``make bench`` measures both in one run and writes a report.

Lives here: what is measured, the bare baselines that stand beside it, the rounds, the report.
Never here: a test (nothing here says right or wrong), and nothing that the hub itself needs.
"""
