"""Zigzag: an object as k data and r parity shards, any k of which give it back.

`coder` is the way in: whole segments in memory; `stream` takes objects larger than that.
"""
