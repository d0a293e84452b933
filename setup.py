"""Builds the wheel: app, core, editor and assets below one name, `maskgit_editor`, with their imports rewritten to it.

In the repository the packages are called `core` and `editor`, which is short to read and too general to install, and
are started as app.py and `python -m core`; installed, they are commands. Training and evaluation (core/lab) stay out.
"""

from __future__ import annotations

import re
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

NAME = "maskgit_editor"
OURS = re.compile(r"""^\s*from (?=(?:core|editor)[\s.])|["'](?=(?:core|editor)\.\w)""", re.M)
"""What stands before our packages' names: in an import, or in a text that names a module."""
COMMANDS = {"python -m core ": "maskgit ", '"python -m core"': '"maskgit"', '"app.py"': '"maskgit-editor"'}
"""How people start the programs: in the repository, and installed."""

PACKAGES = find_packages(include=["core*", "editor*"], exclude=["core.lab*"])


class Renamed(build_py):
    """Copies modules with their imports rewritten."""

    def find_package_modules(self, package: str, package_dir: str) -> list[tuple[str, str, str]]:
        """List a package's modules, but for this file."""
        return [found for found in super().find_package_modules(package, package_dir) if found[1] != "setup"]

    def build_module(self, module: str, module_file: str, package: str) -> tuple[str, bool]:
        """Copy one module."""
        made, copied = super().build_module(module, module_file, package)
        text = Path(made).read_text(encoding="utf-8")
        for here, installed in COMMANDS.items():
            text = text.replace(here, installed)
        Path(made).write_text(OURS.sub(rf"\g<0>{NAME}.", text), encoding="utf-8")
        return made, copied

    def build_package_data(self) -> None:
        """Copy what is no module; the words of the page name the programs, too."""
        super().build_package_data()
        for path in (Path(self.build_lib) / NAME / "editor" / "words").glob("*.json"):
            text = path.read_text(encoding="utf-8")
            for here, installed in COMMANDS.items():
                text = text.replace(here, installed)
            path.write_text(text, encoding="utf-8")


setup(
    packages=[NAME, *(f"{NAME}.{package}" for package in PACKAGES)],
    package_dir={NAME: "."},
    package_data={
        NAME: [f"assets/{part}/**/*" for part in ("models", "samples", "labels")]
        + ["editor/static/**/*", "editor/words/*"]
    },
    cmdclass={"build_py": Renamed},
)
