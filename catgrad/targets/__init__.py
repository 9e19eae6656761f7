"""The targets: `numpy_python.py` holds the target `numpy`, `ggml_cpp.py` the target `ggml`."""
