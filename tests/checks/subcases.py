#!/usr/bin/env python3
"""What doctest runs of a test case with subcases: it finds them by coming to them, and of those in one block it runs one at a
time. So none after a `return` in one of them is ever run, nor any of a second group together with one of the first."""
import pathlib
import re
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
NO_CODE = re.compile(r'R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'|//[^\n]*', re.S)


def code_of(text):
    """The same with blanks for what strings and comments say."""
    return NO_CODE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def end_of(code, at):
    """Behind the bracket that closes the one at `at`."""
    depth = 0
    for place in range(at, len(code)):
        depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(code[place], 0)
        if depth == 0:
            return place + 1
    raise ValueError("brackets that are not closed")


def subcases(code):
    """Of each test case its subcases, in order: where each begins, where its block does, and where that ends."""
    for test in re.finditer(r"^TEST_CASE\(", code, re.M):
        end = end_of(code, code.index("{", end_of(code, test.end() - 1)))
        found = []
        for one in re.finditer(r"\bSUBCASE\(", code[:end]):
            if one.start() > test.start():
                block = code.index("{", end_of(code, one.end() - 1))
                found.append((one.start(), block, end_of(code, block)))
        yield found


def line_of(code, at):
    return code.count("\n", 0, at) + 1


def returns_before_another(text):
    """Line numbers of every `return` of the test itself in a subcase that another one of the test follows."""
    code = code_of(text)
    found = set()
    for cases in subcases(code):
        for start, block, end in cases:
            if any(later > end for later, _, _ in cases):
                found.update(line_of(code, block + one.start())
                             for one in re.finditer(r"^ +return\b", code[block:end], re.M))
    return sorted(found)


def block_of(code, at):
    """Where the innermost block around `at` begins."""
    depth = 0
    while depth <= 0:
        at -= 1
        depth += {"{": 1, "}": -1}.get(code[at], 0)
    return at


def second_groups(text):
    """Line numbers of every subcase that something stands before which another one of its block comes before."""
    code = code_of(text)
    found = []
    for cases in subcases(code):
        behind = {}  # by block: where its last subcase so far ends
        for start, _, end in cases:
            block = block_of(code, start)
            if code[behind.get(block, start):start].strip():
                found.append(line_of(code, start))
            behind[block] = end
    return found


class Subcases(unittest.TestCase):
    def faults(self, check):
        return [f"{path.relative_to(TESTS)}:{line}" for path in sorted(TESTS.rglob("*.cpp"))
                for line in check(path.read_text())]

    def test_none_is_cut_off(self):
        self.assertEqual(self.faults(returns_before_another), [], "subcases after these are never run")

    def test_none_is_of_a_second_group(self):
        self.assertEqual(self.faults(second_groups), [], "no subcase before these is run together with them")

    def test_one_that_is_cut_off_is_found(self):
        case = "\n".join(["TEST_CASE(\"x\")", "{", "    SUBCASE(\"a {\")", "    {", "        SUBCASE(\"b\") {}",
                          "        return;", "    }", "    SUBCASE(\"c\")", "    {", "        return;", "    }", "}"])
        self.assertEqual(returns_before_another(case), [6])
        self.assertEqual(second_groups(case), [])

    def test_a_second_group_is_found(self):
        case = "\n".join(["TEST_CASE(\"x\")", "{", "    SUBCASE(\"a\")", "    {", "        call();", "    }",
                          "    SUBCASE(\"b\") {}", "    // both", "    SUBCASE(\"c\") {}", "    answer();",
                          "    SUBCASE(\"d\")", "    {", "    }", "}"])
        self.assertEqual(second_groups(case), [11])


if __name__ == "__main__":
    unittest.main()
