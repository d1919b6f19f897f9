"""Why a training run failed: rules over its losses, gradients, values and curvature."""
