"""The style as tests. A list of exceptions may only shrink, and each has its reason."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.source import PACKAGE, ROOT, functions, modules, other_python, other_sources, relative, tree

MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
DRAWERS = {"util", "utils", "helper", "helpers", "common", "misc"}
FOLDER_DEPTH_MAX = 3

# path -> reason; may only shrink.
LONG_MODULES: dict[str, str] = {
    "sdk/tests/test_propagation.py": "a table of headers for each format",
    "tests/storage/embedded/test_segment.py": "cases of one file format",
    "tests/storage/embedded/test_store.py": "cases of one class",
}
LONG_FUNCTIONS: dict[str, str] = {
    "native/store/src/buffer/writer.rs:append": "a row on its way into the buffer, field by field",
    "native/store/src/segment/write.rs:write_data": "a file from its first row group to its last",
    "ui/e2e/skeletons.ts:skeletonBytes": "a format from its first section to its last",
    "ui/src/pages/search/bar.tsx:QueryBar": "one component: its state and its markup",
    "ui/src/pages/search/drop.tsx:Drop": "one component: its state and its markup",
    "ui/src/pages/trace/events.tsx:Events": "one component: its state and its markup",
    "ui/src/pages/trace/store.ts:createStore": "the signals of a page, each made of those before it",
    "ui/src/pages/trace/waterfall.tsx:keepDrawn": "what a frame draws, in order",
    "ui/src/ui/settings.tsx:Settings": "one component: its state and its markup",
}
WALL_CLOCK: dict[str, str] = {"src/lymer/component/clock.py": "it is the clock"}


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    sources = [*modules(), *other_sources(), *other_python()]
    long = {relative(path): n for path in sources if (n := len(path.read_text().splitlines())) > MODULE_LINES_MAX}
    assert set(long) <= set(LONG_MODULES), long


def test_no_function_is_longer_than_a_screen() -> None:
    long = {
        function.where.split(":")[0] + ":" + function.name: function.lines
        for function in functions()
        if function.lines > FUNCTION_LINES_MAX
    }
    assert set(long) <= set(LONG_FUNCTIONS), long


def test_the_exceptions_are_there() -> None:
    named = {function.where.split(":")[0] + ":" + function.name for function in functions()}
    assert set(LONG_FUNCTIONS) <= named


def test_there_are_no_drawers() -> None:
    names = [
        path for path in [*modules(), *other_sources(), *other_python()] if {path.stem, path.parent.name} & DRAWERS
    ]
    assert not names


def test_folders_are_at_most_three_levels_deep() -> None:
    deep = [path for path in modules() if len(path.relative_to(PACKAGE).parts) > FOLDER_DEPTH_MAX + 1]
    assert not deep


@pytest.mark.parametrize("path", modules(), ids=relative)
def test_every_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(tree(path)), f"{relative(path)} has no docstring"


@pytest.mark.parametrize("path", [path for path in modules() if path.name == "__init__.py"], ids=relative)
def test_package_faces_only_hand_names_on(path: Path) -> None:
    allowed = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.Expr, ast.If)
    strangers = [node for node in tree(path).body if not isinstance(node, allowed)]
    lazy_names = {"__getattr__", "__dir__"}  # a lazy import keeps the start quick
    assert [node for node in strangers if getattr(node, "name", "") not in lazy_names] == []


@pytest.mark.parametrize("path", modules(), ids=relative)
def test_nothing_asks_the_machine_for_the_time(path: Path) -> None:
    if relative(path) in WALL_CLOCK:
        return
    text = path.read_text()
    assert not re.search(r"\btime\.(time|time_ns|monotonic|monotonic_ns)\(|\bdatetime\.now\(", text)


def test_every_source_begins_by_saying_what_it_is() -> None:
    silent = [
        relative(path) for path in other_sources() if path.suffix == ".rs" and not path.read_text().startswith("//!")
    ]
    assert not [path for path in silent if "/fuzz_targets/" not in path]


def test_every_column_of_the_schema_has_a_sentence() -> None:
    from lymer.model.schema import COLUMNS

    assert all(column.meaning.endswith(".") for column in COLUMNS)


def test_the_native_stub_names_what_is_there() -> None:
    from lymer import _native

    stub = ast.parse((PACKAGE / "_native.pyi").read_text())
    for node in stub.body:
        if isinstance(node, ast.FunctionDef):
            assert hasattr(_native, node.name), node.name
        if isinstance(node, ast.ClassDef):
            holder = getattr(_native, node.name)
            missing = [
                item.name for item in node.body if isinstance(item, ast.FunctionDef) and not hasattr(holder, item.name)
            ]
            assert not missing, f"{node.name}: {missing}"


def test_imports_go_down_the_stairs() -> None:
    command = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_native_core_is_called_by_wire_the_embedded_store_and_the_grpc_server_alone() -> None:
    """import-linter sees no modules that are not Python."""
    callers = {
        relative(path) for path in modules() if re.search(r"\blymer\._native\b|lymer import _native", path.read_text())
    }
    allowed = ("src/lymer/wire/", "src/lymer/storage/embedded/", "src/lymer/component/grpc_")
    assert not [path for path in callers if not path.startswith(allowed)]


LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(#[^)]*)?\)")


def test_links_in_the_documents_lead_somewhere() -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "changes").glob("*.md")]
    dead = [
        f"{document.relative_to(ROOT)}: {target}"
        for document in documents
        for target, _ in LINK.findall(document.read_text())
        if "://" not in target and not target.startswith("mailto:") and not (document.parent / target).exists()
    ]
    assert not dead


def test_every_page_of_the_documentation_is_found_from_its_first() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    listed = {(ROOT / "docs" / target).resolve() for target, _ in LINK.findall(index)}
    pages = {page for page in (ROOT / "docs").rglob("*.md") if page.parent.name != "adr"}
    assert pages - listed == {ROOT / "docs" / "README.md"}


PATH = re.compile(r"`((?:bench|changes|corpus|deploy|docs|e2e|examples|native|packaging|sdk|src|tests|ui)/[\w./-]*)`")


def test_paths_in_the_documents_are_there() -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    gone = [
        f"{document.relative_to(ROOT)}: {path}"
        for document in documents
        for path in PATH.findall(document.read_text())
        if not (ROOT / path).exists() and not (document.parent / path).exists()
    ]
    assert not gone


def test_files_of_changes_say_what_kind_they_are() -> None:
    names = {file.name for file in (ROOT / "changes").iterdir()} - {"README.md"}
    assert not [name for name in names if not re.fullmatch(r"[a-z0-9-]+\.(added|changed|fixed|removed)\.md", name)]


def test_readme_names_only_commands_that_exist() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for name in ("README.md", "README.zh-CN.md", "CONTRIBUTING.md"):
        named = set(re.findall(r"^\s*make ([a-z-]+)", (ROOT / name).read_text(), re.MULTILINE))
        assert named <= targets, f"{name}: {named - targets}"


def test_entry_points_resolve() -> None:
    import tomllib
    from importlib import import_module

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for group in project["entry-points"].values():
        for target in group.values():
            module, _, name = target.partition(":")
            assert hasattr(import_module(module), name), target
