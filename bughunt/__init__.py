"""Judges tests: runs them against an app, its variations and its bugs.

`%load_ext bughunt` in a notebook, `python -m bughunt NAME FILE` in a terminal.
"""


def load_ipython_extension(shell):
    """Add %%bughunt and its companions to a notebook: called by `%load_ext bughunt`."""
    from .magics import load

    load(shell)
