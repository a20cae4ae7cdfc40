"""Errors of fitted bundles, each with the exit code of a command."""


class BundleError(ValueError):
    """A fitted bundle is missing, changed or unreadable; the message says which file and why."""

    exit_code = 1


class FitError(ValueError):
    """The rows given hold too little to fit a model; the caller serves a simple rule instead."""

    exit_code = 3
