"""HTTP: routes, who may use them, the layers in front of them, the documents that describe them."""
