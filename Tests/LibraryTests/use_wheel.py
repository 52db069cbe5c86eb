"""Use an installed wheel, with lists and without NumPy, and see that nothing of Swift is loaded."""

from pathlib import Path

import martlet

index = martlet.Index(dim=2)
index.add([[0, 0], [3, 4], [1, 1]], ids=[7, 8, 9])
ids, distances = index.search([0, 1], k=2)
assert list(ids) == [7, 9], ids
assert list(distances) == [1.0, 1.0], distances

maps = Path("/proc/self/maps").read_text().splitlines()
loaded = {line.split(maxsplit=5)[5] for line in maps if line.count("/")}
package = Path(martlet.__file__).parent
assert any(Path(path).parent == package for path in loaded), f"{package} is not among {loaded}"
assert not any("swift" in path.lower() for path in loaded), loaded
print(f"Wheel: martlet {martlet.__version__} searches; {len(loaded)} files loaded, none of Swift")
