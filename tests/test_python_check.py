"""What an unfit Python hears."""

from helpers import ROOT
from terrarium import python_check

import pytest

GOOD = {"torch": None, "numpy": "2.4.6", "tqdm": "4.70.1"}


@pytest.mark.parametrize(
    "version, installed, words",
    [
        ((2, 7, 18), {}, ["Python 2.7", "3.10"]),
        ((3, 9, 18), {}, ["Python 3.9", "3.10"]),
        ((3, 10, 0), {}, ["torch", "numpy", "tqdm", "-m pip install -r", "requirements.txt"]),
        ((3, 12, 1), {**GOOD, "torch": "2.12.1"}, ["2.12.1", "-m pip install -r"]),
        ((3, 12, 1), {**GOOD, "torch": "2.14.0.dev20261101+cpu"}, ["2.14.0.dev", "-m pip install"]),
        ((3, 12, 1), {**GOOD, "torch": "1.13.0"}, ["1.13.0"]),
    ],
)
def test_an_unfit_python_hears_what_it_needs(version, installed, words):
    said = python_check.complaint(version, installed)
    assert all(word in said for word in words) and "\n" not in said


@pytest.mark.parametrize("torch", ["2.13.0", "2.13.1+cu130", "2.13.0a0+git1234", None])
@pytest.mark.parametrize("version", [(3, 10, 12), (3, 11, 7), (3, 14, 0), (3, 15, 0)])
def test_a_fit_python_hears_nothing(version, torch):
    assert python_check.complaint(version, {**GOOD, "torch": torch}) == ""


def test_the_versions_in_the_check_are_those_of_the_requirements():
    assert python_check.wanted_torch().startswith("2.")
    named = {
        line.split("=")[0].split(">")[0]
        for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    }
    assert set(python_check.NEEDED) < named
    assert set(python_check.installed_packages()) == set(python_check.NEEDED)
