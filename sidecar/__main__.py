"""`python -m sidecar`: serves on stdin and stdout; see `--help` for the rest."""

import os
import sys


def _forget_working_folder() -> None:
    """Take the working folder from the path of modules, unless this package is in it.

    Python puts it first for `-m`, so a `json.py` of somebody else's there would be run. With -P it
    is not on the path at all, and only that also keeps a folder `sidecar` there from being run.
    """
    here = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    if not sys.flags.safe_path and sys.path and os.path.realpath(sys.path[0]) != here:
        del sys.path[0]


if __name__ == "__main__":
    _forget_working_folder()
    from sidecar.cli.main import main

    main()
