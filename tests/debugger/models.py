"""Models with names used twice, numbers of their own line, and names left unused."""

MODEL = """n = 0.5
a = w*x + v
b = tanh(a)*n + w*v
c = relu(b - 1) + a*a
h = a
unused = c*b
L = (c + h - y)**2 + b*w"""

TENSORS = """z = X@w + b
h = tanh(z)
g = h*h - b
e = sum(h + g, axis=1) - y
L = mean(e**2) + sum(b)*0.1"""

BY_HAND = """[backward]
state = { m = 0.0 }
code = '''
h = 2*x
dL = 1
dv = 2*(a*a + v)
m = 0.5*m + dv
da = 2*m*a
dw = da*h
'''"""
