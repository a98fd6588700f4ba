"""How far a real dscli and the simulated one answer alike, in shape and never in values."""
