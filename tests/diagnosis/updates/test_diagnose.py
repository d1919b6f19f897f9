"""A hand-written update: judged, the line named, the rule, the fix; and sound ones left alone."""

import numpy as np
import pytest

import gradtui
from diagnosis.updates.programs import PROGRAMS, Written, is_sound, mutants
from gradtui.diagnosis.updates import diagnose_update
from gradtui.diagnosis.updates.diagnose import Setting, judge
from gradtui.diagnosis.updates.explanation import Source
from gradtui.diagnosis.updates.probes import Probes
from gradtui.engine.handwritten import UpdateProgram
from gradtui.engine.optimizers import OPTIMIZERS
from gradtui.engine.program import update_of
from gradtui.language.parser import parse_expression, parse_program
from gradtui.scenario.bundled import bundled_folder
from gradtui.scenario.load import load_problem
from gradtui.scenario.rules import UPDATE_RULES

MUTANTS = mutants()
STEPS = 40
EITHER = {
    # Two lines whose signs or decay can be exchanged: either may be said to be the wrong one.
    "sgd step: -lr -> lr",
    "sgd step: w +  -> w - ",
    "momentum inside: - lr*g -> + lr*g",
    "adamw after:  + weight_decay*w -> ",
}


def findings(written, code=None, state=None, lr=0.05, run=None, **setting):
    """Return what is found in an update, here by default a sound one, on a run of all sizes."""
    code = written.code if code is None else code
    state = written.state if state is None else state
    program = UpdateProgram(
        parse_program(code), {name: np.array(value) for name, value in state.items()}, ""
    )
    constants = OPTIMIZERS[written.optimizer].complete(written.constants)
    rates = np.atleast_1d(np.asarray(lr, float))
    shapes = setting.get("shapes", ((),))
    if run is None:
        run = [run_of(shape, rates, constants) for shape in shapes]
    case = Setting(written.optimizer, constants, rates, run, STEPS, **setting)
    return judge(program, case, Source(code.split("\n")))


def run_of(shape, rates, constants, sizes=(1e-7, 1e-3, 1.0, 1e3), steps=STEPS):
    """Return the gradients of a run for parameters of one shape, each of one size."""
    rng = np.random.default_rng(11)
    draws = rng.normal(size=(steps, len(sizes), *shape))
    g = draws * np.reshape(sizes, (-1, *(1 for _ in shape)))
    lr = np.broadcast_to(rates[:, None], (steps, len(sizes)))
    return Probes(rng.normal(size=(len(sizes), *shape)), g, lr, constants, shape)


SCHEDULED = 0.05 * np.random.default_rng(3).uniform(0.2, 1.0, STEPS)


def fixed(code, found):
    lines = code.split("\n")
    for finding in found:
        lines[finding.line - 1] = finding.fix
    return "\n".join(lines)


def only(found):
    assert len(found) == 1, found
    return found[0]


# In a file.


def test_a_finding_gives_the_line_of_the_file(write):
    path = write("L = (w*x - 6)**2", more='[update]\ncode = """\nw = w + lr*g\n"""')
    finding = only(gradtui.check(path))
    with open(path, encoding="utf-8") as file:
        assert file.read().split("\n")[finding.line - 1] == "w = w + lr*g"
    report = diagnose_update(load_problem(path))
    assert (report.wrong, report.claims) == (True, 1)


def test_a_file_without_an_update_makes_no_claim(write):
    report = diagnose_update(load_problem(write("L = (w*x - 6)**2")))
    assert (report.findings, report.wrong, report.claims) == ((), False, 0)


def test_a_wrong_first_value_gives_the_line_of_the_state(tmp_path):
    folder = bundled_folder()
    text = (folder / "update_adam.toml").read_text(encoding="utf-8")
    (tmp_path / "parcels.csv").write_bytes((folder / "parcels.csv").read_bytes())
    path = tmp_path / "first.toml"
    path.write_text(text.replace("v = 0.0", "v = 1.0"), encoding="utf-8")
    finding = only(diagnose_update(load_problem(path)).findings)
    row = path.read_text(encoding="utf-8").split("\n")[finding.line - 1]
    assert (finding.target, row) == ("v", "state = { m = 0.0, v = 1.0 }")
    assert finding.fix == "state = { m = 0.0, v = 0.0 }"


