"""Add arrays as they lie in memory: on disk, sliced, transposed, of bytes. None is copied first."""

import tempfile
from pathlib import Path

import martlet
import numpy as np

rng = np.random.default_rng(0)
pictures = rng.integers(0, 256, (5_000, 64), dtype=np.uint8)

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "pictures.npy"
    np.save(path, pictures)
    layouts = {
        "bytes in a file, memory-mapped": np.load(path, mmap_mode="r"),
        "every other row of a larger array": np.repeat(pictures, 2, axis=0)[::2],
        "Fortran order": np.asfortranarray(pictures),
        "float32": pictures.astype(np.float32),
    }
    found = {}
    for name, array in layouts.items():
        index = martlet.Index(dim=64)
        index.add(array)
        seconds = index.stats()["last_add"]["seconds"]
        found[name] = index.search(pictures[:100] ^ 1, k=10).ids.tolist()
        print(f"{name:34} {1e3 * seconds['reading']:5.1f} ms to read")
        assert seconds["copying"] == 0

# The same numbers make the same index, however they lie.
assert all(ids == found["float32"] for ids in found.values())
assert [ids[0] for ids in found["float32"]] == list(range(100))
