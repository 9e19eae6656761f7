"""Settings for the whole suite."""

from hypothesis import settings

# The same examples in every run, and no deadline: machines differ.
settings.register_profile("catgrad", derandomize=True, deadline=None)
settings.load_profile("catgrad")