# Sound programs.


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_sound_update_is_left_alone(name):
    assert is_sound(PROGRAMS[name], PROGRAMS[name].code)
    assert findings(PROGRAMS[name]) == ()


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("given", [{}, {"momentum": 0.9}, {"weight_decay": 0.1}])
def test_an_optimizers_own_program_is_sound(name, given):
    own = {constant.name for constant in OPTIMIZERS[name].hyperparameters}
    constants = {key: value for key, value in given.items() if key in own}
    values = OPTIMIZERS[name].complete(constants)
    code = OPTIMIZERS[name].program(values)
    written = Written(name, code, dict(update_of(name, values).state), constants)
    assert findings(written) == ()
    assert findings(written, lr=SCHEDULED) == ()


def test_a_rate_inside_the_velocity_is_sound_while_the_rate_is_constant():
    inside = PROGRAMS["momentum inside"]
    assert findings(inside) == ()
    assert findings(inside, lr=SCHEDULED)[0].rule == "update-rate"


def test_other_functions_that_come_to_the_same_are_sound():
    code = "s = s + abs(g)**2\nw = where(g == 0, w, w - lr*g/(exp(log(s)/2) + eps))"
    assert findings(Written("adagrad", code, {"s": 0.0})) == ()


def test_names_and_order_of_helpers_do_not_matter():
    code = (
        "second = beta2*second + (1 - beta2)*g*g\nroot = sqrt(second/(1 - beta2**t)) + eps\n"
        "first = first*beta1 + g - beta1*g\nw = w - lr/root*first/(1 - beta1**t)"
    )
    assert findings(Written("adam", code, {"first": 0.0, "second": 0.0})) == ()


def test_a_counter_of_ones_own_is_sound():
    code = PROGRAMS["adam fused"].code.replace("**t", "**k")
    state = {"m": 0.0, "v": 0.0, "k": 0.0}
    assert findings(Written("adam", "k = k + 1\n" + code, state)) == ()


# Wrong ones, and what is said of them: the figures by hand.


def test_a_plus_for_the_minus_is_the_sign_and_goes_uphill():
    # w 1, g 2, lr 0.05: down to 0.9, up to 1.1.
    finding = only(findings(PROGRAMS["sgd plain"], "w = w + lr*g"))
    assert (finding.rule, finding.target, finding.line) == ("update-sign", "w", 1)
    assert finding.fix == "w = w - lr*g"
    assert finding.evidence["here"] == pytest.approx(1.1)
    assert finding.evidence["sgd"] == pytest.approx(0.9)
    said = "w after step 1: 1.1 here, 0.9 by sgd (tried from w 1 with g 2 and lr 0.05)"
    assert said in finding.message
    assert "uphill" in finding.message


def test_adam_without_the_correction_of_m_takes_a_tenth_of_the_first_step():
    # m̂ = g and √v̂ = |g| at first, so Adam moves by lr; m alone is 0.1 g.
    code = PROGRAMS["adam statements"].code.replace("m/(1 - beta1**t)", "m")
    finding = only(findings(PROGRAMS["adam statements"], code))
    assert finding.rule == "missing-bias-correction"
    assert finding.fix == "mhat = m/(1 - beta1**t)"
    assert finding.evidence["here"] == pytest.approx(1 - 0.1 * 0.05, rel=1e-6)
    assert finding.evidence["adam"] == pytest.approx(1 - 0.05, rel=1e-6)


def test_eps_inside_the_root_shows_where_gradients_are_tiny():
    code = PROGRAMS["adam statements"].code.replace("np.sqrt(vhat) + eps", "np.sqrt(vhat + eps)")
    finding = only(findings(PROGRAMS["adam statements"], code))
    assert finding.rule == "epsilon-placement"
    assert abs(finding.evidence["gradients"][-1]) < 1e-3


def test_a_fix_keeps_the_users_own_spelling():
    code = "w  = w - lr*g/( np.sqrt( s )+eps )"
    adagrad = Written("adagrad", "s = s + g*g\n" + code.replace("w - lr", "w + lr"), {"s": 0.0})
    assert only(findings(adagrad)).fix == "w = w - lr*g/( np.sqrt( s )+eps )"


