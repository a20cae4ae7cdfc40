"""Typed settings of a shop, the YAML files that hold them and the small data sets that ship."""
