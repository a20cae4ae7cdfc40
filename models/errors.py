"""Errors of fitted bundles, each with the exit code of a command."""


class BundleError(ValueError):
    """A fitted bundle is missing, changed or unreadable; the message says which file and why."""

    exit_code = 1
