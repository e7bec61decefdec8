"""The pages, one file each; `places.py` tells where they stand and who may open them."""
