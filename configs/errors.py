"""The error of this package: settings that cannot be used."""


class SettingsError(ValueError):
    """Settings cannot be used; the message says what is wrong, where, and what to do."""

    exit_code = 2
