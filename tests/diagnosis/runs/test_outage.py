"""When units went off, and what put them off."""

NETWORK = "h = relu(X@A + b)\nL = mean((h@v - y)**2)"
DATA = "X = [[1.0, 0.5], [0.6, 1.0], [0.8, 0.2], [0.3, 0.9]]\ny = [1.0, 3.0, 2.0, 4.0]"


def dead(found):
    return next(one for one in found if one.rule == "dead-relu")


def test_units_that_go_off_one_after_the_other_are_told_by_the_step_of_the_first_half(diagnosed):
    # Units 0 and 1 start at -50; unit 2 is pushed down slowly, by its share of a target of -9.
    start = "A = [[1.0, 1.0, 0.1], [0.5, 0.5, 0.1]]\nb = [-50.0, -60.0, 1.0]\n"
    data = DATA.replace("y = [1.0, 3.0, 2.0, 4.0]", "y = [-9.0, -9.0, -9.0, -9.0]")
    found = dead(diagnosed(NETWORK, start + "v = [0.2, 0.7, 1.0]", data, lr="0.01", steps=60))
    assert (found.step, found.evidence["units"]) == (0, [0, 1, 2])
    assert found.evidence["off_from_start"] == [0, 1]
    assert (
        "all 3 units of h are off for every example to the end, 2 of them from the start, all"
        in found.message
    )
    assert "at the start b[1] = -60, for one; try" in found.message


def test_an_update_that_puts_some_off_is_no_cause_of_the_others(diagnosed):
    # The first update throws units 1 to 3 far below 0; unit 0 starts there.
    start = "A = [[1.0, 1.0, 2.0, 3.0], [0.5, 0.5, 0.6, 0.7]]\nb = [-50.0, 0.0, 0.0, 0.0]\n"
    found = dead(diagnosed(NETWORK, start + "v = [1.0, 4.0, 4.0, 4.0]", DATA, lr="1.0", steps=20))
    assert found.step == 1
    assert "of h are off for every example since step 1, 1 of them from the start" in found.message
    assert "the update of step 0 put 3 of them off and pushed " in found.message


def test_units_that_go_off_together_have_one_step(diagnosed):
    start = "A = [[1.0, 1.0, 2.0, 3.0], [0.5, 0.5, 0.6, 0.7]]\nb = [0.0, 0.0, 0.0, 0.0]\n"
    found = dead(diagnosed(NETWORK, start + "v = [1.0, 4.0, 4.0, 4.0]", DATA, lr="1.0", steps=20))
    assert "all 4 units of h are off for every example since step 1: " in found.message
    assert "the update of step 0 pushed " in found.message


def test_no_single_number_is_blamed_for_what_many_do_together(diagnosed):
    # Adam moves all 40 weights of the unit by as much.
    row = ", ".join(["[0.001]"] * 40)
    x = ", ".join([f"[{', '.join(['1.0'] * 40)}]"] * 3)
    found = dead(
        diagnosed(
            "h = relu(X@A)\nL = mean(h) + 0*c", f"A = [{row}]\nc = 1.0", f"X = [{x}]",
            optimizer='name = "adam"', lr="0.01", steps=20,
        )
    )  # fmt: skip
    assert "the update of step 0 put it off (rate 0.01, |∇| " in found.message


def test_a_start_is_explained_only_by_a_number_that_holds_the_unit_down(diagnosed):
    # Unit 0 is off as its inputs are: all 40 weights of -0.01 hold it down alike.
    row = ", ".join(["[-0.01]"] * 40)
    x = ", ".join([f"[{', '.join(['1.0'] * 40)}]"] * 3)
    found = dead(
        diagnosed("h = relu(X@A)\nL = mean(h) + c*c", f"A = [{row}]\nc = 1.0", f"X = [{x}]")
    )
    assert "is 0; so from the start; try" in found.message
