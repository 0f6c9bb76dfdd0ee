#!/usr/bin/env python3
"""Runs the examples that stand in TableGen documentation: the blocks fenced by ```mlir.

    doc-examples.py parse THRIFT_OPT FILE.td...     every example parses, and every op, type and attribute has one
    doc-examples.py passes THRIFT_OPT Passes.td     every pass turns its first example into its second

Prints one line for each; the exit status is 1 if one fails or there is none.
"""

import os
import re
import subprocess
import sys
import textwrap

DEFINITION = re.compile(r"^def (\w+) : (\w+)<(.*)$")
# TableGen class: how IR spells what it defines, and which of the class's quoted arguments is the mnemonic.
SPELLINGS = {
    "Thrift_Op": ("thrift.{}", 0),
    "Thrift_Type": ("!thrift.{}", 1),
    "Thrift_Attr": ("#thrift.{}", 1),
    "Thrift_EnumAttr": ("#thrift.{}", 0),
    "Pass": ("{}", 0),
}


class Definition:
    def __init__(self, path, line, name, spelling):
        self.path, self.line, self.name, self.spelling = path, line, name, spelling
        self.examples = []  # (line, prose before it, IR)


def read(path):
    """The definitions of a TableGen file that need examples, with those they have."""
    definitions, example, prose, start = [], None, "", 0
    with open(path, encoding="utf-8") as file:
        lines = list(file)
    for number, line in enumerate(lines, 1):
        match = DEFINITION.match(line)
        if match and match.group(2) in SPELLINGS:
            spelling, argument = SPELLINGS[match.group(2)]
            mnemonic = re.findall(r'"([\w-]+)"', match.group(3))[argument]
            definitions.append(Definition(path, number, match.group(1), spelling.format(mnemonic)))
            prose = ""
        elif line.strip() == "```mlir":
            start, example = number + 1, ""
        elif line.strip() == "```" and example is not None:
            definitions[-1].examples.append((start, prose, textwrap.dedent(example)))
            example, prose = None, ""
        elif example is not None:
            example += line
        else:
            prose += line
    if example is not None:
        sys.exit(f"{path}:{start}: the example has no end")
    return definitions


def thrift_opt(program, text, *options):
    """What the program prints, or None, and what it complains about."""
    run = subprocess.run([program, "--allow-unregistered-dialect", *options, "-"], input=text, text=True,
                         capture_output=True, check=False)
    if run.returncode:
        return None, run.stderr or f"exit status {run.returncode}"
    return run.stdout, ""


def report(definition, line, problem):
    print(f"{os.path.basename(definition.path)}:{line}: {definition.spelling}: {'failed' if problem else 'ok'}")
    if problem:
        print(textwrap.indent(problem, "  "))
    return not problem


def check_parse(program, definition):
    if not definition.examples:
        return report(definition, definition.line, "has no example")
    good = True
    for line, _, text in definition.examples:
        printed, problem = thrift_opt(program, text)
        if printed is not None and thrift_opt(program, printed)[0] != printed:
            problem = "what is printed parses to something else"
        elif not re.search(re.escape(definition.spelling) + r"\b", text):
            problem = f"does not show {definition.spelling}"
        good &= report(definition, line, problem)
    return good


def check_pass(program, definition):
    if len(definition.examples) != 2:
        return report(definition, definition.line, "needs two examples, before and after")
    (line, prose, before), (_, _, after) = definition.examples
    options = re.search(r"with `([^`]*)`:\s*$", prose)
    option = f"--{definition.spelling}" + (f"={options.group(1)}" if options else "")
    printed, problem = thrift_opt(program, before, option)
    wanted, unparsed = thrift_opt(program, after)
    if not problem and not unparsed and printed != wanted:
        problem = f"{option} gives\n{printed}"
    return report(definition, line, problem or unparsed)


def main():
    if len(sys.argv) < 4 or sys.argv[1] not in ("parse", "passes"):
        sys.exit(__doc__)
    mode, program, paths = sys.argv[1], sys.argv[2], sys.argv[3:]
    check = check_parse if mode == "parse" else check_pass
    results = [check(program, definition) for path in paths for definition in read(path)]
    return 0 if results and all(results) else 1


sys.exit(main())