ADAM_IN_NUMBERS = """m = 0.9*m + (1 - 0.9)*g
v = 0.999*v + (1 - 0.999)*g**2
mhat = m/(1 - 0.9**t)
vhat = v/(1 - 0.999**t)
w = w - lr*mhat/(np.sqrt(vhat) + 1e-8)"""
ADAM_OF_OWN_NAMES = """b1 = 0.9
m = b1*m + (1 - b1)*g
v = 0.999*v + (1 - 0.999)*g**2
mhat = m/(1 - b1**t)
w = w - lr*mhat/(np.sqrt(v/(1 - 0.999**t)) + 1e-8)"""


@pytest.mark.parametrize(
    ("code", "right", "wrong"),
    [
        (ADAM_IN_NUMBERS, "m/(1 - 0.9**t)", "m/(1 - 0.9)"),
        (ADAM_IN_NUMBERS, "m/(1 - 0.9**t)", "m/(1 - 0.9**(t+1))"),
        (ADAM_IN_NUMBERS, "v/(1 - 0.999**t)", "v/(1 - 0.999**(t - 1))"),
        (ADAM_OF_OWN_NAMES, "m/(1 - b1**t)", "m/(1 - b1)"),
        (ADAM_OF_OWN_NAMES, "m/(1 - b1**t)", "m/(1 - b1**(t+1))"),
    ],
)
def test_what_weighs_a_mean_is_known_by_its_number_and_by_ones_own_name(code, right, wrong):
    adam = PROGRAMS["adam statements"]
    assert findings(adam, code) == ()
    finding = only(findings(adam, code.replace(right, wrong)))
    line = next(row for row in code.split("\n") if right in row)
    assert (finding.rule, finding.fix) == ("wrong-time-index", line)


def test_a_first_value_that_is_not_the_optimizers_is_named():
    adam = PROGRAMS["adam statements"]
    finding = only(findings(adam, state={"m": 0.0, "v": 1.0}))
    assert (finding.rule, finding.target) == ("momentum-form", "v")
    assert "v starts at 1, adam starts it at 0" in finding.message


def test_an_update_is_judged_at_other_rates_where_the_files_is_0():
    plain = PROGRAMS["sgd plain"]
    assert not findings(plain, lr=0.0)
    assert only(findings(plain, "w = w + lr*g", lr=0.0)).rule == "update-sign"


def test_the_rate_by_its_number_is_a_remark_while_it_is_the_files_rate():
    plain = PROGRAMS["sgd plain"]
    remark = only(findings(plain, "w = w - 0.05*g"))
    assert (remark.severity, remark.rule, remark.fix) == ("info", "relies-on-data", "w = w - lr*g")
    assert "update-rate" in remark.alternatives
    assert "the same as sgd on this run, not at other learning rates" in remark.message
    assert only(findings(plain, "w = w - 0.05*g", lr=0.1)).severity == "error"
    assert only(findings(plain, "w = w - 0.05*g", lr=SCHEDULED)).severity == "error"


def test_what_is_right_at_a_rate_of_one_only_relies_on_it():
    remark = only(findings(PROGRAMS["sgd plain"], "w = w - lr**2*g", lr=1.0))
    assert (remark.severity, remark.fix) == ("info", "w = w - lr*g")
    assert "update-rate" in remark.alternatives


def test_where_two_lines_could_be_changed_the_other_is_told_too():
    finding = only(findings(PROGRAMS["momentum inside"], "u = momentum*u + lr*g\nw = w + u"))
    assert finding.fix == "w = w - u"
    assert "; or line 1 should be u = momentum*u - lr*g" in finding.message


def test_a_mean_over_the_parameter_is_wrong_though_it_is_not_for_one_number():
    plain = PROGRAMS["sgd plain"]
    assert findings(plain, "w = w - lr*mean(g)", shapes=((),)) == ()
    finding = only(findings(plain, "w = w - lr*mean(g)", shapes=((), (3, 2))))
    assert finding.fix == "w = w - lr*g"


