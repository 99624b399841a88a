"""One Plan Hub: one citizen, one plan, across the authorities of a municipality.

The house has rooms, and a line of code knows its room (docs/explanation/the-house.md):
``authority`` is the port, ``adapters`` know wires, ``mappings`` know an authority's words, ``plan`` says what a plan
is, ``consent`` decides who may see, ``store`` remembers, ``queue`` waits and tries again, ``flow`` says *and then*,
``identity`` says who is asking, ``api`` speaks HTTP.
"""

__version__ = "0.1.0"
