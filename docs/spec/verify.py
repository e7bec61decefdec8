# fmt: off
"""Verify archives, evidence or an equivocation by docs/spec alone: what is checked, README.md."""
# ruff: noqa: ANN001, ANN002, ANN201, ANN202, ANN204, D101, D102, D103, E401, FBT003, I001, N802
# ruff: noqa: E701, PERF401, PLR0911, PLR2004
import argparse, ast, base64, csv, functools, hashlib, json, mmap, re, struct, sys
from pathlib import Path
from nacl import bindings, exceptions
MAX, PRIME, ORDER = 2**53 - 1, 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
EIGHTH = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
SMALL = {0, 1, PRIME - 1, EIGHTH, PRIME - EIGHTH}
NAME, CIDS = re.compile("[a-z0-9._-]+"), (b"\0\1\x71\x12\x20", b"\0\1\x55\x12\x20")
PROVEN, MISSING, FALSE = "proven", "not checkable", "false"
class Refused(ValueError): ...  # a fault of form
class Doubt(Exception): ...  # a statement is not proven: its status, the reason
class Link(bytes): ...  # the 36 bytes of a CID
def need(holds, reason, status=FALSE):
    if not holds: raise Doubt(status, reason) if status else Refused(reason)
def form(holds, reason): need(holds, reason, "")
def H(data): return hashlib.sha256(data).digest()
def D(use, *parts): return b"tally/%s/1\0" % use.encode() + b"".join(parts)
def link_of(data, codec=0x71): return Link(bytes([1, codec, 0x12, 0x20]) + H(data))
def text_of(data): return base64.b32encode(data).decode().lower().rstrip("=")
def m(value):
    if isinstance(value, int): return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return (b"\xd8\x2a\x58\x25\0" if isinstance(value, Link) else head(2, len(value))) + value
    if isinstance(value, str): return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list): return head(4, len(value)) + b"".join(map(m, value))
    items = sorted(value.items(), key=lambda item: (len(item[0]), item[0]))
    return head(5, len(value)) + b"".join(m(key) + m(each) for key, each in items)
def head(kind, number):
    size = next(size for size in (0, 1, 2, 4, 8) if number < (1 << 8 * size if size else 24))
    start = 23 + size.bit_length() if size else number
    return bytes([kind << 5 | start]) + (number.to_bytes(size, "big") if size else b"")
def read_item(data, at, depth):
    form(at < len(data) and data[at] & 31 < 28, "end or head")
    kind, number, at = data[at] >> 5, data[at] & 31, at + 1
    size = 1 << number - 24 if number > 23 else 0
    number, at = int.from_bytes(data[at : at + size], "big") if size else number, at + size
    if kind < 4:
        form(kind > 1 or number + kind <= MAX, "int")
        part = data[at : at + number] if kind > 1 else b""
        return (number, -1 - number, part, part.decode() if kind == 3 else "")[kind], at + len(part)
    form(data[at : at + 2] == b"\x58\x25" if kind == 6 else kind < 6 and depth < 16, "kind, depth")
    items = []
    for _ in range(1 if kind == 6 else number * (kind - 3)):
        item, at = read_item(data, at, depth + 1)
        items.append(item)
    if kind == 5:
        form(all(type(key) is str and NAME.fullmatch(key) for key in items[::2]), "key")
        return dict(zip(items[::2], items[1::2], strict=True)), at
    form(kind == 4 or (len(items[0]) == 37 and items[0][:5] in CIDS), "link")
    return (items if kind == 4 else Link(items[0][1:])), at
def decode(data, fits):
    found, _ = read_item(bytes(data), 0, 0)
    return form(m(found) == data and fits(found), "structure") or found
def is_point(data):
    y = int.from_bytes(data, "little") & 2**255 - 1
    return len(data) == 32 and y < PRIME and y not in SMALL
def is_signed(pub, message, sig):
    fit = len(sig) == 64 and int.from_bytes(sig[32:], "little") < ORDER and is_point(sig[:32])
    try: return fit and is_point(pub) and bindings.crypto_sign_open(sig + message, pub) == message
    except exceptions.BadSignatureError: return False
WORDS = {
    "value": lambda v, _: v is not None, "CID": lambda v, _: type(v) is Link,
    "int": lambda v, _: type(v) is int, "uint": lambda v, _: type(v) is int and v >= 0,
    "u": lambda v, size: type(v) is int and 0 <= v < 1 << size,
    "b": lambda v, size: type(v) is bytes and len(v) == size, "empty": lambda v, _: v == "",
    "str": lambda v, size: type(v) is str and 1 <= len(v.encode()) <= size,
    "id": lambda v, size: type(v) is str and len(v) <= size and bool(NAME.fullmatch(v))}
