"""Live views for a page: a point to drag through a latent plane, and what it decodes to."""

from .film import training_film
from .live import Explorer, latent_explorer
from .playground import training_playground

__all__ = ["Explorer", "latent_explorer", "training_film", "training_playground"]
