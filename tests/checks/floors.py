#!/usr/bin/env python3
"""The floors of the house: a folder includes only lower floors, never a neighbour on its own floor.

The linker checks the same through the link lists; this also finds what only headers do. Before it looks at the real
house it is shown small broken ones, and must find every fault.
"""
import pathlib
import re
import sys
import tempfile

# Folder -> floor. What is not listed is no part of the house and must not hold sources.
FLOORS = {
    "pbx/base": 0,
    "pbx/core": 1,
    "pbx/engine": 2, "db": 2,
    "pbx/sip": 3, "pbx/admin": 3,
    "web": 4, "provisioning": 4,
    "pbx": 5,
}

# Library headers that only these folders may include.
RESERVED = [
    ("Sofia-SIP", re.compile(r"sofia-sip/"), {"pbx/sip"}),
    ("Beast and Asio", re.compile(r"boost/(beast|asio)"), {"web"}),
    ("SQLite", re.compile(r"(SQLiteCpp/|sqlite3)"), {"db"}),
    ("CLI11 and TOML", re.compile(r"(CLI/|toml\+\+)"), {"pbx/base"}),
]

# Core and engine are pure: the standard library, Expat, RE2, the texts of numeric addresses (inet_pton), and formatting
# without a locale or a file behind it.
PURE = {"pbx/core", "pbx/engine"}
PURE_LIBRARIES = {"expat.h", "arpa/inet.h", "re2/re2.h", "re2/set.h", "fmt/format.h", "fmt/compile.h", "tl/expected.hpp"}
IMPURE_STANDARD = {"thread", "mutex", "shared_mutex", "condition_variable", "future", "fstream", "iostream", "cstdio",
                   "filesystem"}

SOURCES = {".hpp", ".cpp", ".h", ".c"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
CLOCK = re.compile(r"\b(?:steady_clock|system_clock)::now\s*\(|\bpresent\s*\(\s*\)")


def folder_of(path, root):
    """The longest listed folder that holds `path`; None: outside the house."""
    relative = path.relative_to(root)
    for parent in relative.parents:
        if parent.as_posix() in FLOORS:
            return parent.as_posix()
    return None


def resolve(name, path, root):
    """The file of ours that `#include "name"` in `path` means; None: not ours."""
    for base in (path.parent, root / "pbx", root):
        candidate = (base / name).resolve()
        if candidate.is_file() and root in candidate.parents:
            return candidate
    return None


def faults_of_include(folder, quote, name, target):
    if target is not None:
        if quote == "<":
            yield "our own header in angle brackets"
        if target != folder and FLOORS[target] >= FLOORS[folder]:
            direction = "sideways" if FLOORS[target] == FLOORS[folder] else "upward"
            yield f"{direction}: floor {FLOORS[folder]} ({folder}) may not see floor {FLOORS[target]} ({target})"
        return
    if quote == '"':
        yield "no such header of ours"
        return
    for library, pattern, allowed in RESERVED:
        if pattern.match(name) and folder not in allowed:
            yield f"{library} belongs to {', '.join(sorted(allowed))}"
    if folder in PURE and ("/" in name or name.endswith((".h", ".hpp"))) and name not in PURE_LIBRARIES:
        yield f"{folder} is pure: the standard library, Expat, RE2 and fmt only"
    if folder in PURE and name in IMPURE_STANDARD:
        yield f"{folder} is pure: no threads, no files"


def faults(root):
    root = root.resolve()
    seen = 0
    for path in sorted(p for top in ("pbx", "db", "web", "provisioning") for p in (root / top).rglob("*")):
        if path.suffix not in SOURCES or "node_modules" in path.parts:
            continue
        folder = folder_of(path, root)
        seen += 1
        text = path.read_text(encoding="utf-8")
        for match in INCLUDE.finditer(text):
            quote, name = match.groups()
            ours = resolve(name, path, root) if quote == '"' or (root / name).is_file() \
                or (root / "pbx" / name).is_file() else None
            line = text.count("\n", 0, match.start()) + 1
            for fault in faults_of_include(folder, quote, name, folder_of(ours, root) if ours else None):
                yield f"{path.relative_to(root)}:{line}: {name}: {fault}"
        if folder in PURE:
            for match in CLOCK.finditer(text):
                line = text.count("\n", 0, match.start()) + 1
                yield f"{path.relative_to(root)}:{line}: {folder} is told the time and never asks for it"
    if seen == 0:
        yield f"{root}: no sources found"


def self_test():
    """Each row: files of a small house, and what must be found in it (None: nothing)."""
    core = ("pbx/core/call.hpp", "")
    houses = [
        ([core, ("pbx/engine/a.cpp", '#include "core/call.hpp"\n')], None),
        ([core, ("pbx/core/b.cpp", '#include "core/call.hpp"\n#include "call.hpp"\n')], None),
        ([("pbx/engine/e.hpp", ""), ("pbx/core/b.cpp", '#include "engine/e.hpp"\n')], "upward"),
        ([("db/d.hpp", ""), ("pbx/engine/b.cpp", '#include "db/d.hpp"\n')], "sideways"),
        ([("pbx/sip/s.hpp", ""), ("pbx/admin/b.cpp", '#include "sip/s.hpp"\n')], "sideways"),
        ([("pbx/server.hpp", ""), ("web/b.cpp", '#include "server.hpp"\n')], "upward"),
        ([("pbx/server.hpp", ""), ("pbx/sip/b.cpp", '#include "../server.hpp"\n')], "upward"),
        ([("pbx/core/b.cpp", '#include "core/gone.hpp"\n')], "no such header"),
        ([core, ("pbx/engine/b.cpp", "#include <core/call.hpp>\n")], "angle brackets"),
        ([("pbx/sip/b.cpp", "#include <sofia-sip/nta.h>\n")], None),
        ([("pbx/server.cpp", "#include <sofia-sip/nta.h>\n")], "Sofia-SIP"),
        ([("pbx/admin/b.cpp", "#include <boost/beast/http.hpp>\n")], "Beast"),
        ([("web/api/b.cpp", "# include <SQLiteCpp/SQLiteCpp.h>\n")], "SQLite"),
        ([("web/b.cpp", "#include <sqlite3.h>\n")], "SQLite"),
        ([("pbx/engine/b.cpp", "#include <spdlog/spdlog.h>\n")], "pure"),
        ([("pbx/core/b.cpp", "#include <unistd.h>\n")], "pure"),
        ([("pbx/core/b.cpp", "#include <mutex>\n")], "pure"),
        ([("pbx/engine/b.cpp", "auto t = std::chrono::steady_clock::now();\n")], "told the time"),
        ([("pbx/engine/b.cpp", "auto t = present();\n")], "told the time"),
        ([], "no sources"),
    ]
    wrong = 0
    for files, expected in houses:
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in files:
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, encoding="utf-8")
            found = list(faults(root))
        good = not found if expected is None else any(expected in fault for fault in found)
        if not good:
            wrong += 1
            print(f"self-test: expected {expected!r}, found {found} in {files}")
    return wrong


def main():
    if self_test():
        return 1
    found = list(faults(pathlib.Path(__file__).resolve().parents[2]))
    print("\n".join(found) if found else "floors: every include points down")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
