"""Tests of what is told, apart in names from those of other packages."""
