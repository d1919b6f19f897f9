"""What PyTorch does not check itself, while the user's code is run edited.

`lu_unpack` writes past its tensors where there are not as many rows of pivots as matrices.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_unpack = torch.lu_unpack


def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, *args: Any, **options: Any) -> Any:
    """Do what PyTorch's own function does, where there is a row of pivots for each matrix."""
    if LU_pivots.shape[:-1] != LU_data.shape[:-2]:
        raise ValueError("there are not as many rows of pivots as matrices")
    return _unpack(LU_data, LU_pivots, *args, **options)
