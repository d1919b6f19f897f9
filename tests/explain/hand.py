"""A model and its backward pass by hand, wrong in a line that another takes over, and right."""

MODEL = "yhat = w*x\ne = yhat - 5\nL = e**2"
BACKWARD = "[backward]\ncode = '''\nde = 2*e\ndyhat = {}\ndw = dyhat*x\n'''"
INHERITED = BACKWARD.format("e")
RIGHT = BACKWARD.format("de")
