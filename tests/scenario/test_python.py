"""`source = "net.py:function"`: the user's own Python file, read and never run."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradtui
from gradtui.base.source import InputError
from gradtui.cli.arguments import main

SCENARIO = """title = "t"
[data]
x1 = 2.0
x2 = 3.0
y = 5.0
[parameters]
w1 = 1.0
w2 = 2.0
[model]
{model}
[optimizer]
name = "sgd"
lr = 0.05
{more}
"""
MODEL = """code = '''
yhat = w1*x1 + w2*x2
e = yhat - y
L = e**2
'''"""
BODY = """    de = 2*e
    dyhat = de
    dw1 = dyhat*x1
    dw2 = dyhat*x2
    return dw1, dw2
"""


@pytest.fixture
def load(tmp_path):
    """Load a scenario beside a Python file."""

    def call(python, model=MODEL, more='[backward]\nsource = "net.py:backward"'):
        (tmp_path / "net.py").write_bytes(python.encode())
        path = tmp_path / "s.toml"
        path.write_text(SCENARIO.format(model=model, more=more), encoding="utf-8")
        return gradtui.load(path)

    return call


@pytest.fixture
def refuse(load):
    """Return (line, column, message, source line) of the one error in the Python file."""

    def call(body, head="def backward(e, x1, x2):", **parts):
        with pytest.raises(InputError) as caught:
            load(f"{head}\n{body}", **parts)
        error = caught.value
        assert error.file.endswith("net.py"), str(error)
        return error.place.line, error.place.column, error.message, error.source_line

    return call


def test_a_function_is_a_backward_pass_whose_return_names_the_claims(load):
    hand = load("def backward(e, x1, x2):\n" + BODY).problem.backward
    assert [(line.name, line.place.line) for line in hand.program] == [
        ("de", 2), ("dyhat", 3), ("dw1", 4), ("dw2", 5),
    ]  # fmt: skip
    assert hand.claims == {"dw1": "w1", "dw2": "w2"}
    assert hand.intermediate == {"de": "e", "dyhat": "yhat"}
    assert hand.file.endswith("net.py")
    assert hand.lines[3] == "    dw1 = dyhat*x1"


def test_a_function_is_a_model_and_returns_its_loss(load):
    python = (
        "def forward(w1, w2):\n    e = w1*x1 + w2*x2 - y\n    a = e**2\n    b = 3*e\n    return a"
    )
    session = load(python, 'source = "net.py:forward"', "")
    assert session.frame.loss == 9.0
    graph = session.problem.graph
    assert graph.nodes[graph.loss].name == "a"
    assert session.problem.line_at(graph.statements[0].place) == "    e = w1*x1 + w2*x2 - y"


def test_what_python_allows_around_the_lines_is_passed_over(load):
    python = '''"""A module with def backward(): in its text."""
import numpy as np

def helper(a):
    for i in range(3):
        a += 1  # not of the language, and not asked for
    return {"a": [a
]}

class Net:
    def backward(self):
        pass

async def backward(
    e: float,  # def
    x1=(1, 2), x2: "text, with: comma" = None, *, y,
) -> tuple[float, float]:
    """Return the gradients.

    dw1 = 0
    """

    # de = 0
    de = 2*e  # de = 1
    'text'
    dyhat = (de
             + 0)
    pass
    dw1 = np.multiply(dyhat, x1) if False else 0
    return (dw1, dw2,)
'''
    python = python.replace(
        "    dw1 = np.multiply(dyhat, x1) if False else 0\n",
        "    dw1 = dyhat*x1\n\n    dw2 = np.maximum(dyhat*x2, dyhat*x2)\n",
    )
    hand = load(python).problem.backward
    assert [(line.name, line.place.line) for line in hand.program] == [
        ("de", 24), ("dyhat", 26), ("dw1", 29), ("dw2", 31),
    ]  # fmt: skip


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("indent", ["    ", "\t", " "])
def test_line_ends_and_indentation_are_those_of_the_file(load, newline, indent):
    text = ("def backward(e):\n" + BODY).replace("    ", indent).replace("\n", newline)
    session = load(text)
    assert session.frame.hand == {"de": 6.0, "dyhat": 6.0, "dw1": 12.0, "dw2": 18.0}


def test_of_two_functions_the_outer_one_is_meant(load):
    python = f"class Net:\n    def backward(self):\n        pass\ndef backward(e):\n{BODY}"
    assert load(python).problem.backward.program[0].place.line == 5


def test_types_are_left_out(load):
    body = BODY.replace("    de =", "    n: int\n    de: np.ndarray =")
    session = load(f"def backward(e: 'np.ndarray', x1=None) -> dict[str, float]:\n{body}")
    assert session.frame.hand["de"] == 6.0
    assert [line.place.column for line in session.problem.backward.program][:2] == [5, 5]


@pytest.mark.parametrize("first", ["self", "cls"])
def test_a_method_is_read_as_a_function(load, first):
    python = f"class Net:\n    def backward({first}, e):\n"
    session = load(python + BODY.replace("    ", "        "))
    assert session.frame.hand["dw2"] == 18.0


def test_a_line_that_says_again_what_the_model_says_is_left_out(load):
    body = BODY.replace("    de =", "    e = yhat-y  # once more\n    de =")
    session = load("def backward(yhat, y):\n" + body)
    assert [line.name for line in session.problem.backward.program] == ["de", "dyhat", "dw1", "dw2"]


@pytest.mark.parametrize(
    ("body", "line", "column", "message"),
    [
        ("    for i in x1:\n        de = 2*e\n    return de", 2, 5, "'for' is not part of the"),
        ("    if e > 0:\n        de = 2*e\n    return de", 2, 5, "'if' is not part of the "
         "language: write name = where(condition, a, b) for a choice"),
        ("    de = 2*e\n    de += 1\n    return de", 3, 8, "'+=' is not part of the language, "
         "since a name is assigned once: rename the one above to de_1, and write de = de_1 + 1"),
        ("    de = 2*e\n    de[0] -= 1\n    return de", 3, 7, "'[': part of an array cannot be"),
        ("    de = e[0]\n    return de", 2, 11, "'[': "),
        ("    de, dw1 = f(e)\n    return de", 2, 7, "a line assigns one name: assign each on its "
         "own line"),
        ("    w1, w2 = p['w1'], p['w2']\n    return e", 2, 5, "several names cannot be assigned at "
         "once: leave the line out: a function reads the model's values under their own names, if "
         "it takes w1, w2"),
        ("    e, yhat = cache\n    return e", 2, 6, "a line assigns one name: leave the line out"),
        ("    de = 2*e; dw1 = de\n    return de", 2, 13, "';' is not part of the language: write "
         "what follows on its own line"),
        ("    de: dict[\n    int] = 2*e\n    return de", 2, 7, "leave out type hints that "
         "span several lines"),
        ("    de = dw1 = 2*e\n    return de", 2, 10, "a line assigns one name: write the"),
        ("    de = 2*e\n    return de\n    dw1 = 1", 4, 5, "this line comes after the return"),
        ("    de = 2*e\n", 1, 5, "backward returns nothing: expected a last line with return"),
        ("    de = 2*e\n    return", 1, 5, "backward returns nothing"),
        ("    pass", 1, 5, "backward has no line `name = expression`"),
        ("    de = 2*e\n    return de*x1", 3, 12, "a return gives names: write a line name = de*x1 "
         "and return the name"),
        ("    de = 2*e\n    return (de - 1)/2 + x1", 3, 12, "a return gives names: write a line "
         "name = (de - 1)/2 + x1 and return the name"),
        ("    de = 2*e\n    return {'e': de}", 3, 12, "a return gives names: write return de"),
        ("    de = 2*e\n    return {'e': de, 'w1': de*x1}", 3, 12, "a return gives names: write "
         "dw1 = de*x1, each on its own line, and return de, dw1"),
        ("    de = 2*e\n    return dict(de=de, dw1=de*x1)", 3, 12, "a return gives names: write "
         "dw1 = de*x1, each on its own line, and return de, dw1"),
        ("    de = 2*e\n    return de\v", 3, 14, "the character U+000B is not part of the "
         "language"),
        ("    de = 2*e\n    return de;", 3, 14, "the character ';' (U+003B) is not part of the "
         "language: write one statement a line"),
        ("    de = 2*e\n    return −de", 3, 12, "the character '−' (U+2212) is not part of the "
         "language: U+2212 is a Unicode minus; write -"),
        ("    de = 2*e\n    return de, (e, x1)", 3, 16, "a return gives names: leave out the "
         "brackets and anything that is only kept for later"),
        ("    de = other(e)\n    return de\ndef other(x):\n    return 2*x", 2, 10, "'other' is "
         "another function of this file and is not read: write out what it does here"),
        ("    de = 2*self.e\n    return de", 2, 12, "'self' is not a parameter of this function"),
        ("    de = 2*e\n    return dee", 3, 12, "'dee' is returned but not assigned; did you mean"),
        ("    de = 2*e\n    return grads", 3, 12, "'grads' is returned but not assigned: return "
         "the gradients: return de"),
        ("    gw1 = 2*e\n    return gw1", 3, 12, "'gw1' is returned, but nothing says which "
         'gradient it is: name it dw1, or write claims = { gw1 = "w1" } in [backward]'),
        ("    dyhhat = 2*e\n    return dyhhat", 3, 12, "'dyhhat' is returned, but nothing says "
         "which gradient it is: name it dyhat, or write claims = { dyhhat = "),
        ("    de = 2*q\n    return de", 2, 12, "'q' is not defined"),
        ("    de = 2*dyhat\n    dyhat = e\n    return de", 2, 12, "'dyhat' is read before it is "
         "assigned, on line 3; if last step's value is meant, give it a first value in state"),
        ("    print(e)\n    return e", 2, 5, "'print' is not part of the language: leave the line"),
        ("    import os\n    return e", 2, 5, "'import' is not part of the language"),
        ("    de = 2*e\n      dw1 = de\n    return de", 3, 7, "this line is indented more or less"),
        ("    de = \\\n    2*e\n    return de", 2, 10, "unexpected '\\': put an expression of"),
        ("    de = 'text'\n    return de", 2, 10, "a quote starts a string"),
        ("    e = 1\n    de = e\n    return de", 2, 5, "'e' is a name of the "
         "model and cannot be assigned again: leave the line out, or choose another name; its "
         "gradient is de"),
        ("    de = (2*e\n    return de", 2, 10, "'(' is not closed"),
        ("    de = 2*e)\n    return de", 2, 13, "')' closes no bracket"),
        ("    de = '2*e\n    return de", 2, 10, "this string is not closed"),
        ("    '''de = 2*e\n    return de", 2, 5, "this string is not closed"),
    ],
)  # fmt: skip
def test_what_the_language_has_not_is_refused_at_its_place(refuse, body, line, column, message):
    at_line, at_column, said, source = refuse(body)
    assert (at_line, at_column) == (line, column), said
    assert said.startswith(message), said
    assert source in f"def backward(e, x1, x2):\n{body}".split("\n")


@pytest.mark.parametrize(
    ("head", "column", "message"),
    [
        ("def backward(e, ww1):", 17, "backward takes 'ww1', which is not a name of the "
         "scenario; did you mean 'w1'?"),
        ("def backward(e, dout=1.0):", 17, "backward takes 'dout', which is not a name of the "
         "scenario: leave it out, or give its value in [data]"),
        ("def backward(e, dw1=1.0):", 17, "backward takes 'dw1', which is not a name of the "
         "scenario: compute the gradient of w1 in the function, or give it in [data]"),
        ("def backward(*args):", 14, "'*' before a parameter is not part of the language"),
        ("def backward(**args):", 14, "'*' before a parameter is not part of the language"),
        ("def backward(e): return e\ndef f(): return", 18, "the body of the function must be on"),
    ],
)  # fmt: skip
def test_parameters_are_names_of_the_scenario(refuse, head, column, message):
    line, at_column, said, _ = refuse(BODY.replace("2*e", "2*e*(ww1 + dout + dw1)"), head)
    assert (line, at_column) == (1, column)
    assert said.startswith(message)


def test_a_parameter_that_no_line_reads_needs_no_value(load):
    hand = load("def backward(dout, e, x1, x2):\n" + BODY).problem.backward
    assert hand.claims == {"dw1": "w1", "dw2": "w2"}


def test_a_function_that_is_defined_twice_is_refused(refuse):
    line, _, said, _ = refuse(BODY + "def backward(e):\n" + BODY)
    assert (line, said) == (7, "'backward' is defined twice, on lines 1 and 7")


def test_a_method_may_be_named_with_its_class(load):
    method = "    def backward(self, e):\n" + BODY.replace("    ", "        ")
    python = f"class A:\n{method.replace('2*e', '3*e')}\nclass B:\n    x = 1\n\n{method}"
    problem = load(python, more='[backward]\nsource = "net.py:B.backward"').problem
    assert problem.backward.program[0].place.line == python[: python.rindex("2*e")].count("\n") + 1
    with pytest.raises(InputError, match="no function 'C"):
        load(python, more='[backward]\nsource = "net.py:C.backward"')


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("net.py:bakward", "net.py has no function 'bakward'; did you mean 'backward'?"),
        ("net.py", "source: expected a Python file and a function in it: net.py:forward"),
        ("net.txt:backward", "source: expected a Python file and a function"),
        ("net.py:a b", "source: expected a Python file and a function"),
        ("other.py:backward", "Python file 'other.py': no such file"),
        ("../net.py:backward", "Python file '../net.py': lies outside the scenario's folder"),
    ],
)
def test_a_source_that_is_not_there_is_refused_in_the_scenario(load, source, message):
    with pytest.raises(InputError) as caught:
        load("def backward(e):\n" + BODY, more=f'[backward]\nsource = "{source}"')
    error = caught.value
    assert error.message.startswith(message)
    assert error.source_line == f'source = "{source}"'


def test_the_loss_of_several_returned_names_is_said_in_the_scenario(load, refuse):
    python = "def forward(w1):\n    e = w1*x1 - y\n    L = e**2\n    return e, L"
    head, body = python.split("\n", 1)
    model = 'source = "net.py:forward"'
    said = refuse(body, head, model=model, more="")[2]
    assert said.startswith("forward returns several names: ")
    assert said.endswith('loss = "L"')
    kept = body.replace("return e, L", "return L, e")
    assert refuse(kept, head, model=model, more="")[2].endswith('loss = "L"')
    assert load(python, model + '\nloss = "L"', "").frame.loss == 9.0


@pytest.mark.parametrize(
    ("model", "message"),
    [("", "[model] lacks 'code' or 'source'"),
     (MODEL + '\nsource = "net.py:f"', "[model] has both 'code' and 'source': give one")],
)  # fmt: skip
def test_exactly_one_of_code_and_source_is_given(load, model, message):
    with pytest.raises(InputError, match=message.replace("[", r"\[")):
        load("", model, "")


def test_the_error_on_the_terminal_cites_the_python_file(tmp_path, load, capsys):
    with pytest.raises(InputError):
        load("def backward(e):\n    for i in e:\n        pass\n    return e")
    assert main(["check", str(tmp_path / "s.toml")]) == 2
    err = capsys.readouterr().err.split("\n")
    assert err[0].startswith(f"{tmp_path / 'net.py'}:2:5: error: 'for' is not part of the language")
    assert err[1:3] == ["      for i in e:", "      ^^^"]


def test_nothing_in_the_file_is_run(tmp_path, load):
    mark = tmp_path / "run"
    python = f"open({str(mark)!r}, 'w').close()\ndef backward(e):\n{BODY}"
    load(python)
    assert not mark.exists()


PIECES = st.sampled_from(
    ["def backward(", "def ", "e", "):", "\n", "    ", "\t", "de", " = ", "2*e", "return ", ",",
     "(", ")", "[", "'", '"', "'''", '"""', "#", "\\", "for i in e:", "+=", ":", "*", "\r\n", "é",
     "\0", "lambda", "{", "}", "class A:", "async ", "=", "=="],
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=25).map("".join) | st.text(max_size=60))
def test_any_text_is_a_function_or_one_clean_error(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("source")
    (folder / "net.py").write_bytes(f"def backward(e):\n    de = 2*e\n{text}".encode())
    path = folder / "s.toml"
    more = '[backward]\nsource = "net.py:backward"'
    path.write_text(SCENARIO.format(model=MODEL, more=more), encoding="utf-8")
    try:
        gradtui.load(path).seek(1)
    except InputError as error:
        first, *rest = str(error).split("\n")
        assert ": error: " in first
        assert len(rest) in (0, 2)


LAYER = """code = '''
N = X.shape[0]
out = X @ W + b
L = sum(out*dout)/N
'''
loss = "L"
"""


def judged(path):
    """Return what is found of the gradients."""
    return [finding for finding in gradtui.check(path) if finding.of_gradient]


def layer(tmp_path, python, model=LAYER, more='[backward]\nsource = "net.py:backward"'):
    (tmp_path / "net.py").write_text(python)
    path = tmp_path / "s.toml"
    data = "X = [[1.0, 2.0], [3.0, 4.0]]\ndout = [[1.0, 0.5], [2.0, -1.0]]"
    parameters = "W = [[1.0, 2.0], [0.5, 1.5]]\nb = [0.5, -0.5]"
    text = SCENARIO.format(model=f"{model}", more=more)
    text = text.replace("x1 = 2.0\nx2 = 3.0\ny = 5.0", data)
    path.write_text(text.replace("w1 = 1.0\nw2 = 2.0", parameters))
    return path


@pytest.mark.parametrize("line", ["(X, W, b) = cache", "X, W, b = cache", "[X, W, b] = cache"])
def test_what_is_taken_out_of_a_parameter_is_what_the_model_has_of_that_name(tmp_path, line):
    python = f"""def backward(dout, cache):
    {line}
    N = dout.shape[0]
    dW = X.T.dot(dout)/N
    db = dout.sum(axis=0, keepdims=0)/N
    return dW, db
"""
    path = layer(tmp_path, python)
    assert judged(path) == []
    hand = gradtui.load(path).problem.backward
    assert [item.name for item in hand.program] == ["dW", "db"]


def test_what_is_taken_out_of_a_parameter_must_be_of_the_model(tmp_path):
    python = "def backward(dout, cache):\n    X, V = cache\n    dW = X\n    return dW\n"
    message = r"net.py:2:8: error: 'V' is taken out of 'cache'"
    with pytest.raises(InputError, match=message) as caught:
        gradtui.load(layer(tmp_path, python))
    assert caught.value.source_line == "    X, V = cache"


KEPT = """def forward(X, W, b):
    N, D = X.shape
    out = X @ W + b
    fc_cache = (X, W, b)
    cache = (fc_cache, out)
    L = np.sum(out*dout)/N
    return L, cache
"""


@pytest.mark.parametrize(
    ("lines", "gradient", "sound"),
    [
        ("fc_cache, y = cache\n    X, W, b = fc_cache", "X.T.dot(dout)/N", True),
        ("(_, weights, b), y = cache", "dout.T.dot(X).T/N + 0*weights", True),
        ("fc_cache, y = cache\n    dX, dW, db = None, None, None", "X.T.dot(dout)/N", True),
        ("grad = dout*1\n    N = grad.shape[0]", "X.T.dot(dout)/N", True),
        ("(fc_cache, y), scale = cache, 2", "X.T.dot(dout)/N*scale", False),
        # A name taken out of the cache is not blamed for the factor.
        ("(inputs, w, _), y = cache", "inputs.T.dot(dout)/N*2", False),
    ],
)
def test_what_the_model_keeps_for_later_is_taken_out_by_position(tmp_path, lines, gradient, sound):
    python = f"""{KEPT}def backward(dout, cache):
    {lines}
    N = dout.shape[0]
    dW = {gradient}
    return dW
"""
    found = judged(layer(tmp_path, python, 'source = "net.py:forward"'))
    assert [one.target for one in found] == ([] if sound else ["dW"])


def test_a_parameter_may_be_the_gradient_of_a_value_of_the_model(tmp_path):
    model = LAYER.replace("L = sum(out*dout)/N", "L = sum((out - y)**2)/N")
    python = """def backward(dout, X):
    dW = X.T @ dout
    db = np.sum(dout, axis=1)
    return dW, db
"""
    path = layer(tmp_path, python, model)
    path.write_text(path.read_text().replace("dout = [", "y = ["))
    (found,) = judged(path)
    assert (found.line, found.fix) == (3, "db = np.sum(dout, axis=0)")
    assert gradtui.load(path).frame.hand.keys() == {"dW", "db"}


def test_a_size_that_is_not_the_models_is_refused(tmp_path):
    python = "def backward(dout, W, X):\n    N = X.shape[1]\n    dW = X.T @ dout/N\n    return dW\n"
    wide = LAYER.replace("X.shape[0]", "len(dout)")
    assert judged(layer(tmp_path, python, wide)) == []  # 2 by 2
    path = layer(tmp_path, python, wide)
    path.write_text(path.read_text().replace("[3.0, 4.0]]", "[3.0, 4.0], [5.0, 6.0]]").replace(
        "[2.0, -1.0]]", "[2.0, -1.0], [1.0, 1.0]]"))  # fmt: skip
    with pytest.raises(InputError, match="2:5: error: 'N' is 2 here and 3 in the model, on line"):
        gradtui.load(path)


def test_attributes_of_an_object_are_names(tmp_path):
    python = """class Layer:
    def backward(self, dout):
        self.dW = np.dot(self.X.T, dout) / self.N
        self.db = np.sum(dout, axis=0) / self.N
        dX = np.dot(dout, self.W.T) / self.N
        return dX
"""
    path = layer(tmp_path, python)
    session = gradtui.load(path)
    assert judged(path) == []
    assert session.problem.backward.claims == {"dW": "W", "db": "b", "dX": "X"}
    assert session.problem.backward.program[0].place.column == 14

    wrong = python.replace("self.db = np.sum(dout, axis=0) /", "self.db = np.sum(dout, axis=0) *")
    (finding,) = judged(layer(tmp_path, wrong))
    assert (finding.target, finding.line) == ("db", 4)
    assert finding.fix == "self.db = np.sum(dout, axis=0) * self.N / 4"


def test_a_method_that_only_keeps_its_gradients_need_not_return_any(tmp_path):
    python = "class A:\n    def backward(self, dout):\n        self.dW = self.X.T @ dout/2\n"
    path = layer(tmp_path, python)
    assert judged(path) == []
    assert gradtui.load(path).problem.backward.claims == {"dW": "W"}


def test_a_method_of_the_object_is_not_read(tmp_path):
    python = (
        "class A:\n    def backward(self, dout):\n        dW = self.relu(dout)\n        return dW\n"
    )
    with pytest.raises(InputError, match="'relu' is a method of an object, which is not read"):
        gradtui.load(layer(tmp_path, python))


def test_what_is_taken_out_of_an_attribute_is_the_models(tmp_path):
    python = """class Layer:
    def backward(self, dout):
        X, W = self.cache
        N = X.shape[0]
        self.dW = np.dot(X.T, dout) / N
        dX = np.dot(dout, W.T) / N
        return dX
"""
    path = layer(tmp_path, python)
    assert judged(path) == []
    assert gradtui.load(path).problem.backward.claims == {"dW": "W", "dX": "X"}


def test_a_method_may_keep_what_it_is_given(tmp_path):
    python = """class Net:
    def forward(self, X):
        self.X = X
        self.out = X @ self.W + self.b
        self.L = np.sum(self.out*dout)/2
        return self.L
"""
    path = layer(tmp_path, python, 'source = "net.py:forward"', "")
    assert gradtui.load(path).problem.graph.loss is not None
    names = gradtui.load(path).problem.graph.names
    assert {"out", "L"} <= set(names)


@pytest.mark.parametrize("returned", ["loss, dW", "loss, dW, db", "dW, loss"])
def test_one_function_is_the_model_and_its_gradients(tmp_path, returned):
    python = f"""def layer_loss(W, b, X):
    N = X.shape[0]
    out = X.dot(W) + b
    loss = np.sum(out*dout)/N
    dW = X.T.dot(dout)/N
    db = np.sum(dout, axis=0)/N
    return {returned}
"""
    path = layer(
        tmp_path, python, 'source = "net.py:layer_loss"',
        '[backward]\nsource = "net.py:layer_loss"',
    )  # fmt: skip
    problem = gradtui.load(path).problem
    assert [item.name for item in problem.model] == ["N", "out", "loss"]
    assert "dW" in problem.backward.claims
    assert judged(path) == []


@pytest.mark.parametrize("name", ["grad", "norm", "dot", "mean", "var"])
def test_a_name_of_a_function_that_values_have_is_the_values(load, name):
    body = f"    {name} = 2*e\n    dw1 = {name}*x1\n    dw2 = {name}*x2\n    return dw1, dw2"
    session = load(f"def backward(e, x1, x2):\n{body}")
    assert session.frame.hand == {"dw1": 12.0, "dw2": 18.0, name: 6.0}
    assert session.frame.problem.backward.claims == {"dw1": "w1", "dw2": "w2"}


def test_a_value_and_a_function_may_have_one_name(tmp_path):
    python = "def backward(dout, X):\n    dot = np.dot(X.T, dout)\n    dW = dot/2\n    return dW\n"
    assert judged(layer(tmp_path, python)) == []
