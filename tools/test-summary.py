#!/usr/bin/env python3
"""Adds up JUnit reports of ctest and lit.

usage: test-summary.py REPORT.xml...

Prints one line per report, every failed test, every skipped test under the reason for it, and last `N passed, N failed, N skipped`.
A report that is missing, unreadable or empty counts as one failure: tests that did not run did not pass. The exit code is 1
if something failed or nothing passed.
"""

import os
import re
import sys
import xml.etree.ElementTree as ElementTree


def skip_reason(case):
    """Why a test was skipped: lit puts it into the message, GoogleTest prints it."""
    output = case.findtext("system-out") or ""
    # GoogleTest: "path/File.cpp:12: Skipped\nno GPU\n"
    printed = re.search(r": Skipped\n(.*?)\n(?:\n|\[|$)", output + "\n", re.DOTALL)
    if printed and printed.group(1).strip():
        return " ".join(printed.group(1).split())
    message = skip_message(case)
    if message and message != "SKIP_REGULAR_EXPRESSION_MATCHED":
        return message
    return "disabled" if case.get("status") == "disabled" else "no reason given"


def skip_message(case):
    node = case.find("skipped")
    return "" if node is None else node.get("message") or ""


def skipped_in_vain(case):
    """ctest calls a test skipped whose program is missing, or which skips and then dies in a sanitizer."""
    output = case.findtext("system-out") or ""
    return "Unable to find executable" in skip_message(case) or (
        case.find("skipped") is not None and re.search(r"ERROR: \w+Sanitizer|runtime error:", output) is not None
    )


def outcomes(report):
    """(name, outcome, reason) of every test in a report; outcome is passed, failed or skipped."""
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        name = case.get("name")
        classname = case.get("classname") or ""
        if classname and classname != name:
            name = classname + "/" + name
        if case.find("failure") is not None or case.find("error") is not None or skipped_in_vain(case):
            yield name, "failed", ""
        elif case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
            yield name, "skipped", skip_reason(case)
        else:
            yield name, "passed", ""


def main(reports):
    totals = {"passed": 0, "failed": 0, "skipped": 0}
    failed, skipped = [], {}
    for report in reports:
        suite = os.path.splitext(os.path.basename(report))[0]
        counts = dict.fromkeys(totals, 0)
        problem = None
        try:
            for name, outcome, reason in outcomes(report):
                counts[outcome] += 1
                if outcome == "failed":
                    failed.append(f"{suite}: {name}")
                elif outcome == "skipped":
                    skipped.setdefault(reason, []).append(f"{suite}: {name}")
            if not sum(counts.values()):
                problem = "no tests"
        except FileNotFoundError:
            problem = "did not run"
        except (ElementTree.ParseError, OSError) as error:
            problem = f"unreadable report: {error}"
        if problem:
            counts["failed"] += 1
            failed.append(f"{suite}: {problem}")
        print(f"{suite}: " + ", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
        for outcome, count in counts.items():
            totals[outcome] += count

    if failed:
        print("\nfailed:")
        for name in failed:
            print(f"  {name}")
    for reason, names in skipped.items():
        print(f"\nskipped, {reason}:")
        for name in names:
            print(f"  {name}")
    print()
    print(", ".join(f"{count} {outcome}" for outcome, count in totals.items()), flush=True)
    return 1 if totals["failed"] or not totals["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
