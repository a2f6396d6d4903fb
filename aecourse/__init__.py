"""The package behind the course "Autoencoders, from digits to designs".

One concept a module; data flows down the layers: ``data`` → ``models`` (with ``losses``) →
``training`` → ``latent`` and ``evaluation`` → ``plotting``. A module is imported when it is first
named: ``import aecourse; aecourse.models.VAE``.
"""

from importlib import import_module
from pkgutil import iter_modules

_modules = [module.name for module in iter_modules(__path__)]


def __getattr__(name: str):
    if name in _modules:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module 'aecourse' has no attribute {name!r}; it has {_modules}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_modules])
