"""The systems that are compared, and which file drives each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Described:
    """`module` has the class `System`; `quick`: whether it takes part in the short run."""

    module: str
    package: str
    peer: bool = True
    quick: bool = True


SYSTEMS = {
    "catgrad-numpy": Described("catgrad_system", "catgrad", peer=False),
    "catgrad-ggml": Described("catgrad_system", "catgrad", peer=False),
    "torch": Described("torch_models", "torch"),
    "torch-compile": Described("torch_models", "torch", quick=False),
    "jax": Described("array_models", "jax"),
    "autograd": Described("array_models", "autograd"),
}
PEERS = [name for name, system in SYSTEMS.items() if system.peer]
