"""What pages send without the module: beacons and forms of their own."""

import pytest

from games.models import Game
from promo.tests.browser.conftest import NewPage

BEACON = """async () => {
  const answered = new Promise((resolve) => {
    new PerformanceObserver((list) => {
      const [entry] = list.getEntries().filter(({ name }) => name.includes("verification_mail"));
      if (entry) resolve(entry.responseStatus);
    }).observe({ type: "resource" });
  });
  const body = JSON.stringify({ email: "cem@test.ru" });
  return navigator.sendBeacon("/api/verification_mail/", body) && answered;
}"""
FORM = """async () => {
  const body = new FormData();
  body.append("email", "cem@test.ru");
  return (await fetch("/api/verification_mail/", { method: "POST", body })).status;
}"""


@pytest.mark.parametrize("send", [BEACON, FORM])
def test_play_without_the_module(new_page: NewPage, send: str) -> None:
    assert new_page().evaluate(send) == 200
    assert Game.objects.get().play_count == 1
