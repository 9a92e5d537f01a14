"""The witness: the equations on the evidence of a call, beside what was recorded."""
