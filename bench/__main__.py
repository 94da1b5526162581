"""`python -m bench [--quick] [--model NAME|FOLDER] [--only first_audio,streams] [--json FILE]`."""

from __future__ import annotations

from bench.suite import main

if __name__ == "__main__":
    main()
