"""Two weights and one parcel, whose numbers have digits that no other number on the screen has."""

TWO_WEIGHTS = """
title = "Two weights"
[data]
x1 = 2.317
x2 = 3.191
y = 5.0
[parameters]
w1 = 1.0
w2 = 2.0
[model]
code = '''
yhat = w1*x1 + w2*x2
e = yhat - y
L = e**2
'''
[optimizer]
name = "sgd"
lr = 0.05
[run]
steps = 12
"""
