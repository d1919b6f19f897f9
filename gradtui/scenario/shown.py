"""`[labels]`: how the names of a model are shown. Knows no numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from gradtui.scenario.positions import Positions
from gradtui.source import InputError, did_you_mean


def check_labels(labels: Mapping[str, str], names: Collection[str], positions: Positions) -> None:
    """Raise InputError for a label of a name that is not there, or one that is taken already."""
    shown = {name: name for name in names if name not in labels}
    for name, label in labels.items():
        if name not in names:
            raise InputError(
                f"[labels] names '{name}', which the model does not have"
                + did_you_mean(name, names),
                positions.key(("labels", name)),
            )
        if label in shown:
            raise InputError(
                f"'{name}' would be shown as '{label}', like '{shown[label]}': "
                "each name needs a label of its own",
                positions.value(("labels", name)),
            )
        shown[label] = name
