"""What each method does. `rpc/methods.py` has the table."""
