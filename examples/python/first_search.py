"""Index 10,000 vectors, then find the ones nearest to two new ones."""

import martlet
import numpy as np

rng = np.random.default_rng(0)
vectors = rng.standard_normal((10_000, 128), dtype=np.float32)
queries = vectors[[42, 7]] + 0.1 * rng.standard_normal((2, 128), dtype=np.float32)

index = martlet.Index(dim=128, metric="cosine")
index.add(vectors)
ids, distances = index.search(queries, k=3)

print(ids)  # a row per query, nearest first
print(distances)
assert ids[:, 0].tolist() == [42, 7]
