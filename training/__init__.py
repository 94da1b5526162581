"""How the bundled voice is made and measured; no part of the sidecar package."""
