"""The package behind the course "Autoencoders, from digits to designs".

One concept a module; data flows down the layers: ``data`` → ``models`` (with ``losses``) →
``training`` → ``latent`` and ``evaluation`` → ``plotting``.
"""
