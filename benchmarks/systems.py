"""The systems that are compared: which file drives each, and in which environment it runs."""

from __future__ import annotations

from dataclasses import dataclass

PEERS_ENVIRONMENT = ".venv-bench"
"""PyTorch, JAX and autograd live there, away from catgrad's own environment."""

EARLIER_ENVIRONMENT = f"{PEERS_ENVIRONMENT}/earlier"
"""The earlier catgrad lives there, with a NumPy that it works with."""


@dataclass(frozen=True)
class Described:
    """
    A system: the module of this package with its class `System`, and the package it measures.

    `environment` is the folder it runs in, empty for catgrad's own; `quick` says whether it takes
    part in the short run, `only` which workloads it can do, if not all.
    """

    module: str
    package: str
    environment: str = PEERS_ENVIRONMENT
    quick: bool = True
    only: tuple[str, ...] = ()

    @property
    def peer(self) -> bool:
        """Whether catgrad's programs are compared with it."""
        return self.environment != ""

    def does(self, workload: str) -> bool:
        """Whether it can do a workload."""
        return not self.only or workload in self.only


SYSTEMS = {
    "catgrad-numpy": Described("catgrad_system", "catgrad", environment=""),
    "catgrad-ggml": Described("catgrad_system", "catgrad", environment=""),
    "torch": Described("torch_models", "torch"),
    "torch-compile": Described("torch_models", "torch", quick=False),
    "jax": Described("array_models", "jax"),
    "autograd": Described("array_models", "autograd", only=("iris", "mlp", "lenet", "chargpt")),
    "catgrad-0.2.2": Described("earlier_catgrad", "catgrad", EARLIER_ENVIRONMENT, only=("iris",)),
}
PEERS = [name for name, system in SYSTEMS.items() if system.peer]
