"""Name a color by its nearest named one: plain lists go in, and NumPy is not needed."""

import martlet

COLORS = {
    "black": [0, 0, 0],
    "white": [255, 255, 255],
    "crimson": [220, 20, 60],
    "forest green": [34, 139, 34],
    "gold": [255, 215, 0],
    "navy": [0, 0, 128],
    "orchid": [218, 112, 214],
    "sky blue": [135, 206, 235],
    "tomato": [255, 99, 71],
    "turquoise": [64, 224, 208],
}
names = list(COLORS)

index = martlet.Index(dim=3, metric="l2")
index.add(list(COLORS.values()))  # ids are assigned: 0, 1, 2, ...


def name_of(red: int, green: int, blue: int) -> str:
    """Return the name of the nearest named color."""
    return names[index.search([red, green, blue], k=1).ids[0]]


print(name_of(250, 210, 20))
print(name_of(20, 10, 110))
assert name_of(250, 210, 20) == "gold"
assert name_of(20, 10, 110) == "navy"
