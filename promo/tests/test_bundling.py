"""How modules are joined."""

from graphlib import CycleError
from pathlib import Path
from textwrap import dedent

import pytest

from promo.bundling import CannotJoin, join

Files = dict[str, str]


def joined(folder: Path, files: Files, *, apart: list[str] | None = None) -> str:
    for name, text in files.items():
        (folder / name).write_text(dedent(text))
    return join(folder, "entry.js", apart=apart or [])


def test_module_comes_after_what_it_imports(tmp_path: Path) -> None:
    files = {
        "entry.js": """\
            import { b } from "./b.js";
            import { a } from "./a.js";
            export const both = a + b;
            """,
        "a.js": "export const a = 1;\n",
        "b.js": 'import { a } from "./a.js";\nexport const b = a + 1;\n',
    }
    assert joined(tmp_path, files) == (
        "const a = 1;\nconst b = a + 1;\nexport const both = a + b;\n"
    )


def test_modules_apart_are_imported_once(tmp_path: Path) -> None:
    files = {
        "entry.js": """\
            import { x, z } from "./apart.js";
            import { a } from "./a.js";
            use(x, z, a);
            """,
        "a.js": 'import { x, y } from "./apart.js";\nexport const a = x + y;\n',
    }
    assert joined(tmp_path, files, apart=["apart.js", "entry.js"]) == (
        'import { x, y, z } from "./apart.js";\nconst a = x + y;\nuse(x, z, a);\n'
    )


@pytest.mark.parametrize(
    "line",
    [
        'import a from "./a.js";',
        'import * as a from "./a.js";',
        'import { a as b } from "./a.js";',
        'import "./a.js";',
        'import {\n  a,\n} from "./a.js";',
        'import { a } from "elsewhere";',
        "export default a;",
        "export { a };",
        "export let a;",
        'export * from "./a.js";',
        "const { a } = b;",
        "var a;",
    ],
)
def test_unknown_form_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(CannotJoin, match="cannot read"):
        joined(tmp_path, {"entry.js": f"{line}\n", "a.js": ""})


@pytest.mark.parametrize(
    "declaration",
    ["const a = 2;", "let a;", "function a() {}", "async function a() {}", "class a {}"],
)
def test_name_that_two_modules_use_is_refused(tmp_path: Path, declaration: str) -> None:
    files = {
        "entry.js": f'import {{ b }} from "./b.js";\n{declaration}\n',
        "b.js": "const a = 1;\nexport const b = a;\n",
    }
    with pytest.raises(CannotJoin, match="two modules use the name: a"):
        joined(tmp_path, files)


def test_name_of_another_module_apart_is_refused(tmp_path: Path) -> None:
    files = {
        "entry.js": 'import { b } from "./b.js";\nimport { a } from "./apart.js";\n',
        "b.js": "export function b() {}\nconst a = 1;\n",
    }
    with pytest.raises(CannotJoin, match="two modules use the name: a"):
        joined(tmp_path, files, apart=["apart.js"])


def test_circle_is_refused(tmp_path: Path) -> None:
    files = {
        "entry.js": 'import { a } from "./a.js";\nexport const b = 1;\n',
        "a.js": 'import { b } from "./entry.js";\nexport const a = 1;\n',
    }
    with pytest.raises(CycleError):
        joined(tmp_path, files)
