"""Live views for a page: a point to drag through a latent plane, and what it decodes to."""

from .live import Explorer, latent_explorer

__all__ = ["Explorer", "latent_explorer"]
