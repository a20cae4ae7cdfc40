"""Exports of a batch as files: what is asked for, under which names, how it is written and kept."""
