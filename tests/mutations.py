"""A seeded mutator of model files: bytes, members, JSON and arrays, with checksums that fit where they can."""

import copy
import io
import json
import zipfile
from hashlib import sha256

import numpy as np

NUMBERS = (0, 1, -1, 2, 3, 16, 255, 2**31, 2**53, 2**63 - 1, -(2**63), 10**30, 10**400, 0.5, -0.0, 1e-320, 1e10, 1e11,
           1e30, 1e300, 1.7e308)  # fmt: skip
OTHERS = (None, True, False, "", "x", "auto", "nsf", "float64", "\u0000", "x" * 9999, [], {}, [[]], [None], {"x": 1},
          {"name": "actnorm"}, {"float": "nan"}, {"float": "inf"}, {"tuple": [1]}, {"tuple": [[1]]})  # fmt: skip
SPECIAL = (np.nan, np.inf, -np.inf, 0.0, -1.0, 1e-45, 1e-300, 1e5, 9e9, 1e10, -1e10, 2e10, 1e20, 3e38, 1e300)


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """A model file's bytes after one to three changes."""
    ways = (_bytes, _text, _document, _document, _document, _arrays, _arrays, _members)
    for _ in range(rng.integers(1, 4)):
        way = ways[rng.integers(len(ways))]
        try:
            data = way(data, rng)
        except Exception:  # it is no archive any more, and fails in all the ways of one that is damaged
            data = _bytes(data, rng)
    return data


def _bytes(data, rng):
    """Some bytes anywhere: other ones, more of them, fewer of them, or the end cut off."""
    out = bytearray(data)
    for _ in range(rng.integers(1, 5)):
        at, size = int(rng.integers(0, max(1, len(out)))), int(rng.integers(1, 9))
        if rng.random() < 0.5:  # near the directory, where most of what is believed stands
            at = max(0, len(out) - int(rng.integers(1, 800)))
        kind = rng.integers(5)
        if kind == 0:
            out[at : at + 1] = bytes([out[at] ^ 1 << int(rng.integers(8))]) if out else b"x"
        elif kind == 1:
            out[at : at + size] = rng.bytes(size)
        elif kind == 2:
            out[at:at] = rng.bytes(size) if rng.random() < 0.5 else bytes(out[:size])
        elif kind == 3:
            del out[at : at + size]
        else:
            out[at : at + size] = b"\xff" * size
    return bytes(out[: rng.integers(len(out) + 1)] if rng.random() < 0.05 else out)


def _opened(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    return members.pop("model.json"), members


def _closed(text, members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("model.json", text)
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _signed(manifest, members):
    """The archive with checksums of what it holds."""
    for name, entry in manifest.get("arrays", {}).items():
        if f"arrays/{name}.npy" in members and isinstance(entry, dict):
            entry["sha256"] = sha256(members[f"arrays/{name}.npy"]).hexdigest()
    return _closed(json.dumps(manifest), members)


def _text(data, rng):
    """Characters of the JSON."""
    text, members = _opened(data)
    out, characters = bytearray(text), b'0123456789.eE-+"{}[],:nulltrue \\\xff\x00'
    for _ in range(rng.integers(1, 4)):
        at, new = int(rng.integers(len(out))), rng.integers(0, len(characters), rng.integers(3))
        out[at : at + int(rng.integers(3))] = bytes(characters[i] for i in new)
    return _closed(bytes(out), members)


def _places(value):
    """Every container in a document, with the keys of its entries."""
    if isinstance(value, (dict, list)) and value:
        yield value, list(value) if isinstance(value, dict) else range(len(value))
        for entry in value.values() if isinstance(value, dict) else value[:50]:
            yield from _places(entry)


def _document(data, rng):
    """An entry of the document: another value, another number near it or far from it, gone, moved, nested or new."""
    text, members = _opened(data)
    manifest = json.loads(text)
    places = list(_places(manifest["document"] if rng.random() < 0.95 else manifest))
    if not places:
        return data
    at, keys = places[rng.integers(len(places))]
    key = keys[rng.integers(len(keys))]
    kind = rng.integers(7)
    if kind == 0 and isinstance(at[key], (int, float)):
        at[key] = at[key] + [1, -1, 0.5, 1e10, at[key], -2 * at[key]][rng.integers(6)]
    elif kind <= 1:
        at[key] = NUMBERS[rng.integers(len(NUMBERS))]
    elif kind == 2:
        at[key] = copy.deepcopy(OTHERS[rng.integers(len(OTHERS))])
    elif kind == 3:
        del at[key]
    elif kind == 4:
        other, others = places[rng.integers(len(places))]
        at[key] = copy.deepcopy(other.get(others[0]) if isinstance(other, dict) else other)
    elif kind == 5:
        for _ in range(rng.integers(1, 60)):
            at[key] = [at[key]] if rng.random() < 0.5 else {"tuple": [at[key]]}
    elif isinstance(at, dict):
        at[("x", "n_layers", "training", "flow_params", "dropout")[rng.integers(5)]] = copy.deepcopy(at[key])
    else:
        at *= int(rng.integers(1, 5))
    return _signed(manifest, members)


def _arrays(data, rng):
    """Numbers of an array, its size, its type, or another array in its place."""
    text, members = _opened(data)
    manifest = json.loads(text)
    names = list(manifest["arrays"])
    name = names[rng.integers(len(names))]
    array = np.load(io.BytesIO(members[f"arrays/{name}.npy"]))
    kind = rng.integers(8)
    with np.errstate(all="ignore"):
        if kind <= 2 and array.size:
            some = rng.random(array.size) < (1.0 if rng.random() < 0.3 else 2.0 / array.size)
            array[some.reshape(array.shape)] = SPECIAL[rng.integers(len(SPECIAL))]
        elif kind <= 4:
            array = (
                array * np.array(10.0 ** rng.uniform(-30, 30), array.dtype) * rng.choice([-1, 1])
            ).astype(array.dtype)
        elif kind == 5:
            array = [array[:-1], np.concatenate([array, array]), array[:, None], array[:0]][rng.integers(4)]
        elif kind == 6:
            array = array.astype(rng.choice(["<f4", "<f8", "<i8", "<f2", "<c16"]))
        else:
            array = np.load(io.BytesIO(members[f"arrays/{names[rng.integers(len(names))]}.npy"]))
    buffer = io.BytesIO()
    np.save(buffer, array)
    members[f"arrays/{name}.npy"] = buffer.getvalue()
    manifest["arrays"][name] = {"dtype": array.dtype.str, "shape": list(array.shape)}
    return _signed(manifest, members)


def _members(data, rng):
    """A member that is gone, there twice, empty, or new."""
    text, members = _opened(data)
    names = list(members)
    name = names[rng.integers(len(names))]
    kind = rng.integers(4)
    if kind == 0:
        del members[name]
    elif kind == 1:
        members["arrays/again.npy"] = members[name]
    elif kind == 2:
        members[name] = b""
    else:
        manifest = json.loads(text)
        manifest["arrays"].pop(name.removeprefix("arrays/").removesuffix(".npy"), None)
        del members[name]
        return _signed(manifest, members)
    return _closed(text, members)