def shape(text):  # the notation of README.md and of the tables, read as if it were Python
    text = text.replace("2^53-1", str(MAX)).replace("empty or", "empty |").replace("<=", "0..")
    text = re.sub(r"([A-Za-z]\w*)(\??)", lambda found: f"_{found[1]}{found[2] and '_'}", text)
    text = re.sub(r"(-?\d+)\.\.(-?\d+)", r"(\1, \2)", text)
    tree = ast.parse(re.sub(r"(?<=[]}s]) ?\(", " @ (", text), mode="eval").body
    return lambda v: admits(tree, v)
def admits(tree, v):
    match tree:
        case ast.BinOp(left, ast.BitOr(), right): return admits(left, v) or admits(right, v)
        case ast.BinOp(left, _, size):
            kind = {ast.Name: bytes, ast.List: list, ast.Dict: dict}[type(left)]
            if type(v) is not kind or not admits(size, len(v)): return False
            if kind is dict:
                (key,), (item,) = left.keys, left.values
                return all(admits(key, name) and admits(item, v[name]) for name in v)
            return kind is bytes or all(admits(left.elts[0], each) for each in v)
        case ast.Tuple([low, high]):
            return type(v) is int and ast.literal_eval(low) <= v <= ast.literal_eval(high)
        case ast.List(ts): return type(v) is list and len(v) == len(ts) and all(map(admits, ts, v))
        case ast.Dict(keys, items):
            known = {key.id.strip("_"): item for key, item in zip(keys, items, strict=True)}
            needed = {key.id[1:] for key in keys if key.id[-1] != "_"}
            fit = type(v) is dict and needed <= v.keys() <= known.keys()
            return fit and all(admits(known[name], v[name]) for name in v)
        case ast.Constant(number): return type(v) is int and v == number
    kind, size = re.fullmatch(r"_(\D*)(\d*)", tree.id).groups()
    return WORDS[kind](v, int(size or 0)) if kind in WORDS else v == tree.id[1:]
def read_table(name):
    text = Path(__file__).with_name(name).read_text("utf-8")
    return [row for row in csv.DictReader(text.splitlines()) if row["check"]]
S, TYPES = {row["structure"]: shape(row["check"]) for row in read_table("structures.csv")}, {}
for row in read_table("records.csv"):  # {(type, version): {class: {field: check}}}
    kinds = TYPES.setdefault((row["type"], int(row["version"])), {})
    kinds.setdefault(row["class"], {})[row["field"]] = shape(row["check"])
def node(left, right): return H(b"\1" + left + right)
def root_of(peaks): return functools.reduce(lambda a, b: node(b, a), peaks[::-1] or [H(b"")])
def tree_of(items): return root_of(functools.reduce(lambda a, b: grow(a, *b), enumerate(items), []))
def grow(peaks, size, item):
    found = H(b"\0" + item)  # peaks: the perfect subtrees of `size` leaves, largest first
    while size & 1:
        found, size, peaks = node(peaks[-1], found), size >> 1, peaks[:-1]
    return [*peaks, found]
def check_path(name, item, index, tree, path):
    size, root = tree
    inner, found = (index ^ size - 1).bit_length(), H(b"\0" + item)
    need(index < size and len(path) == inner + (index >> inner).bit_count(), "path")
    for level, other in enumerate(path):
        left = level < inner and not index >> level & 1
        found = node(found, other) if left else node(other, found)
    need(found == root, name)
def extends(old, new, path):  # section 2.1.2 backwards: both roots are built of the path's nodes
    def build(part, size, is_whole):
        if part == size: return (old[1] if is_whole else next(steps, b""),) * 2
        split = 1 << (size - 1).bit_length() - 1
        if part > split:
            (a, b), other = build(part - split, size - split, False), next(steps, b"")
            return node(other, a), node(other, b)
        (a, b), other = build(part, split, is_whole), next(steps, b"")
        return a, node(b, other)
    steps, fit = iter(path), 1 <= old[0] <= new[0]
    return fit and build(old[0], new[0], True) == (old[1], new[1]) and next(steps, None) is None
