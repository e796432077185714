#!/usr/bin/env python3
"""A test case that returns within a SUBCASE never runs the subcases after it: doctest finds them by coming to them."""
import pathlib
import re
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]


def returns_before_a_sibling(text):
    """Line numbers of every `return` of the test itself in a SUBCASE that another one of the test follows."""
    lines = text.split("\n")
    opened, closed = [], []  # indentation and lines of subcases
    for number, line in enumerate(lines):
        indentation = len(line) - len(line.lstrip())
        if re.match(r" *SUBCASE\(", line):
            opened.append((indentation, number))
        elif opened and re.match(r" *\}$", line) and indentation == opened[-1][0]:
            closed.append((*opened.pop(), number))
    found = set()
    for indentation, first, last in closed:
        for later in lines[last + 1:]:
            if later.startswith("}"):
                break
            if re.match(r" *SUBCASE\(", later):
                found.update(number + 1 for number in range(first, last) if re.match(r" +return\b", lines[number]))
                break
    return sorted(found)


class Subcases(unittest.TestCase):
    def test_none_is_cut_off(self):
        found = [f"{path.relative_to(TESTS)}:{number}" for path in sorted(TESTS.rglob("*.cpp"))
                 for number in returns_before_a_sibling(path.read_text())]
        self.assertEqual(found, [], "subcases after these are never run")

    def test_one_that_is_cut_off_is_found(self):
        case = "\n".join(["TEST_CASE(\"x\")", "{", "    SUBCASE(\"a\")", "    {", "        return;", "    }",
                          "    SUBCASE(\"b\")", "    {", "        return;", "    }", "}"])
        self.assertEqual(returns_before_a_sibling(case), [5])


if __name__ == "__main__":
    unittest.main()
