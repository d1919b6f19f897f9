"""PyTorch's tensors on the same tape as NumPy's arrays; only this package imports torch."""