def read_car(data):
    sections, blocks, seen = read_sections(data), {}, set()
    root = decode(next(sections, b""), S["car header"])["roots"][0]
    for section in sections:
        cid = Link(section[:36])
        form(len(cid) == 36 and cid not in blocks and cid == link_of(section[36:], cid[1]), "block")
        blocks[cid] = section[36:]
    for cid in (waiting := [root]):
        if cid in blocks and cid not in seen:
            seen.add(cid)
            waiting += links_of(decode(blocks[cid], lambda _: True)) if cid[1] == 0x71 else ()
    form(root[1] == 0x71 and root in seen and len(seen) == len(blocks), "root or unreachable block")
    return root, blocks
def read_sections(data):
    at = 0
    while at < len(data):
        size = re.match(rb"[\x80-\xff]{0,8}[\0-\x7f]", data[at : at + 9])
        form(size and (len(size[0]) == 1 or size[0][-1]), "varint")
        number, at = sum((byte & 127) << 7 * i for i, byte in enumerate(size[0])), at + size.end()
        form(0 < number <= len(data) - at, "section")
        yield data[at : at + number]
        at += number
def links_of(value):
    parts = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    return [value] if isinstance(value, Link) else [x for part in parts for x in links_of(part)]
def find(blocks, cid, why): return need(cid in blocks, why, MISSING) or bytes(blocks[cid])
@functools.lru_cache(64)
def read_members(data):
    rows = decode(data, S["members"])["members"]
    keys = [key for row in rows for key in row["keys"]]
    found = {row["member"]: {key["key"]: key for key in row["keys"]} for row in rows}
    form(len(data) <= 2**20 and [row["member"] for row in rows] == sorted(found), "members")
    form(sum(any(key["use"] == "note" for key in row["keys"]) for row in rows) <= 95, "note keys")
    form(len({key["pub"] for key in keys}) == len(keys), "pub twice")
    form([key["key"] for key in keys] == [n for own in found.values() for n in sorted(own)], "key")
    for key in keys:
        form((key["use"] == "seal") == (key["alg"] > 1) and key["from"] < key.get("to", 2**53), "")
        size = 1216 if key["alg"] == 3 else 32
        form(len(key["pub"]) == size and (key["alg"] > 1 or is_point(key["pub"])), "pub")
    return found
def is_valid(key, use, at): return key["use"] == use and key["from"] <= at < key.get("to", 2**53)
def check_signed(header, tid, sig, members, height):
    key = members.get(header["member"], {}).get(header["key"])
    need(key and is_valid(key, "tx", height) and is_signed(key["pub"], D("tx", tid), sig), "signed")
def read_pin(data):
    pin = json.loads(data)
    form(type(pin) is dict and sorted(pin) == ["chain", "list", "origin", "root", "size"], "pin")
    for name in ("chain", "list", "root"):
        pin[name] = base64_of(str(pin[name]).translate({45: 43, 95: 47, 43: 45, 47: 45}))
    pin["name"], _, chain = str(pin["origin"]).partition("/")
    form(WORDS["id"](pin["name"], 24) and chain == text_of(pin["chain"]), "pin origin")
    form(len(pin["chain"]) == len(pin["root"]) == 32 and type(pin["size"]) is int, "pin root")
    form(0 < pin["size"] <= MAX or (pin["size"] == 0 and pin["root"] == H(b"")), "pin size")
    return pin | {"members": read_members(pin["list"])}
NUMBER = "([1-9][0-9]{0,15})"
BODY = re.compile(f"([a-z0-9._-]{{1,24}}/[a-z2-7]{{52}})\n{NUMBER}\n(.{{44}})\nheight {NUMBER}\n"
    "header b([a-z2-7]{58})\n")
def base64_of(text):
    data = base64.b64decode(text, validate=True)
    return form(base64.b64encode(data).decode() == text, "base64") or data
