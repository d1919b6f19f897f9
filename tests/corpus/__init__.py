"""Right and wrong hand-written gradients and updates, as data by topic, made apart from gradtui."""
