"""Hand-written backward passes: judged at random points, the wrong lines found and explained."""
