"""Write tests/data/torch_optimizers.json, torch_schedules.json and torch_plateau.json by PyTorch.

By hand, where PyTorch is installed: `python tests/peers/torch_trajectories.py`.
The model is the five parcels, float64, from w = (0.8, 1.5); a row is the state before each step.
"""

import json
import warnings
from pathlib import Path

import torch

DATA = Path(__file__).parent.parent / "data"
STEPS = 60
X = [[2, 3], [1.5, 1], [4, 5], [0.8, 0.5], [3.2, 2.5]]
Y = [5, 3.2, 9.5, 2.1, 6.8]
OPTIMIZERS = {"sgd": "SGD", "adagrad": "Adagrad", "rmsprop": "RMSprop", "adam": "Adam",
              "adamw": "AdamW"}  # fmt: skip
RUNS = [
    ("sgd", {"lr": 0.05}),
    ("sgd", {"lr": 0.02, "momentum": 0.9}),
    ("sgd", {"lr": 0.02, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("sgd", {"lr": 0.05, "weight_decay": 0.3}),
    ("sgd", {"lr": 0.05, "clip_norm": 0.5}),
    ("adagrad", {"lr": 0.1}),
    ("adagrad", {"lr": 0.1, "eps": 1e-3, "weight_decay": 0.2}),
    ("rmsprop", {"lr": 0.02}),
    ("rmsprop", {"lr": 0.005, "alpha": 0.9, "eps": 1e-4, "momentum": 0.8, "weight_decay": 0.1}),
    ("adam", {"lr": 0.05}),
    ("adam", {"lr": 0.05, "beta1": 0.8, "beta2": 0.95, "eps": 1e-3, "weight_decay": 0.2}),
    ("adam", {"lr": 0.05, "clip_norm": 0.3, "eps": 0.1}),
    ("adamw", {"lr": 0.05}),
    ("adamw", {"lr": 0.05, "beta1": 0.7, "beta2": 0.99, "eps": 1e-2, "weight_decay": 0.5}),
    ("adamw", {"lr": 0.05, "weight_decay": 0.0}),
]
SCHEDULES = [
    ("constant", {}),
    ("step", {"step_size": 7}),
    ("step", {"step_size": 25, "gamma": 0.5}),
    ("exponential", {"gamma": 0.95}),
    ("cosine", {}),
    ("cosine", {"min_lr": 0.01}),
    ("warmup_cosine", {"warmup": 12}),
    ("warmup_cosine", {"warmup": 5, "min_lr": 0.02}),
    ("one_cycle", {"max_lr": 0.4}),
    ("one_cycle", {"max_lr": 0.4, "warmup_fraction": 0.5, "div": 10.0, "final_div": 100.0}),
]
LR = 0.1
PLATEAUS = [
    ("sgd", {"lr": 0.09}, {"patience": 3}, "training"),
    ("sgd", {"lr": 0.09, "momentum": 0.9}, {"factor": 0.5, "patience": 0}, "training"),
    ("adam", {"lr": 0.3}, {"factor": 0.3, "patience": 1, "threshold": 0.05}, "validation"),
    ("adam", {"lr": 0.5}, {"patience": 2, "min_lr": 0.01, "threshold": 0.0}, "validation"),
]
VALIDATION = ([[1, 2], [3, 1], [2.5, 4]], [3.9, 5.6, 6.4])


def optimizer_of(name, constants, parameters):
    given = dict(constants)
    given.pop("clip_norm", None)
    if name.startswith("adam"):
        given["betas"] = (given.pop("beta1", 0.9), given.pop("beta2", 0.999))
    return getattr(torch.optim, OPTIMIZERS[name])(parameters, **given)


def descend(name, constants):
    x, y = (torch.tensor(value, dtype=torch.float64) for value in (X, Y))
    w = torch.tensor([0.8, 1.5], dtype=torch.float64, requires_grad=True)
    optimizer = optimizer_of(name, constants, [w])
    losses, weights = [], []
    for _ in range(STEPS + 1):
        optimizer.zero_grad()
        loss = ((x @ w - y) ** 2).mean()
        loss.backward()
        losses.append(loss.item())
        weights.append(w.tolist())
        if "clip_norm" in constants:
            torch.nn.utils.clip_grad_norm_([w], constants["clip_norm"])
        optimizer.step()
    return {"name": name, "constants": constants, "losses": losses, "weights": weights}


def scheduler_of(name, constants, optimizer):
    module, given = torch.optim.lr_scheduler, dict(constants)
    match name:
        case "constant":
            return module.ConstantLR(optimizer, factor=1.0)
        case "step":
            return module.StepLR(optimizer, **({"gamma": 0.1} | given))
        case "exponential":
            return module.ExponentialLR(optimizer, **given)
        case "cosine":
            return module.CosineAnnealingLR(optimizer, STEPS, given.get("min_lr", 0.0))
        case "warmup_cosine":
            warmup = given["warmup"]
            rise = module.LinearLR(optimizer, 1 / warmup, 1.0, warmup - 1)
            fall = module.CosineAnnealingLR(optimizer, STEPS - warmup, given.get("min_lr", 0.0))
            return module.SequentialLR(optimizer, [rise, fall], [warmup])
        case "one_cycle":
            return module.OneCycleLR(
                optimizer, given["max_lr"], STEPS, pct_start=given.get("warmup_fraction", 0.3),
                div_factor=given.get("div", 25.0), final_div_factor=given.get("final_div", 1e4),
                cycle_momentum=False,
            )  # fmt: skip


def rates(name, constants):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=LR)
    scheduler, found = scheduler_of(name, constants, optimizer), []
    for _ in range(STEPS):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if len(found) < STEPS:
            scheduler.step()
    return {"name": name, "constants": constants, "lr": LR, "steps": STEPS, "rates": found}


def watch(name, constants, schedule, watched):
    """One step after the other: loss, update, then the schedule sees that step's loss."""
    x, y, xv, yv = (torch.tensor(v, dtype=torch.float64) for v in (X, Y, *VALIDATION))
    w = torch.tensor([0.8, 1.5], dtype=torch.float64, requires_grad=True)
    optimizer = optimizer_of(name, constants, [w])
    given = {"factor": 0.1, "patience": 10, **schedule}
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **given)
    rates, weights, losses = [], [], []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = ((x @ w - y) ** 2).mean()
        loss.backward()
        seen = loss if watched == "training" else ((xv @ w - yv) ** 2).mean()
        rates.append(optimizer.param_groups[0]["lr"])
        weights.append(w.tolist())
        losses.append(seen.item())
        optimizer.step()
        scheduler.step(seen.item())
    return {"name": name, "constants": constants, "schedule": schedule, "watched": watched,
            "rates": rates, "weights": weights, "losses": losses}  # fmt: skip


def write(name, runs):
    text = json.dumps({"torch": torch.__version__, "runs": runs})
    (DATA / name).write_text(text.replace('{"name"', '\n{"name"') + "\n", encoding="utf-8")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    write("torch_optimizers.json", [descend(*run) for run in RUNS])
    write("torch_schedules.json", [rates(*schedule) for schedule in SCHEDULES])
    write("torch_plateau.json", [watch(*plateau) for plateau in PLATEAUS])
