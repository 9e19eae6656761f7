"""The fuzzer of the compiler: random programs, and mutants of the lit inputs."""
