"""The keyboard on its way through a page, stop by stop: each is in the window, and something shows that it is there."""

from __future__ import annotations

from tests.browser.visit import Visit

#: What the browser draws around where the keyboard stands, and whether that is in the window at all.
_STOP = """(() => {
    const stop = document.activeElement;
    if (stop === document.body) return null;  // past the last, before the first
    const style = getComputedStyle(stop), place = stop.getBoundingClientRect();
    const seen = place.bottom > 0 && place.right > 0 && place.top < innerHeight && place.left < innerWidth;
    // A box or a circle is drawn by its label.
    const drawn = stop.labels?.length ? getComputedStyle(stop.labels[0], '::before') : style;
    const has = one => one.outlineStyle !== 'none' && parseFloat(one.outlineWidth) >= 2;
    return {text: (stop.textContent || stop.getAttribute('aria-label') || stop.name || '').replace(/\\s+/g, ' ').trim(),
            name: stop.name || '', outlined: has(style) || has(drawn), seen: seen};
})()"""


def goes_to(visit: Visit, called: str, *, by: str = "text", stops: int = 90, is_ours: bool = True) -> None:
    """Press Tab until the keyboard stands on what is called so, or begins so; each stop on the way is seen.

    :param by: ``text``, or ``name`` for the field of a form.
    :param is_ours: whether the page is of the hub, and its stops are to be seen.
    """
    for _ in range(stops):
        visit.page.keyboard.press("Tab")
        stop = visit.says(_STOP)
        if stop is None:
            continue
        if is_ours:
            assert stop["seen"], f"{stop['text']} has the keyboard outside of the window"
            assert stop["outlined"], f"nothing shows that {stop['text'] or stop['name']} has the keyboard"
        if stop[by].startswith(called):
            return
    raise AssertionError(f"The keyboard never came to {called!r} in {stops} stops")


def presses(visit: Visit, called: str, leads_to: str) -> None:
    """Go to a link or a button and press Enter; wait until a page is there whose address ends so."""
    goes_to(visit, called)
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url(lambda url: url.endswith(leads_to))
