"""tests/tidy/cxx.py: as much of C++ as is needed to measure functions: literals and comments blanked, braces matched.

Not a parser. It knows a function body by what stands before its brace, and leaves everything inside to that function.
"""

import re
from dataclasses import dataclass

TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/                                   # comments
      |(?:u8|[uUL])?R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"  # raw strings
      |"(?:\\.|[^"\\\n])*"                                    # strings
      |(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'                    # characters, not digit separators
      |^[ \t]*\#(?:\\\n|[^\n])*                               # preprocessor lines with their continuations""",
    re.S | re.M | re.X)
CONTROL = re.compile(r"\b(?:if|for|while|switch|catch)\s*(?:constexpr\s*)?\(")
NOT_A_FUNCTION = re.compile(r"\b(?:namespace|class|struct|union|enum|concept|extern)\b")
QUALIFIERS = re.compile(r"(?:\b(?:const|noexcept|override|final|mutable|volatile|try)\b|noexcept\s*\([^()]*\)|&&?|\s)+$")
RETURN_TYPE = re.compile(r"->\s*[\w:<>,&*\s\[\]]+$")
REQUIRES = re.compile(r"\brequires\b[\s\w:<>,&|()!]+$")


def blank(text):
    """The same text, lines kept, with comments, literals and directives turned into spaces."""
    return TOKEN.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


@dataclass
class Function:
    name: str
    first: int  # lines, counted from one
    last: int

    @property
    def lines(self):
        return self.last - self.first + 1


def closing_brace(code, position):
    """The index of the brace that closes the one at `position`; the end of the text if there is none."""
    depth = 0
    for match in re.compile(r"[{}]").finditer(code, position):
        depth += 1 if match[0] == "{" else -1
        if depth == 0:
            return match.start()
    return len(code)


def strip_tail(head):
    """What stands before a brace, less qualifiers and trailing return type."""
    before = None
    while before != head:
        before = head
        head = QUALIFIERS.sub("", head)
        head = RETURN_TYPE.sub("", head) if ")" in head else head
    return head


def opens_function(head):
    """Whether a brace after `head` begins a body: a parameter list ends there, or a constructor's initialisers."""
    tail = strip_tail(head)
    if not tail or "(" not in tail:
        return False
    if NOT_A_FUNCTION.search(tail.split("(")[0]) and not tail.endswith(")"):
        return False
    if "= " in tail.split("(")[0] and "operator" not in tail.split("(")[0]:
        return "[" in tail  # a variable, unless it holds a lambda
    return tail.endswith((")", "}")) or bool(REQUIRES.search(tail))


def is_initialiser(head):
    """Whether a brace after `head` is a value: a member in a constructor's list, or a default of a parameter."""
    tail = strip_tail(head)
    if NOT_A_FUNCTION.search(tail.split("(")[0]):
        return False
    return tail.endswith(("=", ",", "(", "return")) or bool(re.search(r"[\w>]$", tail) and re.search(r"\)\s*:", tail))


def functions(text):
    """The functions of a file, outermost ones only."""
    code = blank(text)
    found = []
    begin = position = 0
    for_next = re.compile(r"[{};]")
    while match := for_next.search(code, position):
        head = code[begin:match.start()]
        position = match.end()
        if match[0] != "{":
            if head.count("(") <= head.count(")"):  # not the semicolon of a for
                begin = position
            continue
        if is_initialiser(head):
            position = closing_brace(code, match.start()) + 1
        elif opens_function(head):
            end = closing_brace(code, match.start())
            start = begin + len(head) - len(head.lstrip())
            found.append(Function(name_of(head), code.count("\n", 0, start) + 1, code.count("\n", 0, end) + 1))
            position = begin = end + 1
        elif "=" in head.split("(")[0] or re.search(r"\w\s*$", head) and not NOT_A_FUNCTION.search(head):
            position = begin = closing_brace(code, match.start()) + 1  # a table
        else:
            begin = position  # a namespace or a class: look inside
    return found


def name_of(head):
    match = re.search(r"([~\w:]+|operator\s*\S+?)\s*\(", head)
    return match[1] if match else "?"
