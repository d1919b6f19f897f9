"""The one glossary: every number and sign on the screen, in words for a learner."""

from __future__ import annotations

Entry = tuple[str, str]
"""A sign on the screen -> its meaning."""

GLOSSARY: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    ("the top row", (
        ("lr", "learning rate: how far each step moves against the gradient"),
        ("step 3/12", "the weights after 3 updates of 12; step 0 is the start"),
        ("in forward", "the pass of the step that the cursor is in; done: all of it"),
        ("L  0.81", "the loss of this step: how wrong the model is, one number"),
        ("▼ ▲ = !", "the loss is lower than, higher than or the same as one step ago; ! it is "
                    "not finite"),
        ("validation", "the loss on data that the training never uses"),
        ("drive hand", "the hand-written lines move the weights; autodiff: the true gradients"),
        ("branch", "the current run, in which something was changed from a step on"),
        ("one call", "code of your own, run once to step through; nothing is trained"),
    )),
    ("a lesson", (
        ("✓ ▸ ·", "its steps: done, current, still to come"),
        ("? e = ?", "a number to predict; the screen hides it until you answer"),
        ("answer", "a number, or an expression of known numbers, such as 2*e*x2 or 1/3; after "
                   "the third wrong answer you see the right one"),
    )),
    ("code of your own", (
        ("line 7, t = 2 of 5", "the line at the cursor, in that iteration of its loop"),
        ("h(t=2)  h(#3)", "h in round t = 2 of a loop, or in its third round"),
        ("hs[2]  x#2", "an entry by its index; the second value assigned to x"),
        ("cell()", "the result of the function cell, if it has no name"),
        ("∂L/∂h ✓", "a line of the backward pass whose value is this true gradient"),
    )),
    ("Graph", (
        ("w1  1", "a value, with its gradient below it"),
        ("×2", "local derivative: how fast the right end of the edge changes with its left end, "
               "for each element alike"),
        ("×[4×3]", "one local derivative for each element, in this shape"),
        ("@  sum  mean", "the operation whose rule carries gradients back here; Chain writes it"),
        ("the block", "the selected node, which all panels explain: what the cursor has just "
                      "done, until you select another; then that name is underlined"),
        ("━", "heavy: the path from the selected node to the loss"),
        ("·", "not computed yet at the cursor, which is not the same as 0"),
        ("1.5…", "a part of a gradient: more paths to the loss will add to it"),
        ("unused", "the loss does not depend on this value"),
        ("✗ ×3", "the hand-written line of this edge is wrong"),
    )),
    ("arrays", (
        ("[5]  [5×2]", "the shape of an array: 5 numbers; 5 rows of 2 columns"),
        ("0.5 to 5", "the smallest and the largest of its numbers"),
        ("all 1", "all of its numbers are 1"),
        ("[0.8 1.5]", "its numbers, if there are at most three"),
        ("w[1]  W[0,1]", "one element: rows and columns are counted from 0"),
        ("|w|", "its norm: the root of the sum of its squares"),
        ("nan  inf", "not a number, such as 0/0; larger than any number"),
    )),
    ("Gradient", (
        ("∂L/∂w", "gradient: how fast the loss L changes when w grows a little"),
        ("central", "central difference: the same slope, measured by moving w a little each way"),
        ("by hand", "the hand-written gradient"),
        ("✓  ?", "the measured and the computed slope agree; they differ, for example at a kink"),
        ("left out", "not measured, because the model is large"),
        ("|∇|", "gradient norm: the length of all gradients taken as one vector"),
    )),
    ("Chain", (
        ("chain rule", "multiply the local derivatives along each path to the loss; add the paths"),
        ("X.T @ ∂L/∂ŷ", "the chain rule of a matrix product: .T swaps its rows and columns"),
        ("1 █▁▃ 0.5", "the selected value over the last steps, with its first and last number"),
        ("einsum('ij,jk->ik')", "numbers at the same letters multiplied, and added up over the "
         "letters that the result lacks"),
        ("spread(G, …)", "the parts of G, each put back where it was taken from; what was taken "
         "twice gets the sum, the rest 0"),
        ("lens", "the chain rule of one element, through one row of the batch"),
        ("Jacobian", "the local derivatives of one array with respect to another: each row is an "
         "output, each column an input"),
        ("kink", "a point where the slope jumps; its value there is a convention"),
    )),
    ("Update", (
        ("lr·λmax", "the rate times the largest curvature; `1.47 of 2`: above 2 each step lands "
         "farther out than the last; with momentum or Adam the limit differs"),
        ("lr·clip·λmax", "the same for a step that clipping shortens, which counts like a lower "
         "rate; nearer to the valley's floor nothing is clipped"),
        ("λmax", "the largest curvature: how fast the slope changes in the steepest direction"),
        ("no overshoot", "the weights approach the valley's floor from one side"),
        ("overshoots", "each step lands on the other side of the valley, but nearer"),
        ("stable, swings", "below the limit; momentum carries the weights past the valley's floor "
                           "and back, nearer each time, as it does far below the limit too"),
        ("above the limit", "with this step's curvature each step lands farther out; the "
                            "findings say whether the run diverges"),
        ("diverges", "it does diverge: the loss grows without end"),
        ("κ", "kappa, the condition number: the largest curvature divided by the smallest above 0; "
              "large: a long narrow valley, in which no rate is good for all directions"),
        ("λmin < 0", "in its place: along some directions the loss curves downward"),
        ("stable up to", "the largest rate that does not diverge, with this step's curvature"),
        ("slowest", "the steps it takes to get ten times nearer in the flattest direction"),
        ("w ← …", "how the optimizer moves each weight, then the same with numbers"),
        ("w→", "this weight has moved; before, its number is what is to come"),
        ("g  dw", "the gradient that the optimizer gets; the hand-written one"),
        ("m  v  t", "running means of the gradient and of its square; the number of the update"),
        ("m̂  v̂", "the same, corrected for the start at 0"),
        ("velocity", "momentum's memory: it keeps a part of itself and adds the gradient; papers "
         "and PyTorch call it v, b or the momentum buffer"),
        ("own rate", "this element's rate, with the optimizer's division included"),
        ("clip", "all gradients are scaled down together when |∇| exceeds a limit"),
    )),
    ("Program", (
        ("33▸ 34›", "the line of the file; ▸ the line at the cursor, › the selected node's"),
        ("✓  ✗", "a hand-written line: right; wrong in this line"),
        ("↳", "wrong only because of another line"),
        ("i", "not the true one, but no mistake: a factor comes later, or a note tells why"),
        ("true", "the right value of the line"),
        ("given", "the shapes of the arrays that the program starts from"),
        ("rows, epoch", "the examples that this step sees; one pass through all examples"),
    )),
    ("Loss", (
        ("│", "the current step"),
        ("─ ● × + o ▪", "which curve is which: each has its marker along it"),
        ("●↑", "this curve leaves the picture at the top"),
        ("log scale", "equal distances are equal factors; values of 0 and below are left out"),
        ("✓ ▼ … —", "a run of a sweep: converges; still falls; crawls; stalls or ends no lower"),
        ("~  ▲", "oscillates: swings without settling; diverges"),
    )),
    ("Surface", (
        ("contour", "a line along which the loss is the number written on it; in ASCII it "
                    "is made of digits, which the legend explains"),
        ("◉ →", "the weights of this step, and where the step takes them"),
        ("● ○", "the weights of the steps so far, and of those to come; in ASCII o and +"),
        ("★", "the lowest known loss in view; it may go lower outside"),
        ("slice", "in a large model only two numbers change; the others stay as they are at this "
                  "step. A step of the run may move those too: then the loss after it, behind →, "
                  "is not the one drawn there, and may be lower than at ★"),
        ("on its batch", "the losses drawn are those of the examples that this step sees"),
        ("×4", "the zoom: four times nearer than the whole path"),
        ("along a line", "the loss is as low all along a line through the star"),
        ("tangent", "the line whose slope is the derivative at the current point"),
        ("0 1 2", "in the plane of the data: the class of a row; in a block: the model predicts "
                  "another"),
    )),
    ("Findings, timeline", (
        ("✗ ▲ i", "an error; a warning; a remark"),
        ("● ○", "the current step; the others"),
        ("◆", "a breakpoint's condition becomes true here"),
        ("fix", "the whole line that replaces the wrong one"),
    )),
)  # fmt: skip
