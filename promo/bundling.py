"""Joins JavaScript modules, so that a browser loads one file.

It knows no more of the language than these modules need: semicolons, an import on one line, an
export before a declaration. What it does not know raises CannotJoin; a test joins all modules.
"""

import re
from collections import Counter
from collections.abc import Container
from graphlib import TopologicalSorter
from pathlib import Path

IMPORT = re.compile(r'^import \{ (\w+(?:, \w+)*) \} from "\./([\w-]+\.js)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async function|function|class|const) \w)", re.MULTILINE)
UNKNOWN = re.compile(r"^(?:import|export|var|(?:const|let) [^\w]).*", re.MULTILINE)
DECLARED = re.compile(r"^(?:async function|function|class|const|let) (\w+)", re.MULTILINE)


class CannotJoin(Exception):
    """The modules have a form that join() does not know, or two of them use the same name."""


def join(folder: Path, name: str, *, apart: Container[str]) -> str:
    """Return the module after those that it imports, with its exports.

    From the modules `apart` it imports as before. Raise CannotJoin, or CycleError.
    """
    texts: dict[str, str] = {}
    imports: dict[str, list[str]] = {}
    unread = [name]
    while unread:
        each = unread.pop()
        if each not in texts:
            texts[each] = (folder / each).read_text()
            imports[each] = [module for _names, module in IMPORT.findall(texts[each])]
            unread += [module for module in imports[each] if module not in apart]
    order = [each for each in TopologicalSorter(imports).static_order() if each in texts]
    codes = {each: IMPORT.sub("", texts[each]) for each in order}
    imported = _imported("".join(texts.values()), apart)
    _check("".join(codes.values()), [each for names in imported.values() for each in names])
    heads = [f'import {{ {", ".join(imported[each])} }} from "./{each}";\n' for each in imported]
    inner = [EXPORT.sub("", codes[each]) for each in order if each != name]
    return "".join([*heads, *inner, codes[name]])


def _imported(text: str, apart: Container[str]) -> dict[str, list[str]]:
    """Return the names that are imported from each module apart."""
    found: dict[str, set[str]] = {}
    for names, module in IMPORT.findall(text):
        if module in apart:
            found.setdefault(module, set()).update(names.split(", "))
    return {module: sorted(found[module]) for module in sorted(found)}


def _check(text: str, imported: list[str]) -> None:
    text = EXPORT.sub("", text)
    if unknown := UNKNOWN.search(text):
        raise CannotJoin(f"cannot read: {unknown[0]}")
    uses = Counter(DECLARED.findall(text) + imported)
    if twice := [name for name, number in uses.items() if number > 1]:
        raise CannotJoin(f"two modules use the name: {', '.join(twice)}")
