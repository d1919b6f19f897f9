"""Numbers: expressions, graphs, derivatives, training runs. Knows no file format and no screen."""
