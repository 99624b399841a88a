from __future__ import annotations

from hub.clock import new_id
from hub.queue.confirms import Confirms


def test_a_ring_counts_as_kept_only_after_the_brokers_word() -> None:
    confirms, ring = Confirms(), new_id()
    number = confirms.expect(ring)
    assert (confirms.is_waiting, confirms.take()) == (True, frozenset())
    confirms.acked(number, False)
    assert (confirms.is_waiting, confirms.take()) == (False, frozenset({ring}))


def test_one_answer_may_speak_for_all_up_to_a_number() -> None:
    confirms = Confirms()
    rings = [new_id() for _ in range(5)]
    for ring in rings:
        confirms.expect(ring)
    confirms.acked(3, True)
    assert confirms.is_waiting
    confirms.acked(5, False)
    confirms.acked(4, False)
    assert confirms.take() == set(rings)


def test_a_ring_that_the_broker_did_not_take_is_not_kept() -> None:
    confirms, taken, refused = Confirms(), new_id(), new_id()
    confirms.acked(confirms.expect(taken), False)
    confirms.nacked(confirms.expect(refused), False)
    assert not confirms.is_waiting
    assert confirms.take() == {taken}


def test_a_ring_that_came_back_is_not_kept_though_it_is_confirmed() -> None:
    confirms, ring = Confirms(), new_id()
    number = confirms.expect(ring)
    confirms.returned(ring)
    confirms.acked(number, False)
    assert confirms.take() == frozenset()


def test_the_next_batch_starts_clean_and_numbers_go_on() -> None:
    confirms, first, second = Confirms(), new_id(), new_id()
    confirms.acked(confirms.expect(first), False)
    assert confirms.take() == {first}
    assert confirms.expect(second) == 2
    confirms.acked(1, False)  # said twice
    assert confirms.take() == frozenset()
    confirms.acked(2, False)
    assert confirms.take() == {second}
