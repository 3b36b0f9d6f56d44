"""Functions that play the game in a browser."""

from collections.abc import Callable, Iterable

from playwright.sync_api import Locator, Page, Request, expect

Open = Callable[[Page, int], None]
CARDS = 12


def card(page: Page, number: int) -> Locator:
    return page.locator("#board .card").nth(number)


def click(page: Page, number: int) -> None:
    card(page, number).click()


def tap(page: Page, number: int) -> None:
    card(page, number).tap()


def press(page: Page, number: int) -> None:
    """Open a card by keys alone, wherever the focus is."""
    expect(page.locator("#board")).to_be_visible()
    index = "[...document.querySelectorAll('.card')].indexOf(document.activeElement)"
    while page.evaluate(index) < 0:
        page.keyboard.press("Tab")
    while (at := page.evaluate(index)) != number:
        page.keyboard.press("ArrowRight" if at < number else "ArrowLeft")
    page.keyboard.press("Enter")


def look(page: Page, number: int, open_card: Open) -> str:
    """Open a card, unless its pair is found, and return the name of its stamp."""
    if card(page, number).get_attribute("data-state") != "found":
        open_card(page, number)
    expect(card(page, number)).not_to_have_attribute("data-state", "closed")
    label = card(page, number).get_attribute("aria-label") or ""
    return label.rpartition(": ")[2]


def pairs_of(names: Iterable[str]) -> list[list[int]]:
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        places.setdefault(name, []).append(place)
    return list(places.values())


def play_game(page: Page, open_card: Open = click) -> None:
    """Play to the end: look at each card once, then open the pairs."""
    pairs = pairs_of([look(page, number, open_card) for number in range(CARDS)])
    expect(page.locator(".card[data-state=open]")).to_have_count(0)
    for pair in pairs:
        for number in pair:
            look(page, number, open_card)
    expect(page.locator("#leave")).to_be_visible()


def leave_address(page: Page, address: str) -> None:
    page.locator("#email").fill(address)
    page.locator("verification-mail button[type=submit]").click()


def answer(page: Page) -> Locator:
    return page.locator("verification-mail [part=words]")


def fake_answer(page: Page, count: int) -> None:
    """Let the API answer that this was the address's play number `count`."""
    body = {"esp_status": True, "games_status": count > 1, "games_count": count}
    page.route("**/api/verification_mail/", lambda route: route.fulfill(json=body))


def finish_game(page: Page) -> None:
    """Open all pairs at once, for tests of the address form."""
    page.evaluate(
        "[...document.querySelectorAll('.card')]"
        ".sort((a, b) => a.dataset.stamp.localeCompare(b.dataset.stamp))"
        ".forEach((card) => card.click())"
    )
    expect(page.locator("#leave")).to_be_visible()


def sent_keys(page: Page) -> list[str]:
    """Return the list that the keys of all requests to the API, from now on, are added to."""
    keys: list[str] = []

    def note(request: Request) -> None:
        if request.method == "POST" and "idempotency-key" in request.headers:
            keys.append(request.headers["idempotency-key"])

    page.on("request", note)
    return keys


def begin_again(page: Page) -> None:
    """Make the page as new: without a won game, waiting plays or made-up answers."""
    page.unroute_all()
    page.evaluate("localStorage.clear(); sessionStorage.clear()")
    page.reload()


def hurry(page: Page) -> None:
    """Let the page's short timers end at once, such as the pauses before another try."""
    page.evaluate(
        """() => {
          const setTimer = setTimeout;
          window.setTimeout = (run, delay) => setTimer(run, delay < 4000 ? 0 : delay);
        }"""
    )