@pytest.mark.parametrize("shape", [(4,), (3, 2)])
def test_operations_over_the_whole_parameter_are_judged_in_its_shape(shape):
    adam = PROGRAMS["adam statements"]
    turned = adam.code.replace("g**2", "(g.T).T**2")
    assert findings(adam, turned, shapes=(shape,)) == ()
    uphill = turned.replace("w - lr", "w + lr")
    assert findings(adam, uphill, shapes=(shape,))[0].fix == (
        "w = w - lr*mhat/(np.sqrt(vhat) + eps)"
    )
    by_length = findings(PROGRAMS["sgd plain"], "w = w - lr*g/sqrt(sum(g*g))", shapes=(shape,))
    assert only(by_length).line == 1


def test_weight_decay_of_the_other_kind_is_mended_in_its_line():
    adam = PROGRAMS["adam decay"]
    coupled = Written("adamw", adam.code, adam.state, adam.constants)
    finding = only(findings(coupled))
    assert (finding.rule, finding.target) == ("decay-coupling", "g")
    assert finding.fix == "w = w - lr*(weight_decay*w)"
    assert "g = g + weight_decay*w should be w = w - lr*(weight_decay*w)" in finding.message
    decoupled = Written("adam", fixed(adam.code, [finding]), adam.state, adam.constants)
    finding = only(findings(decoupled))
    assert finding.fix == "g = g + weight_decay*w"
    assert is_sound(decoupled, fixed(decoupled.code, [finding]))


def test_a_line_that_no_small_change_repairs_gets_the_optimizers_expression():
    code = PROGRAMS["adam statements"].code.replace("m = beta1*m + (1 - beta1)*g", "m = tanh(g)*3")
    finding = only(findings(PROGRAMS["adam statements"], code))
    assert (finding.rule, finding.line) == ("unexplained-update", 1)
    assert finding.fix == "m = beta1*m + (1 - beta1)*g"


def test_an_update_that_is_nothing_like_it_is_unexplained_and_has_no_fix():
    code = "u = sin(u) + g\nw = cos(w) + u"
    finding = only(findings(PROGRAMS["momentum outside"], code))
    assert (finding.rule, finding.target, finding.fix) == ("unexplained-update", "w", None)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_line_is_found_with_its_rule_and_a_fix_that_passes(name):
    mutant = MUTANTS[name]
    assert not is_sound(mutant.written, mutant.code)
    found = findings(mutant.written, mutant.code)
    finding = only(found)
    assert finding.severity == "error"
    assert finding.line == mutant.line or name in EITHER
    assert finding.rule in mutant.rules
    assert finding.rule in UPDATE_RULES
    target, _, value = finding.fix.partition(" = ")
    assert target == finding.target
    parse_expression(value)
    assert is_sound(mutant.written, fixed(mutant.code, found))


def pairs():
    """Return two wrong lines at once, every 14th of the programs' pairs."""
    found = {}
    for name, written in PROGRAMS.items():
        own = {key: m for key, m in MUTANTS.items() if key.startswith(f"{name}: ")}
        for one, first in own.items():
            for other, second in own.items():
                if first.line < second.line:
                    lines = first.code.split("\n")
                    lines[second.line - 1] = second.code.split("\n")[second.line - 1]
                    found[f"{one} & {other}"] = (written, "\n".join(lines), first, second)
    return dict(list(found.items())[::14])


def test_of_two_wrong_lines_at_least_85_in_100_are_both_found():
    both = total = repaired = 0
    for written, code, first, second in pairs().values():
        if is_sound(written, code):
            continue
        found = findings(written, code)
        total += 1
        both += {first.line, second.line} <= {finding.line for finding in found}
        if all(finding.fix for finding in found):
            repaired += is_sound(written, fixed(code, found))
    assert total > 40
    assert both / total >= 0.85
    assert repaired / total >= 0.95


def test_every_rule_has_a_wrong_line():
    stated = {rule for mutant in MUTANTS.values() for rule in mutant.rules}
    assert stated == set(UPDATE_RULES)
    assert len(MUTANTS) >= 100
    assert {mutant.written.optimizer for mutant in MUTANTS.values()} == OPTIMIZERS.keys()
