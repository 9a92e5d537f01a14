"""The tap inside a call: loops, steps, gates and kernels, and our code's boundary there."""
