"""Scripts that make real data sets from packages alone and keep them."""
