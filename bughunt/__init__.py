"""Judges tests: runs them against an app, its variations and its bugs.

`%load_ext bughunt` in a notebook, `python -m bughunt NAME FILE` in a terminal.

pytest finds bughunt.interrupt by itself, and warns where it comes too late to rewrite a plugin's
assertions; bughunt has none to rewrite, hence: PYTEST_DONT_REWRITE
"""


def load_ipython_extension(shell):
    """Add %%bughunt and its companions to a notebook: called by `%load_ext bughunt`."""
    from .magics import load

    load(shell)
