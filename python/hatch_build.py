"""Builds libmartlet.so and puts it into the wheel."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class MartletBuildHook(BuildHookInterface[Any]):
    """Runs ``make lib`` in the checkout, or in the copy of it that a source distribution has."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the library; called by hatchling before it makes a wheel."""
        library = _build(_engine(Path(self.root)))
        if version == "editable":
            _link(Path(self.root, "src/martlet/libmartlet.so"), library)
        else:
            build_data["force_include"][str(library)] = "martlet/libmartlet.so"
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{_platform_tag(library)}"


def _engine(root: Path) -> Path:
    packed = root / "engine"
    return packed if packed.is_dir() else root.parent


def _build(engine: Path) -> Path:
    if sys.platform != "linux":
        raise SystemExit(f"martlet: {sys.platform} is not supported; expected linux")
    try:
        subprocess.run(["make", "-C", str(engine), "lib"], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(
            f"martlet: libmartlet.so was not built ({error}). Building it needs make and a Swift 6 "
            "toolchain on PATH; installing from a wheel needs neither."
        ) from None
    return (engine / "build" / "libmartlet.so").resolve()


def _link(link: Path, library: Path) -> None:
    """Let an editable install always use the library built last."""
    link.unlink(missing_ok=True)
    link.symlink_to(library)


def _platform_tag(library: Path) -> str:
    """Return the tag of the oldest glibc that has every symbol the library asks for."""
    versions = re.findall(rb"GLIBC_(\d+)\.(\d+)", library.read_bytes())
    major, minor = max((int(major), int(minor)) for major, minor in versions)
    return f"manylinux_{major}_{minor}_{platform.machine()}"
