"""PyTorch's tensors, recorded on the same tape as NumPy's arrays; all that imports torch."""
