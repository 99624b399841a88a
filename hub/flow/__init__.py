"""The spine: the only rooms that know the order of things.

``accept`` takes a message in, ``deliver`` brings one recipient up to date, ``revise`` changes a consent or the policy,
``show`` answers a person or a system that reads. Read top to bottom they tell what the hub does.

Lives here: *and then*; where a transaction begins and ends.
Never here: a wire, an authority's words, SQL, HTTP, a clock of its own, waiting or trying again.
"""
