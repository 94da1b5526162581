"""The code that trained the bundled voice and the Base model of the tests; not in the wheel."""
