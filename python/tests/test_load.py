"""A library that cannot be loaded: the error says which, and why."""

from __future__ import annotations

import pytest

IMPORT = """
import os, sys
os.environ["MARTLET_LIBRARY"] = sys.argv[1]
try:
    import martlet
except ImportError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("library", "reason"),
    [
        ("no/such/libmartlet.so", "No such file"),
        (__file__, "invalid ELF header"),
        ("libc.so.6", "undefined symbol: martlet_"),
    ],
)
def test_the_error_says_what_was_looked_for_and_why(run_script, library, reason):
    message = run_script(IMPORT, library)
    assert message.startswith(f"cannot load {library}, the library named by MARTLET_LIBRARY: ")
    assert reason in message
