#!/usr/bin/env python3
"""Holds the rules on who may use whom, in the core (src/) and in the server (server/src/).

Reads the `use` lines and the paths in the code (`crate::a::B`, `super::b()`, `words::split(…)`) of everything that is not
a test, and checks:

  1. the imports that FORBIDDEN lists do not occur;
  2. no files of the server use each other in a circle;
  3. no units of the core use each other in a circle. A unit is a folder of src/sweep or src/estimate, or a file that
     stands in one of them (src/sweep/words/ and src/sweep/plan.rs are one each), or a whole module beside them
     (src/formula, src/api, src/launch). Inside a unit files may use each other as they like: a folder's mod.rs and the
     files beside it are one thing in several parts.

A path counts as a use of the file that *defines* what it names. So a `mod.rs` that passes on what its files define
(`pub use diagnostic::Diagnostic`) uses none of them, unless its own code names it, and is used by nobody for it.
Methods, macros' expansions and types that no path names leave no trace here: the compiler knows more than this script.

    scripts/imports.py              check the repository; exit status 1 if a rule is broken
    scripts/imports.py --self-test  check the script itself on small texts

It needs Python 3.10 and nothing else.
"""

import re
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Rule:
    """No file below `user` uses one below any of `used` (paths, or crates by name), but for those below any of `but`."""

    user: str
    used: tuple[str, ...]
    but: tuple[str, ...] = ()


SQL = ("rusqlite",)
HTTP = ("axum", "axum_extra", "hyper", "tower", "tower_http")

FORBIDDEN = (
    # The server's rooms, in the order of who may use whom.
    # A run that is not stored yet has its trials as the core's plan of them.
    Rule("server/src/model/", ("server/src/", "src/", *SQL, *HTTP), but=("server/src/model/", "src/api/", "src/estimate/", "src/sweep/", "src/launch/")),
    Rule("server/src/store/", ("server/src/http/", "server/src/runner/", "server/src/sources/", *HTTP)),
    Rule("server/src/runner/", ("server/src/http/",)),
    Rule("server/src/runner/engine/", ("server/src/store/", *SQL)),
    # The core has no page in it, and what travels has nothing of the core but how Python prints a float.
    Rule("src/sweep/", ("src/page/",)),
    Rule("src/formula/", ("src/page/",)),
    Rule("src/estimate/", ("src/page/",)),
    Rule("src/launch/", ("src/page/",)),
    Rule("src/terminal/", ("src/page/",)),
    Rule("src/api/", ("src/sweep/", "src/formula/", "src/estimate/", "src/launch/", "src/page/"), but=("src/sweep/literal/value.rs",)),
)

# The crates, by the names that paths call them, with the files their modules begin at.
CRATES = {"sweep_planner": "src/lib.rs", "sweep_server": "server/src/lib.rs"}
# The folders of the core whose files and folders are a unit each; whatever else is in src/ is one by its first folder.
SPLIT = ("src/sweep", "src/estimate")
# The server's first room. Before it exists, none of the server's rules is checked.
ROOMS = "server/src/model/"

Files = dict[str, str]


# Reading one file ------------------------------------------------------------------------------------------------------

COMMENT_OR_LITERAL = re.compile(
    r"""//[^\n]*|/\*.*?\*/|b?r(?P<hashes>\#*)".*?"(?P=hashes)|b?"(?:\\.|[^"\\])*"|b?'(?:\\.[^']*|[^'\\])'""",
    re.DOTALL,
)
# The paths that serde's attributes hold in quotes.
QUOTED_PATH = re.compile(r'(\b(?:with|serialize_with|deserialize_with|default|skip_serializing_if)\s*=\s*)"([\w:]+)"')
TEST_ONLY = re.compile(r"#\[cfg\((?:test|all\(test\b[^\]]*)\)\]")
USE = re.compile(r"(?P<public>\bpub\s*(?:\([^)]*\))?\s+)?\buse\s+(?P<tree>[^;]+);")
# Declarations that name a module without using it.
NAMED_ONLY = re.compile(r"\bpub\s*\(\s*in\s[^)]*\)|\bmod\s+\w+\s*;")
PATH = re.compile(r"(?<![\w:])[A-Za-z_]\w*(?:\s*::\s*[A-Za-z_]\w*)+")
ITEM = re.compile(r"\b(?:fn|struct|enum|union|trait|type|const|static|mod)\s+(?!fn\b)(?:mut\s+)?(\w+)|\bmacro_rules!\s*(\w+)")
CHILD = re.compile(r"\bmod\s+(\w+)\s*(;|\{)")


