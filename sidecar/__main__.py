"""`python -m sidecar`: serves on stdin and stdout; see `--help` for the rest."""

from sidecar.cli.main import main

if __name__ == "__main__":
    main()
