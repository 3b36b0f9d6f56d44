"""What other sites' developers read and load: docs/frontend.md and the types of the modules."""

import re
from pathlib import Path
from textwrap import indent

import pytest
from django.conf import settings
from django.test import Client

ROOT = Path(settings.BASE_DIR)
EXAMPLES = [
    "react/src/Promo.tsx",
    "vue/vite.config.js",
    "vue/src/Promo.vue",
    "svelte/src/Promo.svelte",
]


@pytest.mark.parametrize("name", EXAMPLES)
def test_documentation_shows_the_examples(name: str) -> None:
    example = (ROOT / "frontend/examples" / name).read_text()
    assert indent(example, "    ") in (ROOT / "docs/frontend.md").read_text()


@pytest.mark.parametrize("module", ["", "-form", "-keys", "-waiting"])
def test_types_are_served_beside_the_modules(client: Client, module: str) -> None:
    name = f"verification-mail{module}.d.ts"
    response = client.get(f"/{name}")
    served = b"".join(response)
    assert served == (ROOT / "promo/static/games" / name).read_bytes()
    assert response.headers["Access-Control-Allow-Origin"] == "*"


# The types of the element are written by hand; the others are made from the JSDoc.
MODULES = ROOT / "promo/static/games"
ELEMENT = (MODULES / "verification-mail-form.js").read_text()
TYPES = (MODULES / "verification-mail-form.d.ts").read_text()


def names(pattern: str, text: str) -> set[str]:
    return set(re.findall(pattern, text, re.MULTILINE))


def test_types_name_the_attributes_of_the_element() -> None:
    code = "".join(path.read_text() for path in MODULES.glob("verification-mail*.js"))
    read = names(r'(?:this|element)\.(?:get|has)Attribute\("([a-z-]+)"\)', code)
    attributes = TYPES.partition("interface VerificationMailAttributes {")[2].partition("}\n")[0]
    assert names(r'^  "?([a-z-]+)"?\?:', attributes) == read | {"lang"}


def test_types_name_the_members_of_the_element() -> None:
    members = names(r"^  (?:get )?(\w+)\(.*\) \{$", ELEMENT)
    lifecycle = {"constructor", "connectedCallback", "disconnectedCallback"}
    _, _, element = TYPES.partition("interface VerificationMail extends HTMLElement {")
    typed = names(r"^  (?:readonly )?(\w+)[(:]", element.partition("\n}")[0])
    assert typed == members - lifecycle | {"addEventListener"}


def test_types_name_the_events_of_the_element() -> None:
    events = TYPES.partition("interface VerificationMailEvents {")[2].partition("}")[0]
    assert names(r"^  (\w+):", events) == names(r'#tell\("(\w+)"', ELEMENT)