def blanked(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def without_comments(text: str) -> str:
    """The code alone: comments and literals become blanks, so that lines keep their numbers."""
    text = QUOTED_PATH.sub(lambda found: f"{found[1]} {found[2]} ", text)
    return COMMENT_OR_LITERAL.sub(lambda found: blanked(found[0]), text)


def end_of_item(code: str, start: int) -> int:
    """Behind the `;` or the closing brace that ends the item at `start`."""
    depth = 0
    for position in range(start, len(code)):
        character = code[position]
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
            if depth == 0 and character == "}":
                return position + 1
        elif character == ";" and depth == 0:
            return position + 1
    return len(code)


def without_tests(code: str) -> str:
    while found := TEST_ONLY.search(code):
        end = end_of_item(code, found.end())
        code = code[: found.start()] + blanked(code[found.start() : end]) + code[end:]
    return code


def top_level(code: str) -> str:
    """What stands in no braces."""
    kept, depth = [], 0
    for character in code:
        depth -= character == "}"
        kept.append(character if depth == 0 or character == "\n" else " ")
        depth += character == "{"
    return "".join(kept)


def leaves(tree: str) -> Iterator[tuple[list[str], str | None]]:
    """The paths of a `use` tree with the names they are given; `*` and `_` give no name."""
    tree = tree.strip()
    if "{" in tree:
        before, inner = tree.split("{", 1)
        prefix = [part.strip() for part in before.split("::") if part.strip()]
        for branch in branches(inner[: inner.rindex("}")]):
            for path, name in leaves(branch):
                if path == ["self"]:
                    yield prefix, prefix[-1] if name == "self" else name
                else:
                    yield prefix + path, name
        return
    path_text, _, alias = tree.partition(" as ")
    path = [part.strip() for part in path_text.split("::") if part.strip()]
    if path:
        name = alias.strip() or path[-1]
        yield path, None if name in ("*", "_") else name


def branches(inner: str) -> Iterator[str]:
    depth, start = 0, 0
    for position, character in enumerate(inner):
        depth += (character == "{") - (character == "}")
        if character == "," and depth == 0:
            yield inner[start:position]
            start = position + 1
    if inner[start:].strip():
        yield inner[start:]


@dataclass
class Import:
    path: list[str]
    name: str | None
    public: bool
    line: int


@dataclass
class Module:
    """A module, whether it is a file or stands in braces in one."""

    file: str
    parent: "Module | None" = None
    children: dict[str, "Module"] = field(default_factory=dict)
    items: set[str] = field(default_factory=set)
    imports: list[Import] = field(default_factory=list)
    paths: list[tuple[list[str], int]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def root(self) -> "Module":
        return self if self.parent is None else self.parent.root()

    def all(self) -> Iterator["Module"]:
        yield self
        for child in self.children.values():
            yield from child.all()


def read_module(files: Files, file: str, parent: Module | None) -> Module:
    code = without_tests(without_comments(files[file]))
    return read_code(files, Module(file, parent), code, 1, folder_of(file))


def folder_of(file: str) -> str:
    """The folder of the modules that `file` declares."""
    folder, _, name = file.rpartition("/")
    return folder if name in ("mod.rs", "lib.rs", "main.rs") else f"{folder}/{name.removesuffix('.rs')}"


def read_code(files: Files, module: Module, code: str, first_line: int, folder: str) -> Module:
    outer = top_level(code)
    for found in CHILD.finditer(outer):
        name, opening = found[1], found[2]
        if opening == "{":
            end = end_of_item(code, found.start())
            inside = code[found.end() : end - 1]
            line = first_line + code.count("\n", 0, found.end())
            module.children[name] = read_code(files, Module(module.file, module), inside, line, f"{folder}/{name}")
            code = code[: found.end()] + blanked(inside) + code[end - 1 :]
        else:
            for file in (f"{folder}/{name}.rs", f"{folder}/{name}/mod.rs"):
                if file in files:
                    module.children[name] = read_module(files, file, module)
    module.items = {found[1] or found[2] for found in ITEM.finditer(top_level(code))} - module.children.keys()
    for found in USE.finditer(code):
        line = first_line + code.count("\n", 0, found.start())
        module.imports += [Import(path, name, bool(found["public"]), line) for path, name in leaves(found["tree"])]
    for declaration in (USE, NAMED_ONLY):
        code = declaration.sub(lambda found: blanked(found[0]), code)
    for found in PATH.finditer(code):
        line = first_line + code.count("\n", 0, found.start())
        module.paths.append((re.split(r"\s*::\s*", found[0]), line))
    module.names = set(re.findall(r"\w+", code))
    return module


# Who uses whom ---------------------------------------------------------------------------------------------------------

# What a path leads to: a module, the file that defines an item, or a crate of others by name.
@dataclass(frozen=True)
class Crate:
    name: str


Target = Module | str | Crate


@dataclass(frozen=True)
class Evidence:
    file: str
    line: int
    path: str
    used: str

    def __str__(self) -> str:
        where = "" if re.fullmatch(r"\w+", self.used) else f", in {self.used}"
        return f"{self.file}:{self.line} uses {self.path}{where}"


Graph = dict[str, dict[str, Evidence]]


@dataclass
class Workspace:
    crates: dict[str, Module]

    def resolve(self, module: Module, path: list[str], seen: frozenset[tuple[int, str]] = frozenset()) -> Target:
        first, rest = path[0], path[1:]
        here: Target | None
        if first == "crate":
            here = module.root()
        elif first == "self":
            here = module
        elif first == "super":
            here = module.parent or module
        else:
            here = self.lookup(module, first, seen)
            if here is None and first in self.crates:
                here = self.crates[first]
            if here is None:
                return Crate(first)
        for name in rest:
            if not isinstance(here, Module):
                return here
            if name == "super":
                here = here.parent or here
            elif name not in ("self", "*"):
                here = self.lookup(here, name, seen) or here.file
        return here

    def lookup(self, module: Module, name: str, seen: frozenset[tuple[int, str]]) -> Target | None:
        """What `name` is in `module`: its own, or what it imports or passes on."""
        if (id(module), name) in seen:
            return None
        seen |= {(id(module), name)}
        if name in module.children:
            return module.children[name]
        if name in module.items:
            return module.file
        for entry in module.imports:
            if entry.name == name:
                return self.resolve(module, entry.path, seen)
        for entry in module.imports:
            if entry.path[-1] == "*":
                passed_on = self.resolve(module, entry.path, seen)
                if isinstance(passed_on, Module) and (target := self.lookup(passed_on, name, seen)):
                    return target
        return None

    def uses(self) -> Graph:
        """For each file the files and the crates that it uses, each with the first place where it does."""
        graph: Graph = {}
        for crate in self.crates.values():
            for module in crate.all():
                edges = graph.setdefault(module.file, {})
                for path, line in self.paths_that_count(module):
                    target = self.resolve(module, path)
                    used = target.file if isinstance(target, Module) else target.name if isinstance(target, Crate) else target
                    if used != module.file:
                        edges.setdefault(used, Evidence(module.file, line, "::".join(path), used))
        return graph

    def paths_that_count(self, module: Module) -> Iterator[tuple[list[str], int]]:
        first_names = {path[0] for path, _ in module.paths}
        for entry in module.imports:
            # What is only passed on is no use, and a module's name is none: the paths behind it are.
            if entry.public and entry.name not in module.names:
                continue
            if entry.name in first_names and isinstance(self.resolve(module, entry.path), Module):
                continue
            yield entry.path, entry.line
        yield from module.paths


def read_workspace(files: Files) -> Workspace:
    crates = {name: read_module(files, file, None) for name, file in CRATES.items() if file in files}
    for name, file in CRATES.items():
        main = file.replace("lib.rs", "main.rs")
        if main in files:
            crates[f"{name} (main)"] = read_module(files, main, None)
    return Workspace(crates)


def unit_of(file: str) -> str | None:
    """The unit of the core that `file` belongs to."""
    if not file.startswith("src/") or file in ("src/lib.rs", "src/main.rs"):
        return None
    for parent in SPLIT:
        if file.startswith(f"{parent}/"):
            child = file.removeprefix(f"{parent}/").split("/")[0].removesuffix(".rs")
            return f"{parent}/{child}"
    return "/".join(file.split("/")[:2]).removesuffix(".rs")


def between_units(uses: Graph) -> Graph:
    units: Graph = {}
    for file, edges in uses.items():
        for used, evidence in edges.items():
            unit, other = unit_of(file), unit_of(used)
            if unit and other and unit != other:
                units.setdefault(unit, {}).setdefault(other, evidence)
    return units


# The rules -------------------------------------------------------------------------------------------------------------


def circles(graph: Graph) -> list[list[str]]:
    """For each knot (what uses itself through others), its shortest circle."""
    reachable = {node: reach(graph, node) for node in graph}
    knots: dict[frozenset[str], None] = {}
    for node in sorted(graph):
        if node in reachable[node]:
            knots[frozenset(other for other in reachable[node] if node in reachable.get(other, ()))] = None
    return [min((shortest_circle(graph, node) for node in sorted(knot)), key=len) for knot in knots]


def reach(graph: Graph, start: str) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for used in graph.get(waiting.pop(), ()):
            if used not in found:
                found.add(used)
                waiting.append(used)
    return found


def shortest_circle(graph: Graph, start: str) -> list[str]:
    waiting = deque([[start]])
    seen = set()
    while waiting:
        way = waiting.popleft()
        for used in graph.get(way[-1], ()):
            if used == start:
                return way
            if used not in seen:
                seen.add(used)
                waiting.append([*way, used])
    return [start]


def reported_circles(graph: Graph, what: str) -> Iterator[str]:
    for circle in circles(graph):
        steps = zip(circle, [*circle[1:], circle[0]], strict=True)
        lines = [f"    {graph[user][used]}" for user, used in steps]
        yield "\n".join([f"{what} use each other in a circle: {' → '.join([*circle, circle[0]])}", *lines])


def forbidden_imports(files: Iterable[str], uses: Graph, rules: Iterable[Rule]) -> Iterator[str]:
    for rule in rules:
        folders = [rule.user, *(used for used in rule.used if "/" in used), *rule.but]
        for folder in folders:
            if not any(file.startswith(folder) for file in files):
                yield f"FORBIDDEN names {folder}, which does not exist"
        for file, edges in uses.items():
            for used, evidence in edges.items():
                banned = next((name for name in rule.used if used == name or "/" in name and used.startswith(name)), None)
                if file.startswith(rule.user) and banned and not used.startswith(rule.but):
                    yield f"{rule.user} must not use {banned}:\n    {evidence}"


def breaches(files: Files, rules: Iterable[Rule]) -> list[str]:
    uses = read_workspace(files).uses()
    rooms = any(file.startswith(ROOMS) for file in files)
    checked = [rule for rule in rules if rooms or not rule.user.startswith("server/")]
    found = list(forbidden_imports(files, uses, checked))
    if rooms:
        server = {file: edges for file, edges in uses.items() if file.startswith("server/src/")}
        found += reported_circles(server, "files of the server")
    return found + list(reported_circles(between_units(uses), "units of the core"))


def read_files(root: Path) -> Files:
    sources = [path for folder in ("src", "server/src") for path in sorted((root / folder).rglob("*.rs"))]
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in sources}


# The script's own test -------------------------------------------------------------------------------------------------


# A workspace in which all rules hold, and what breaks one of them when it takes the place of a file.
SOUND = {
    "src/lib.rs": "pub mod api; pub mod estimate; pub mod sweep;",
    "src/api.rs": "pub struct Run; #[serde(with = \"crate::sweep::plan::wire\")] struct Sent;",
    "src/sweep/mod.rs": "pub mod plan; pub mod words; pub use plan::{Plan as Whole, wire}; pub use words::*;",
    "src/sweep/plan.rs": "use super::words::{self, Lexer}; pub(in crate::sweep) struct Plan; pub mod wire {} fn plan(_: Lexer) { words::split() }",
    "src/sweep/words/mod.rs": "mod lexer; mod shell; pub use lexer::Lexer; use shell::quoted; pub fn split() { quoted() } #[cfg(test)] mod tests;",
    "src/sweep/words/lexer.rs": "/* use super::super::Whole; */ pub struct Lexer; // crate::sweep::Whole\n fn brace() -> char { '{' }",
    "src/sweep/words/shell.rs": "pub fn quoted() { super::split() } #[cfg(test)] mod tests { use crate::sweep::Whole; fn plan(_: Whole) {} }",
    "src/sweep/words/tests.rs": "use crate::sweep::plan::Plan;",
    "src/estimate/mod.rs": "use crate::sweep::{Lexer, Whole}; pub struct Cost(Lexer, Whole);",
    "server/src/lib.rs": "pub mod model; pub mod store;",
    "server/src/main.rs": "fn main() { sweep_server::store::open() }",
    "server/src/model/mod.rs": "pub struct Trial(sweep_planner::api::Run);",
    "server/src/store/mod.rs": "use crate::model::Trial; use rusqlite::Row; mod rows; pub fn open() -> Trial { rows::read() }",
    "server/src/store/rows.rs": "pub fn read() -> crate::model::Trial { rusqlite::params![] }",
}
RULES = (
    Rule("server/src/model/", ("server/src/store/", *SQL)),
    Rule("src/api", ("src/sweep/",), but=("src/sweep/plan.rs",)),
)
USES = {
    "src/api.rs": {"src/sweep/plan.rs"},
    "src/sweep/mod.rs": set(),
    "src/sweep/plan.rs": {"src/sweep/words/mod.rs", "src/sweep/words/lexer.rs"},
    "src/sweep/words/mod.rs": {"src/sweep/words/shell.rs"},
    "src/sweep/words/lexer.rs": set(),
    "src/sweep/words/shell.rs": {"src/sweep/words/mod.rs"},
    "src/estimate/mod.rs": {"src/sweep/plan.rs", "src/sweep/words/lexer.rs"},
    "server/src/main.rs": {"server/src/store/mod.rs"},
    "server/src/model/mod.rs": {"src/api.rs"},
    "server/src/store/mod.rs": {"server/src/model/mod.rs", "server/src/store/rows.rs", "rusqlite"},
    "server/src/store/rows.rs": {"server/src/model/mod.rs", "rusqlite"},
}
BREACHES = {
    "a room by its path": ("server/src/model/mod.rs", "fn f() { crate::store::open() }", "model/ must not use server/src/store/"),
    "a crate": ("server/src/model/mod.rs", "use rusqlite::{Row, params};", "model/ must not use rusqlite"),
    "a name that is passed on": ("src/api.rs", "use crate::sweep::Lexer;", "src/api must not use src/sweep/"),
    "a circle of files": ("server/src/store/rows.rs", "use super::open; pub fn read() {}", "files of the server"),
    "a circle across folders": ("src/sweep/words/lexer.rs", "fn f() { super::super::plan::plan() } pub struct Lexer;", "units of the core"),
    "a circle through a name of another": ("src/sweep/words/shell.rs", "pub fn quoted(_: crate::sweep::Whole) {}", "units of the core"),
    "a circle in a nested use": ("src/sweep/words/shell.rs", "use crate::{api, sweep::{Lexer, Whole as W}};", "units of the core"),
    "a room that is gone": ("server/src/store/mod.rs", None, "names server/src/store/, which does not exist"),
}


def self_test() -> list[str]:
    """What this script would get wrong."""
    wrong = []
    uses = read_workspace(SOUND).uses()
    for file, expected in USES.items():
        if uses[file].keys() != expected:
            wrong.append(f"{file} uses {sorted(expected)}, not {sorted(uses[file])}")
    wrong += [f"broken where all is sound: {breach}" for breach in breaches(SOUND, RULES)]
    for what, (file, text, expected_words) in BREACHES.items():
        files = {name: other for name, other in SOUND.items() if name != file} | ({file: text} if text else {})
        if text is None:
            files = {name: other for name, other in files.items() if not name.startswith(file.rpartition("/")[0])}
        found = breaches(files, RULES)
        if not any(expected_words in breach for breach in found):
            wrong.append(f"{what}: not found, but {found}")
    return wrong


def main() -> int:
    files = read_files(Path(__file__).resolve().parent.parent)
    found = self_test() if sys.argv[1:] == ["--self-test"] else breaches(files, FORBIDDEN)
    for breach in found:
        print(breach)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
