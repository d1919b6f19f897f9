"""Right gradients that look wrong and wrong ones that look right, made apart from the diagnosis."""
