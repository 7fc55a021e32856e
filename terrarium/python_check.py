"""Whether this Python can run Terrarium. Importing it ends an unfit one in a sentence and exit
code 2, before anything else is imported.

Written so that Pythons down to 2.7 can read it: no f-strings, no annotations.
"""

import os
import sys

OLDEST = (3, 10)
REQUIREMENTS = os.path.join(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "requirements.txt"
)
NEEDED = ("torch", "numpy", "tqdm")  # datasets is only needed for TinyStories


def complaint(version, installed):
    """A sentence about a Python of some version (a tuple) in which packages are installed in some
    versions ({name: version, None if unknown}); "" if all is well."""
    if tuple(version[:2]) < OLDEST:
        return (
            "This is Python %d.%d, and Terrarium needs 3.10 or newer: install one from "
            "python.org, and type its name in place of python, such as python3.12 train.py."
            % tuple(version[:2])
        )
    install = "type %s -m pip install -r %s" % (
        quoted(sys.executable or "python"),
        quoted(REQUIREMENTS),
    )
    missing = [name for name in NEEDED if name not in installed]
    if missing:
        return "This Python lacks %s: %s" % (" and ".join(missing), install)
    wanted, found = wanted_torch(), installed["torch"]
    if found and wanted and found.split(".")[:2] != wanted.split(".")[:2]:
        return (
            "This Python has PyTorch %s, and Terrarium is made for %s: %s (best in a virtual "
            "environment, as README says)." % (found, wanted, install)
        )
    return ""


def quoted(path):
    return '"%s"' % path if " " in path else path


def wanted_torch():
    """The version of torch that requirements.txt names; None if it is gone."""
    try:
        with open(REQUIREMENTS) as file:
            lines = file.read().split("\n")
    except (IOError, UnicodeDecodeError):
        return None
    for line in lines:
        if line.startswith("torch=="):
            return line[len("torch==") :].split("#")[0].strip()
    return None


def installed_packages():
    """{name: version} of the packages that are needed and here; None if its version is unknown."""
    from importlib.metadata import PackageNotFoundError, version
    from importlib.util import find_spec

    found = {}
    for name in NEEDED:
        if name in sys.modules or find_spec(name):
            try:
                found[name] = version(name)
            except PackageNotFoundError:
                found[name] = None
    return found


def check():
    """End an unfit Python with a sentence and exit code 2."""
    version = tuple(sys.version_info)
    said = complaint(version, installed_packages() if version >= OLDEST else {})
    if said:
        if sys.stderr:
            sys.stderr.write(said + "\n")
        raise SystemExit(2)


check()