def size_of(note): return int((BODY.match(bytes(note).decode()) or form(0, "note"))[2])
def read_note(note, origin, members, thirds=2, why="quorum"):
    text, gap, tail = bytes(note).decode().partition("\n\n")
    body, lines = BODY.fullmatch(text + "\n"), tail.split("\n")
    form(len(note) <= 2**16 and body and gap and not lines.pop() and 0 < len(lines) <= 64, "note")
    found = [re.fullmatch("\u2014 ([^ \n+]+) ([^ \n]+)", x) or form(0, "line") for x in lines]
    blobs = [(each[1], base64_of(each[2])) for each in found]
    header, root = Link(base64.b32decode(body[5].upper() + "======")), base64_of(body[3])
    form(text_of(header) == body[5] and b"\0" + header[:4] in CIDS and len(root) == 32, "note body")
    form(max(size := int(body[2]), height := int(body[4])) <= MAX, "note body")
    need(body[1] == origin, "origin")
    known, signers, start = {}, set(), origin.partition("/")[0]
    keys = [(name, key) for name in members for key in members[name].values()]
    keys = [(f"{start}/{name}", key["pub"]) for name, key in keys if is_valid(key, "note", height)]
    for name, pub in keys:
        known.setdefault((name, H(name.encode() + b"\n\4" + pub)[:4]), []).append(pub)
    for name, blob in blobs:
        time, named = int.from_bytes(blob[4:12], "big"), known.get((name, blob[:4]), ())
        message = f"cosignature/v1\ntime {time}\n{body[0]}".encode()
        good = time <= MAX and any(is_signed(pub, message, blob[12:]) for pub in named)
        need(good or not named, "cosignature")
        if good: signers.add(name)
    need(len(signers) > thirds * len(dict(keys)) // 3, why, MISSING)
    return (size, root), height, header, signers
def record_of(data):
    try: return decode(data, S["record"]) if len(data) <= 8_192 else {}
    except ValueError: return {}
class Chain:
    def __init__(self, genesis, blocks, pin):
        fields = decode(genesis, S["genesis"])
        need(H(genesis) == pin["chain"] and fields["name"] == pin["name"], "chain")
        self.pin, self.blocks, self.target, self.ids = pin, blocks, fields["target"], set()
        self.heads, self.time, self.size, self.peaks = [link_of(genesis)], fields["time"], 0, []
        self.windows, self.lists, self.members, self.tops, self.pubs = {}, [(0, -1)], {}, {}, set()
        self.follow_list(fields["members"], 0)
    def add(self, entry):
        data, height = find(self.blocks, entry["header"], "header"), len(self.heads)
        block, links = decode(data, S["header"]), entry["transactions"]
        rows = [find(self.blocks, cid, "transaction") for cid in links]
        stated = {"height": height, "prev": self.heads[-1], "chain": self.pin["chain"],
            "target": self.target, "tx_count": len(rows)}
        for name, value in stated.items(): need(block[name] == value, name)
        fit = block["time"] > self.time and H(data) <= self.target
        need(fit and block["proposer"] in self.members, "time, nonce or proposer")
        need({cid[1] for cid in links} == {0x55} and entry["header"][1] == 0x71, "link")
        found = [decode(row, S["transaction"]) for row in rows]
        fit = len(m([data, rows])) <= 4_000_000 and max(map(len, rows)) <= 2**18
        need(fit and sum(len(tx[2]) for tx in found) <= 32_768, "size or records")
        need(block["merkle_root"] == tree_of([m(tx[:2]) for tx in found]), "merkle_root")
        for tx in found: self.check_transaction(block, *tx)
        self.settle(block, found, entry.get("results", b""))
        self.time = self.heads.append(link_of(data)) or block["time"]
        self.follow_list(block["members"], height + 1)
    def check_transaction(self, block, data, sig, records):
        header = decode(data, S["transaction header"])
        (top, bits), seq = self.windows.get(header["member"], (0, 0)), header["seq"]
        high, life = max(top, seq), header["not_after"] - block["time"]
        need(header["chain"] == block["chain"] and 0 <= life <= 86_400_000, "chain or time")
        need(top - 1_024 < seq <= top + 2**20 and (seq > top or not bits >> top - seq & 1), "seq")
        self.windows[header["member"]] = high, (bits << high - top | 1 << high - seq) & 2**1_024 - 1
        check_signed(header, H(data), sig, self.members, block["height"])
        need((header["count"], header["root"]) == (len(records), tree_of(records)), "count or root")
    def settle(self, block, found, results):
        status = FALSE if results else MISSING  # without results, all are taken for admitted
        form(len(results) in (0, 2 * len(found)), "results")
        codes = struct.unpack(f">{len(found)}H", results or bytes(2 * len(found)))
        for at, (data, _, records) in enumerate(found):
            ids = [record_of(record).get("id") for record in records] if codes[at] == 0 else []
            need(None not in ids and len({*ids} - self.ids) == len(ids), "form or id", status)
            self.ids.update(ids)
            leaf = m([block["height"], at, block["time"], codes[at], H(data), self.heads[-1]])
            self.peaks, self.size = grow(self.peaks, self.size, leaf), self.size + 1
            is_pin = self.size == self.pin["size"]
            need(not is_pin or root_of(self.peaks) == self.pin["root"], "root of the pin", status)
        log = self.size, root_of(self.peaks)
        need(log == (block["log_size"], block["log_root"]), "log root", status)
    def follow_list(self, cid, start):
        if cid == self.lists[-1][0]: return
        before, self.members = self.members, read_members(find(self.blocks, cid, "members list"))
        now = [(name, key) for name, keys in self.members.items() for key in keys.values()]
        for name, key in now:  # a key that is new must come in as one
            if before.get(name, {}).get(key["key"]) != key:
                fresh = key["key"] > self.tops.get(name, 0 if start else -1)
                need(fresh and key["from"] == start and key["pub"] not in self.pubs, "new key")
        self.pubs |= {key["pub"] for _, key in now}
        for name, keys in self.members.items(): self.tops[name] = max(self.tops.get(name, 0), *keys)
        self.lists.append((cid, start - 1))
def verify_chain(root, blocks, pin, notes):
    nodes, at, height, why = [], root, 0, "node"
    while height != 1:
        nodes.append(at)
        entry = decode(find(blocks, at, why), S["export node"])
        height = decode(find(blocks, entry["header"], "header"), S["header"])["height"]
        at, why = entry["below"], f"a part of the chain, it begins at height {height}"
    chain = Chain(find(blocks, at, "genesis"), blocks, pin)
    for cid in reversed(nodes): chain.add(decode(blocks[cid], S["export node"]))
    need((last := dict(chain.lists[::-1]).get(link_of(pin["list"]))) is not None, "list of the pin")
    need(chain.size >= pin["size"], "size of the pin", MISSING)
    members, seen = pin["members"], sorted(notes, key=size_of)
    for note in seen:
        end = min((height for _, height in chain.lists if height > last), default=len(nodes))
        why = f"quorum of the list up to height {end}, whose note leads on"
        tree, last, cid, _ = read_note(note, pin["origin"], members, 2, why)
        need(last < len(chain.heads), "height of the note", MISSING)
        header, stated = decode(blocks[chain.heads[last]], S["header"]), (cid, *tree)
        need(stated == (chain.heads[last], header["log_size"], header["log_root"]), "note")
        members = read_members(bytes(blocks[header["members"]]))
    return [("chain", PROVEN, f"to height {len(nodes)}, size {chain.size}, {len(seen)} notes")]
def verify_evidence(root, blocks, pin, types):
    file, linked = decode(blocks[root], S["evidence"]), {}
    stated = [*file["claims"], *file["disclosures"]]
    form(all(each["record"] < len(file["records"]) for each in stated), "record index")
    decided = any(each["claim"] == "decided" for each in file["claims"])
    form(file["kind"] == "case" or decided == (file["kind"] == "decision"), "claims")
    for name in ("headers", "members", "objects"):
        form(len({*file[name]}) == len(file[name]) and {*file[name]} <= blocks.keys(), name)
        linked[name] = {cid: blocks[cid] for cid in file[name]}
    for x in linked["headers"].values(): decode(x, lambda v: S["header"](v) or S["genesis"](v))
    for x in linked["members"].values(): read_members(bytes(x))
    names = [each.get("claim") or f"disclosed {each['row'][0]}" for each in stated]
    try: tree = last_checkpoint(file, linked, pin)
    except Doubt as doubt: return [(name, *doubt.args) for name in names]
    return [(n, *judge(x, file, linked, tree, types)) for n, x in zip(names, stated, strict=True)]
def last_checkpoint(file, linked, pin):
    need(file["chain"] == pin["chain"], "chain")
    lists = {(now := link_of(pin["list"])): pin["list"]}
    ties, last, notes = [(pin["size"], pin["root"])], None, file["checkpoints"]
    for note in [each for each in notes[:-1] if size_of(each) > pin["size"]] + notes[-1:]:
        if last:
            header = decode(find(linked["headers"], last[2], "header of a note"), S["header"])
            stated = (header["log_size"], header["log_root"]), header["height"]
            need(stated == last[:2], "header of a note")
            if header["members"] != now: now, lists = header["members"], linked["members"]
        found = read_note(note, pin["origin"], read_members(find(lists, now, "members list")))
        form(not last or (found[0][0] > last[0][0] and found[1] > last[1]), "checkpoint order")
        last, paths = found, file["paths"]
        for old in (ties[0], ties[-1]):
            if old[0] == 0 or old == last[0] or any(extends(old, last[0], path) for path in paths):
                ties.append(last[0])
    need(last, "checkpoint", MISSING)
    status = MISSING if last[0][0] < pin["size"] or not file["paths"] else FALSE
    need(ties[-1] == last[0], "consistency", status)
    return last[0]
def judge(entry, file, linked, tree, types):
    try:
        record = admitted(entry["record"], file, linked, tree)
        is_decided = entry.get("claim") == "decided"
        for each in [entry] if "row" in entry else file["disclosures"] if is_decided else []:
            if each["record"] == entry["record"]: check_disclosure(each, record, types)
        need(not is_decided, "decisions are not run again here", MISSING)
    except Doubt as doubt: return doubt.args
    return PROVEN, f"as of size {tree[0]}"
def admitted(index, file, linked, tree):
    proof = file["records"][index]
    header, tid = decode(proof["header"], S["transaction header"]), H(proof["header"])
    height, _, _, code, named, prev = decode(proof["leaf"], S["leaf"])
    need(header["chain"] == file["chain"] and tid == named, "chain or tid")
    bundle = header["count"], header["root"]
    check_path("bundle path", proof["record"], proof["index"], bundle, proof["path"])
    check_path("log path", proof["leaf"], proof["position"], tree, proof["log_path"])
    data = find(linked["headers"], prev, "header before the record")
    before = decode(data, S["genesis"] if height == 1 else S["header"])
    place = (H(data), 1) if height == 1 else (before["chain"], before["height"] + 1)
    need(place == (file["chain"], height), "header before the record")
    members = read_members(find(linked["members"], before["members"], "members list"))
    check_signed(header, tid, proof["sig"], members, height)
    record = record_of(proof["record"])
    need(code == 0 and record, "record form, or refused")
    case = file["kind"] == "case" and index and admitted(0, file, linked, tree)["id"]
    need(file["kind"] != "case" or record.get("case", 0) == case, "case")
    return record
def check_disclosure(entry, record, types):
    row, sealed = entry["row"], entry["class"]
    need(sealed in record.get("seals", ()), "class")
    need((record["t"], record["rv"]) in types, "version", MISSING)
    fields = types[record["t"], record["rv"]].get(sealed, {})
    need(row[0] in fields, "name")
    leaf, com = m([record["id"], sealed, *row[:-1]]), record["seals"][sealed]["com"]
    check_path("com", leaf, [*fields].index(row[0]), (len(fields), com), row[-1])
    need(len(row) == 3 or fields[row[0]](row[2]), "value")
def verify_both(file, pin):
    notes, who = file["notes"], f"{pin['name']}/{file['member']}"
    a, b = [BODY.match(note.decode()) or form(0, "note") for note in notes]
    form(notes[0] < notes[1] and all(note.count(b"\n") == 7 for note in notes), "notes")
    need(a[0] != b[0] and a[1] == b[1] and (a[2] == b[2] or a[4] == b[4]), "both can be true")
    names = [read_note(note, pin["origin"], pin["members"], -1)[3] for note in notes]
    for each in names: need(who in each, "member or key", FALSE if each else MISSING)
    return [("equivocation", PROVEN, f"{file['member']} signed both")]
def verify(data, pin, notes=(), types=TYPES):
    pin, is_both = read_pin(pin), data[:1] == b"\xa4" and len(data) <= 4_096
    root, blocks = ("", {"": data}) if is_both else read_car(data)
    tree = decode(blocks[root], S["equivocation"] if is_both else lambda _: True)
    if S["evidence"](tree):
        return form(len(data) <= 64_000_000, "size") or verify_evidence(root, blocks, pin, types)
    try: return verify_both(tree, pin) if is_both else verify_chain(root, blocks, pin, notes)
    except Doubt as doubt: return [("equivocation" if is_both else "chain", *doubt.args)]
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--pin", type=Path, required=True)
    parser.add_argument("--note", type=Path, action="extend", nargs="+", default=[])
    given = parser.parse_args()
    try:
        with given.file.open("rb") as file: data = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        found = verify(memoryview(data), given.pin.read_bytes(), map(Path.read_bytes, given.note))
    except (OSError, ValueError, RecursionError) as error: sys.exit(print(f"refused: {error}") or 2)
    for what, status, reason in found: print(f"{what}: {status}, {reason}")
    sys.exit(any(status != PROVEN for _, status, _ in found))
if __name__ == "__main__": main()
