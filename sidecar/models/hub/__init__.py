"""Where models come from: the hub's cache on this machine, and downloads into it."""
