"""How answers of the service become pages: words, links and the geometry of pictures."""
