"""The files of requirements/, read."""

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from toolbox import ROOT


def requirements(name: str) -> dict[str, Requirement]:
    lines = (ROOT / 'requirements' / name).read_text().splitlines()
    parsed = [Requirement(line) for line in lines if line and not line.startswith('#')]
    return {canonicalize_name(each.name): each for each in parsed}
