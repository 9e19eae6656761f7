"""Settings for the whole suite."""

import os

from hypothesis import settings

# Tests run side by side. A thread that waits for others sleeps then; BLAS computes in one thread.
# What is run with several threads says so itself. This stands before NumPy is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# C++ that is built compiles without a warning.
os.environ.setdefault("CXXFLAGS", "-Werror")

# The same examples in every run, and no deadline: machines differ.
settings.register_profile("catgrad", derandomize=True, deadline=None)
settings.load_profile("catgrad")
