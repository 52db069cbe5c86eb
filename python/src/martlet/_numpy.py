"""NumPy, or None if it cannot be imported: all of Martlet works without it."""

try:
    import numpy as np
except ImportError:
    np = None  # type: ignore[assignment,unused-ignore]

__all__ = ["np"]
