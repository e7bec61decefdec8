# Trees of canonical DAG-CBOR; cbor.c states every law. TypeError for arguments of other types.

# Return the tree of canonical bytes whose lists and maps are nested at most `depth` deep. Links are
# made as of the type, whose one slot is `raw`, if they begin with one of the prefixes of 5 bytes.
# None where this cannot tell, which is no fault: null, true, numbers of a fraction, map keys that
# are no text, integers beyond 64 bits, what is no `bytes`, and all that is not canonical. Map keys
# may come in any order.
def read_tree(data: object, depth: int, link: type, prefixes: tuple[bytes, ...], /) -> object: ...
