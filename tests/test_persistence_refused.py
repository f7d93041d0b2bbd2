"""Files that are refused: damaged ones, and those made to do harm. One error, and nothing else happens."""

import io
import json
import os
import pickle
import re
import resource
import struct
import subprocess
import sys
import time
import tracemalloc
import zipfile
from hashlib import sha256

import numpy as np
import pytest

import nflows_np
from nflows_np import FlowDensity
from nflows_np._limits import MAX_PARAMETER
from nflows_np.persistence import FORMAT, ModelFileError
from nflows_np.presets import PRESETS
from nflows_np.specs import (
    AffineSpline,
    Autoregressive,
    Coupling,
    Flow,
    Householder,
    Inverse,
    LinearGaussian,
    LinearLU,
    LinearQR,
    LinearSVD,
    LinearTriangular,
    On,
    Permutation,
    RationalQuadratic,
    Sequence,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def fitted():
    X = np.random.default_rng(0).normal(size=(60, 2))
    flow = Flow([LinearGaussian(), Coupling(hidden_units=(3,))])
    return FlowDensity(flow, max_iter=2, early_stopping=True, random_state=np.random.RandomState(0)).fit(X)


@pytest.fixture(scope="module")
def rows():
    return np.random.default_rng(1).normal(size=(20, 2))


@pytest.fixture(scope="module")
def good(fitted, tmp_path_factory):
    """The bytes of a model file."""
    path = tmp_path_factory.mktemp("good") / "model.flow"
    fitted.save(path, resumable=True)
    return path.read_bytes()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.flow"


def opened(good):
    """The manifest and the members' bytes of a model file."""
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    return json.loads(members.pop("model.json")), members


def written(path, manifest, members, compression=zipfile.ZIP_STORED, *, sign=True):
    """Write a file of these contents, with checksums that fit where nothing else is wished for."""
    if sign:
        for name, entry in manifest["arrays"].items():
            if f"arrays/{name}.npy" in members:
                entry["sha256"] = sha256(members[f"arrays/{name}.npy"]).hexdigest()
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("model.json", json.dumps(manifest))
        for name, data in members.items():
            archive.writestr(name, data)


def npy(array, **kwargs):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asarray(array), version=(1, 0), **kwargs)
    return buffer.getvalue()


def put(manifest, members, name, array):
    """Replace or add an array, listed as what it is."""
    array = np.asarray(array)
    members[f"arrays/{name}.npy"] = npy(array)
    manifest["arrays"][name] = {"dtype": array.dtype.str, "shape": list(array.shape)}


def refused(path, match="."):
    """The file is refused, with one line that names it, and without room for much more than itself."""
    tracemalloc.start()
    with pytest.raises(ModelFileError, match=match) as caught:
        nflows_np.load(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)
    assert peak < 60 * path.stat().st_size + 8 * MEGABYTE  # a list of lists is 45 times as large in Python


def test_written_anew_it_is_as_good(good, path, fitted, rows):
    """What the tests below change is what they are refused for."""
    written(path, *opened(good))
    assert np.array_equal(nflows_np.load(path).score_samples(rows), fitted.score_samples(rows))


# Damage


def test_truncated(good, path):
    for size in {*range(0, len(good), 97), *range(len(good) - 30, len(good)), 1, 4, 22}:
        path.write_bytes(good[:size])
        with pytest.raises(ModelFileError):
            nflows_np.load(path)


def test_a_flipped_byte(good, path, fitted, rows):
    """Anywhere: in a member's header, its data, the directory. What does not matter (a date) does nothing."""
    expected, harmless = fitted.score_samples(rows), 0
    directory = good.index(b"PK\x01\x02")
    headers = {i + k for i in (m.start() for m in re.finditer(b"PK\x03\x04", good)) for k in range(60)}
    places = sorted({*range(0, len(good), 13), *range(directory, len(good), 2), *headers})
    for place in places:
        damaged = bytearray(good)
        damaged[place] ^= 0xFF if place % 2 else 1 << place % 8
        path.write_bytes(damaged)
        try:
            flow = nflows_np.load(path)
        except ModelFileError:
            continue
        harmless += 1
        assert np.array_equal(flow.score_samples(rows), expected)
        assert np.array_equal(flow._fitted.training.m, fitted._fitted.training.m)
    assert harmless < len(places) / 2


def test_bytes_at_random_in_the_directory(good, path):
    rng = np.random.default_rng(0)
    directory = good.index(b"PK\x01\x02")
    for _ in range(1000):
        damaged = bytearray(good)
        for place in rng.integers(directory, len(good), size=3):
            damaged[place] = rng.choice([0, 1, 0x80, 0xFF, rng.integers(256)])
        path.write_bytes(damaged)
        try:
            nflows_np.load(path)
        except ModelFileError:
            pass


def test_data_that_its_archive_believes_in(good, path):
    """A changed number with the archive's own checksum put right is found by the manifest's."""
    manifest, members = opened(good)
    name = "arrays/parameters.npy"
    members[name] = members[name][:-1] + bytes([members[name][-1] ^ 1])
    written(path, manifest, members, sign=False)
    refused(path, "'parameters' does not have its checksum")


# Other files


@pytest.mark.parametrize("data", [
    b"", b"\0" * 1000, b"PK\x05\x06" + b"\0" * 18, b"PK\x03\x04", b"x,y\n1,2\n",
])  # fmt: skip
def test_not_a_model_file(path, data):
    path.write_bytes(data)
    refused(path, "not a model file")


class Trap:
    """Executed if ever it is unpickled."""

    sprung = False

    def __reduce__(self):
        return exec, ("from test_persistence_refused import Trap; Trap.sprung = True",)


def test_nothing_is_unpickled(good, path, monkeypatch):
    def explode(*args, **kwargs):
        raise AssertionError("something was unpickled")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, explode)
    path.write_bytes(pickle.dumps({"model": Trap()}))
    refused(path, "not a model file")
    np.savez(path, parameters=np.zeros(3), objects=np.array([Trap()], dtype=object))
    refused(path.with_name("model.flow.npz"), r"no model\.json")
    manifest, members = opened(good)
    members["arrays/parameters.npy"] = npy(np.array([Trap()], dtype=object), allow_pickle=True)
    written(path, manifest, members)
    refused(path, "'parameters'")
    manifest["arrays"]["parameters"] |= {"dtype": "|O", "shape": [1]}
    written(path, manifest, members)
    refused(path, r"dtype '\|O'")
    assert not Trap.sprung


def test_a_plain_archive(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "nothing of interest")
    refused(path, r"no model\.json")


def test_newer_formats(good, path):
    manifest, members = opened(good)
    written(path, manifest | {"format": FORMAT + 1, "nflows_np": "9.9"}, members)
    refused(
        path,
        rf"format {FORMAT + 1} by nflows_np '9\.9'; this version reads formats up to {FORMAT}\. Upgrade nfl",
    )
    for wrong in (0, -1, 1.0, True, "1", None, [1], 10**400):
        written(path, manifest | {"format": wrong}, members)
        refused(path, "format")


# Archives made to do harm


def test_members_that_unfold(good, path):
    """A bomb: compressed, or of a declared size that the file does not have."""
    manifest, members = opened(good)
    put(manifest, members, "loss_curve", np.zeros(50 * MEGABYTE // 8))
    written(path, manifest, members, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < MEGABYTE
    refused(path, "is compressed or encrypted")
    for size in (0xFFFFFFFE, 0x7FFFFFFF, len(good)):
        damaged = bytearray(good)
        for entry in re.finditer(b"PK\x01\x02", good):
            struct.pack_into("<LL", damaged, entry.start() + 20, size, size)
        path.write_bytes(damaged)
        refused(path, "larger than the file")


def test_encrypted_members(good, path):
    damaged = bytearray(good)
    for entry in re.finditer(b"PK\x01\x02", good):
        damaged[entry.start() + 8] |= 1
    path.write_bytes(damaged)
    refused(path, "is compressed or encrypted")


@pytest.mark.parametrize("name", [
    "../evil.npy", "/tmp/evil.npy", "arrays/../evil.npy", "arrays/", "C:\\evil", "x" * 999,
])  # fmt: skip
def test_names_that_lead_elsewhere(good, path, name):
    manifest, members = opened(good)
    written(path, manifest, members | {name: b"evil"})
    before = sorted(path.parent.rglob("*"))
    refused(path, "missing or not listed")
    manifest["arrays"][name.removeprefix("arrays/").removesuffix(".npy")] = manifest["arrays"]["loc"]
    written(path, manifest, members | {name: b"evil"})
    refused(path, "badly named")
    assert sorted(path.parent.rglob("*")) == before == [path]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_that_are_there_twice(good, path):
    path.write_bytes(good)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("model.json", "{}")
    refused(path, "distinct")


def test_too_many_members(good, path):
    manifest, members = opened(good)
    written(path, manifest, members | {f"m{i}": b"" for i in range(300)})
    refused(path, f"{len(members) + 301} members")


# Manifests and arrays made to do harm


@pytest.mark.parametrize("text", [
    "", "[]", "null", "{", '"x"', "[" * 100_000, '{"a":' * 100_000, "1" * 100_000, b"\xff\xfe", "{}",
    '{"format": 1}', '{"format": NaN}', '{"format": Infinity}', '{"format": 1, "arrays": []}',
    '{"format": 1, "arrays": {"../x": {}}}',
])  # fmt: skip
def test_manifests_that_cannot_be_read(path, text):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.json", text)
    refused(path, r"model\.json")


@pytest.mark.parametrize("name", [
    "loc", "scale", "parameters", "training_parameters", "training_average", "training_m", "training_v",
])  # fmt: skip
def test_missing_arrays(good, path, name):
    manifest, members = opened(good)
    del members[f"arrays/{name}.npy"]
    written(path, manifest, members)
    refused(path, f"arrays/{name}.npy'.* missing or not listed")
    del manifest["arrays"][name]
    written(path, manifest, members)
    refused(path, f"lacks '{name}'|{name} stands beside")


@pytest.mark.parametrize("name", [
    "loc", "scale", "parameters", "loss_curve", "validation_scores", "training_m", "training_average",
])  # fmt: skip
@pytest.mark.parametrize("change", [
    lambda a: a[:-1], lambda a: np.concatenate([a, a]), lambda a: a[:, None], lambda a: a[0], lambda a: a[:0],
    lambda a: a.astype(np.int64), lambda a: a.astype(np.float32 if a.dtype == np.float64 else np.float64),
    lambda a: np.where(np.arange(len(a)) == 1, np.nan, a), lambda a: np.full_like(a, np.inf),
])  # fmt: skip
def test_arrays_that_do_not_fit(good, path, name, change):
    manifest, members = opened(good)
    array = np.load(io.BytesIO(members[f"arrays/{name}.npy"]))
    changed = np.asarray(change(array)).astype(change(array).dtype)
    put(manifest, members, name, changed)
    written(path, manifest, members)
    if name in ("loss_curve", "validation_scores") and changed.dtype == np.float64 and changed.ndim == 1:
        nflows_np.load(path)  # histories are as long as they are, and an epoch without a step has no loss
    else:
        refused(path)


@pytest.mark.parametrize("scale", [0.0, -1.0])
def test_scales_are_positive(good, path, scale):
    manifest, members = opened(good)
    put(manifest, members, "scale", np.array([1.0, scale]))
    written(path, manifest, members)
    refused(path, "scale is not positive")


def with_header(text):
    data = text.encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(data)) + data + b"\0" * 16


@pytest.mark.parametrize("data", [
    b"", b"\x93NUMPY", b"\x93NUMPY\x02\x00" + b"\0" * 40, b"\x93NUMPY\x01\x00\xff\xff", b"not an array",
    *map(with_header, [
        "-" * 5000 + "1", "(" * 5000, "1" * 9000, "[[[", "{}", "\0", "'", "__import__('os').system('true')",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), 3: 4}",
        "{'descr': '<f8', 'fortran_order': True, 'shape': (2,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-2,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2000000000,)}",
        "{'descr': '|O', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '(9,9)<f8', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2,)}",
    ]),
])  # fmt: skip
def test_arrays_of_strange_headers(good, path, data):
    manifest, members = opened(good)
    members["arrays/loc.npy"] = data
    written(path, manifest, members)
    refused(path, "array 'loc'")


@pytest.mark.parametrize("entry", [
    None, [], {}, {"dtype": "<f8"}, {"dtype": "<f8", "shape": [10**30]}, {"dtype": "<f8", "shape": [-1]},
    {"dtype": "<f8", "shape": "2"}, {"dtype": "<f8", "shape": [2.0]}, {"dtype": "<f8", "shape": [1] * 500},
    {"dtype": "<f8", "shape": [0, 10**30]}, {"dtype": [], "shape": [2]}, {"dtype": "<c16", "shape": [2]},
])  # fmt: skip
def test_arrays_listed_strangely(good, path, entry):
    manifest, members = opened(good)
    manifest["arrays"]["loc"] = entry
    written(path, manifest, members, sign=isinstance(entry, dict))
    refused(path, "array 'loc'")


# Documents made to do harm

WRONG = (None, True, -1, 1.5, 10**30, "x", [], [[]], ["x"], {}, {"x": 1}, {"float": "x"}, {"tuple": 3})


def places(value, at=()):
    """The places of a document: of every entry of every object."""
    if isinstance(value, dict):
        for key, entry in value.items():
            yield (*at, key)
            yield from places(entry, (*at, key))


def test_any_entry_of_another_type(good, path):
    """Refused, or a model that works: whatever stands anywhere in the document, one by one and left out."""
    manifest, members = opened(good)
    original = json.dumps(manifest)
    for place in places(manifest["document"]):
        for wrong in (*WRONG, "leave out"):
            changed = json.loads(original)
            entry = changed["document"]
            for key in place[:-1]:
                entry = entry[key]
            if wrong == "leave out":
                del entry[place[-1]]
            else:
                entry[place[-1]] = wrong
            written(path, changed, members)
            try:
                flow = nflows_np.load(path)
            except ModelFileError:
                continue
            flow.get_params()
            assert np.all(np.isfinite(flow.score_samples([[0.0, 0.0]])))


def set_flow(manifest, spec):
    manifest["document"]["fitted"]["flow"] = spec


def nested(depth):
    spec = {"name": "actnorm"}
    for _ in range(depth):
        spec = {"name": "inverse", "bijection": spec}
    return {"name": "flow", "bijections": [spec], "base": {"name": "standard_normal"}}


def flow_of(*bijections, base=None):
    return {"name": "flow", "bijections": list(bijections), "base": base or {"name": "standard_normal"}}


COUPLING = Coupling(mask=(0,)).to_dict()


@pytest.mark.parametrize("spec", [
    None, [], {}, "flow", {"name": "flow"}, {"name": "actnorm"}, {"name": "standard_normal"},
    {"name": "os.system"}, {"name": ["flow"]}, nested(30), nested(300), flow_of("actnorm"),
    flow_of({"name": "nflows_np.testing"}), flow_of(base={"name": "actnorm"}),
    flow_of({"name": "actnorm", "__class__": "os"}), flow_of({"name": "actnorm"}),
    flow_of(*[{"name": "actnorm"}] * 1000), flow_of(Permutation().to_dict()),
    flow_of({"name": "permutation", "order": [0, 0]}), flow_of({"name": "permutation", "order": [1, 0, 2]}),
    flow_of({"name": "permutation", "order": "random"}),
    flow_of({**COUPLING, "kept": [7]}), flow_of({**COUPLING, "kept": [0, 1]}),
    flow_of({**COUPLING, "hidden_units": "64"}), flow_of({**COUPLING, "hidden_units": [0]}),
    flow_of({**COUPLING, "hidden_units": [10**30]}), flow_of({**COUPLING, "hidden_units": [True]}),
    flow_of(base={"name": "gaussian_mixture", "n_components": 2**16}), flow_of(base={"name": "student_t"}),
    flow_of(base={"name": "uniform", "low": 0.0, "high": 1.0}),
    flow_of(base={"name": "product", "columns": [0], "sizes": [1], "bases": [{"name": "standard_normal"}]}),
    flow_of({"name": "on", "columns": ["a"], "bijection": {"name": "actnorm"}}),
    flow_of({"name": "on", "columns": [-1], "bijection": {"name": "actnorm"}}),
    flow_of({"name": "on", "columns": [0, 2], "bijection": {"name": "actnorm"}}),
    flow_of({"name": "on", "columns": [0, 0], "bijection": {"name": "actnorm"}}),
    flow_of({"name": "on", "columns": [], "bijection": {"name": "actnorm"}}),
    flow_of({"name": "on", "columns": [0], "bijection": {"name": "permutation", "order": [1, 0]}}),
    flow_of({"name": "sequence", "bijections": [flow_of()]}),
    flow_of({"name": "sequence", "bijections": [{"name": "actnorm"}] * 100}),
    flow_of({**COUPLING, "activation": "eval"}), flow_of({**COUPLING, "transformer": {"name": "actnorm"}}),
])  # fmt: skip
def test_specs_that_cannot_be(good, path, spec):
    manifest, members = opened(good)
    set_flow(manifest, spec)
    written(path, manifest, members)
    refused(path, "not a model that can be|lacks")


LOAD = """
import resource, sys, nflows_np, nflows_np.estimators
from nflows_np.persistence import ModelFileError
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    nflows_np.load(sys.argv[1])
except ModelFileError as error:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, error)
"""


def peak_of_loading(path):
    """How much more memory (bytes) refusing a file took in a process of its own, and what it said."""
    found = subprocess.run(
        [sys.executable, "-c", LOAD, path],
        env={"PYTHONPATH": ":".join(entry for entry in sys.path if entry)},
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (60, 60)),
    ).stdout
    kilobytes, _, message = found.partition(" ")
    return int(kilobytes) * (1 if sys.platform == "darwin" else 1024), message


@pytest.mark.parametrize("bijection", [
    Coupling(mask=(0,), hidden_units=(2**16,) * 64),
    Coupling(mask="half", hidden_units=(2**16,)),
    Autoregressive(hidden_units=(2**15,)),
    Autoregressive(hidden_units=()),
    LinearGaussian(),
    LinearLU(),
    LinearTriangular(),
    LinearQR(),
    LinearSVD(),
    Householder(2**16),
    Autoregressive(RationalQuadratic(128), hidden_units=(2**8,)),
    On(range(20_000), LinearLU()),
    Sequence([Autoregressive(hidden_units=(2**15,))] * 1000),
    On((0, 1), Inverse(Sequence([On((1, 0), Sequence([Coupling(hidden_units=(2**16,) * 64)] * 1000))]))),
], ids=[
    "deep", "wide", "made", "made-direct", "gaussian", "lu", "triangular", "qr", "svd", "householder", "spline", "on",
    "sequence", "nested",
])  # fmt: skip
def test_flows_larger_than_their_files(good, path, bijection):
    """A few bytes of a spec, and many columns, would have the engine make room for gigabytes."""
    d = 2 if bijection.to_dict().get("kept") == [0] else 20_000
    manifest, members = opened(good)
    set_flow(manifest, Flow([bijection]).resolve(d).to_dict())
    for name in ("loc", "scale"):
        put(manifest, members, name, np.ones(d))
    written(path, manifest, members)
    peak, message = peak_of_loading(path)
    assert "the flow has more than the" in message
    assert peak < 150 * MEGABYTE


@pytest.mark.parametrize("position, words", [(625, 624), (10**6, 624), (-1, 624), (3, 3), (0, 625), (0, 0)])
def test_states_that_point_out_of_the_generator(good, path, position, words):
    """NumPy takes such a state, and the next draw reads memory that is not its own."""
    manifest, members = opened(good)
    state = manifest["document"]["params"]["random_state"]["mt19937"]
    state[0] = (state[0] * 2)[:words]
    state[1] = position
    written(path, manifest, members)
    refused(path, "random_state")


@pytest.mark.parametrize("dtype", ["O", "int64", ">f4", "float16", "(2,)f4", "(1,,)f8", "f8,(", None])
def test_dtypes_that_are_none(good, path, dtype):
    manifest, members = opened(good)
    manifest["document"]["fitted"]["architecture"]["dtype"] = dtype
    written(path, manifest, members)
    refused(path, "dtype")


# Files that cost more than they weigh


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no such device here")
def test_devices_and_pipes(path):
    with pytest.raises(ModelFileError, match="/dev/zero: a device or a pipe"):
        nflows_np.load("/dev/zero")
    os.mkfifo(path)
    with pytest.raises(ModelFileError, match="a device or a pipe"):
        nflows_np.load(path)


@pytest.mark.parametrize("size", [MEGABYTE, 60 * MEGABYTE])
@pytest.mark.parametrize(
    "piece", ["[],", '{"a":0},', '"x",', "1e9,", '{"name":"actnorm"},', "[[[[[[[[]]]]]]]],"]
)
@pytest.mark.parametrize("place", ["flow", "architecture", "params", "arrays"])
def test_documents_of_any_size(good, path, piece, size, place):
    """Refused soon, whatever Python would make of them, and whatever would be quoted of them."""
    text = "[" + (piece * (size // len(piece)))[:-1] + "]"
    manifest, members = opened(good)
    at = manifest["document"]
    at = manifest if place == "arrays" else at if place == "params" else at["fitted"]
    at[place] = "HERE"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.json", json.dumps(manifest).replace('"HERE"', text))
        for name, data in members.items():
            archive.writestr(name, data)
    began = time.perf_counter()
    refused(path)
    assert time.perf_counter() - began < 20.0


def test_many_layers_without_parameters(good, path):
    manifest, members = opened(good)
    set_flow(manifest, flow_of(*[Permutation((1, 0)).to_dict()] * 100_000))
    written(path, manifest, members)
    refused(path, "at most 8192")


def test_archives_of_a_million_members(path):
    """zipfile makes ten times as much of each as it takes; one is enough to tell."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("m", b"")
    data = path.read_bytes()
    at = data.index(b"PK\x01\x02")
    entry, n = data[at : data.index(b"PK\x05\x06")], 500_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, n * len(entry), at, 0)
    path.write_bytes(data[:at] + entry * n + end)
    tracemalloc.start()
    with pytest.raises(ModelFileError, match="for the list of its members"):
        nflows_np.load(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * MEGABYTE


@pytest.mark.parametrize("long", ["x" * 10**6, ["x" * 9999] * 99, {"x" * 9999: 1}, 10**4000, [10**4000] * 9])
def test_messages_are_short(good, path, long):
    """Whatever value is wrong, and wherever it stands, no message quotes all of it."""
    manifest, members = opened(good)
    original = json.dumps(manifest)
    top = [("format",), ("estimator",), ("nflows_np",), ("arrays",)]
    for place in [*top, *(("document", *p) for p in places(manifest["document"]))]:
        changed = json.loads(original)
        entry = changed
        for key in place[:-1]:
            entry = entry[key]
        entry[place[-1]] = long
        if isinstance(long, str):
            entry[long] = 1
        written(path, changed, members, sign=place != ("arrays",))
        try:
            nflows_np.load(path)
        except ModelFileError as error:
            assert len(str(error)) < 1000 + len(str(path))


def test_what_could_not_be_read_is_not_written(fitted, path, monkeypatch):
    monkeypatch.setattr("nflows_np.persistence._MAX_DOCUMENT_BYTES", 1000)
    with pytest.raises(ValueError, match="names and specs of this model take"):
        fitted.save(path)
    assert not path.exists()


# Documents that say what cannot be


@pytest.mark.parametrize("depth", [1, 5, 50, 300])
@pytest.mark.parametrize("kind", ["tuple", "list"])
def test_parameters_are_not_nested(good, path, depth, kind):
    """What is loaded can be saved again."""
    value = 8
    for _ in range(depth):
        value = {"tuple": [value]} if kind == "tuple" else [value]
    manifest, members = opened(good)
    manifest["document"]["params"]["hidden_units"] = (
        {"tuple": [value]} if kind == "list" or depth > 1 else value
    )
    written(path, manifest, members)
    if kind == "tuple" and depth == 1:
        nflows_np.load(path).save(path)
    else:
        refused(path, "hidden_units|cannot be read")


@pytest.mark.parametrize(
    "place", [(), ("params",), ("fitted",), ("fitted", "training"), ("fitted", "architecture")]
)
def test_fields_that_this_version_does_not_know(good, path, place):
    manifest, members = opened(good)
    at = manifest["document"]
    for key in place:
        at = at[key]
    at["dropout"] = 0.5
    written(path, manifest, members)
    refused(path, r"does not know: \['dropout'\]")


def test_arrays_that_this_version_does_not_know(good, path):
    manifest, members = opened(good)
    put(manifest, members, "dropout", np.zeros(3))
    written(path, manifest, members)
    refused(path, r"does not know: \['dropout'\]")


def test_fields_that_are_not_there_take_their_defaults(good, path, fitted, rows):
    """All but the flow, its weights and its scaling: that is how fitted models get new fields."""
    manifest, members = opened(good)
    manifest["document"] = {"params": {}, "fitted": {"flow": manifest["document"]["fitted"]["flow"]}}
    kept = ("loc", "scale", "parameters")
    manifest["arrays"] = {name: manifest["arrays"][name] for name in kept}
    written(path, manifest, {f"arrays/{name}.npy": members[f"arrays/{name}.npy"] for name in kept})
    flow = nflows_np.load(path)
    assert flow.get_params() == FlowDensity().get_params()
    assert np.array_equal(flow.score_samples(rows), fitted.score_samples(rows))
    assert (flow.best_epoch_, flow.converged_, flow.loss_curve_, flow.validation_scores_) == (
        None,
        False,
        [],
        None,
    )


@pytest.mark.parametrize("change", [
    {"step": -1}, {"step": 2**63 - 1}, {"step": 1.5}, {"halvings": 10**9}, {"halvings": 7}, {"cuts": -1},
    {"stale": None}, {"reference_score": 10**400}, {"reference_score": "x"}, {"reference_score": [0.0]},
    {"order": None}, {"order": {}}, {"order": {"bit_generator": "MT19937"}}, {"began": -1}, {"held": 0.5},
    {"start_levels": 1.0}, {"start_levels": [1.0]}, {"start_levels": [1.0, None]}, {"start_levels": [1.0, 10**400]},
])  # fmt: skip
def test_states_of_training_that_cannot_be(good, path, change):
    manifest, members = opened(good)
    manifest["document"]["fitted"]["training"] |= change
    written(path, manifest, members)
    refused(path)


@pytest.mark.parametrize("name, change", [
    ("training_v", lambda v: -v - 1e-9), ("training_v", np.zeros_like), ("training_m", lambda m: m * 1e20),
    ("training_m", lambda m: np.full_like(m, 1e30)), ("training_parameters", lambda p: np.full_like(p, 2e10)),
    ("training_average", lambda p: np.full_like(p, -2e10)), ("parameters", lambda p: np.full_like(p, 1e20)),
    ("parameters", lambda p: np.where(p == p[3], -1.1e10, p)),
])  # fmt: skip
def test_numbers_that_no_training_reaches(good, path, name, change):
    manifest, members = opened(good)
    array = np.load(io.BytesIO(members[f"arrays/{name}.npy"]))
    put(manifest, members, name, change(array).astype(array.dtype))
    written(path, manifest, members)
    refused(path, f"{name}|allows")


@pytest.mark.parametrize("seed", range(3))
def test_parameters_within_bounds_that_give_no_density(path, seed):
    """A deep network multiplies so many of them that float32 ends: such a file is refused for what it does."""
    rng = np.random.default_rng(seed)
    spec = Flow([LinearGaussian(), Coupling(AffineSpline(), mask="half", hidden_units=(64,) * 4)])
    flow = FlowDensity(spec, max_iter=1, random_state=0).fit(rng.normal(size=(60, 4)))
    flow.save(path)
    manifest, members = opened(path.read_bytes())
    changed = flow.parameters_ * 1
    some = rng.random(len(changed)) < 0.1
    changed[some] = MAX_PARAMETER * np.sign(rng.normal(size=some.sum()))
    put(manifest, members, "parameters", changed)
    written(path, manifest, members)
    refused(path, "its densities are not finite")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("preset", PRESETS)
def test_parameters_at_the_bound(path, preset, dtype):
    """Every preset scores there, however absurdly: they are not what is refused."""
    X = np.random.default_rng(0).normal(size=(60, 3))
    flow = FlowDensity(preset, n_layers=2, max_iter=1, dtype=dtype, random_state=0).fit(X)
    flow.save(path)
    manifest, members = opened(path.read_bytes())
    for signs in (1.0, -1.0, np.sign(np.random.default_rng(0).normal(size=flow.n_parameters_))):
        put(manifest, members, "parameters", np.full(flow.n_parameters_, MAX_PARAMETER * signs, dtype))
        written(path, manifest, members)
        again = nflows_np.load(path)
        assert np.all(np.isfinite(again.score_samples(np.concatenate([X, 1e6 * X, 1e200 * X]))))


def test_estimators_that_are_none(good, path):
    manifest, members = opened(good)
    for name in ("os.system", "RandomForestClassifier", None, ["FlowDensity"], "ModelFileError"):
        written(path, manifest | {"estimator": name}, members)
        refused(path, r"none of \['FlowDensity'\]")


# Residuals of columns


RESIDUALS = {"columns": np.array([1]), "weights": np.array([0.5, 0.0]), "widths": np.array([0.01])}


@pytest.mark.parametrize("change", [
    {"columns": np.array([2])}, {"columns": np.array([-1])}, {"columns": np.array([0, 1])},
    {"columns": np.array([1.0])}, {"columns": np.array([], dtype=np.int64)},
    {"weights": np.array([0.5])}, {"weights": np.array([0.5, 0.5])}, {"weights": np.array([0.0, 0.0])},
    {"weights": np.array([np.nan, 0.0])}, {"widths": np.array([0.0])}, {"widths": np.array([np.inf])},
    {"widths": np.array([0.1, 0.1])}, {"widths": None}, {"columns": None},
])  # fmt: skip
def test_residuals_that_do_not_fit(good, path, change):
    manifest, members = opened(good)
    for name, array in (RESIDUALS | change).items():
        if array is not None:
            put(manifest, members, f"residual_{name}", array)
    written(path, manifest, members)
    refused(path)


def test_residuals_that_fit(good, path, rows):
    manifest, members = opened(good)
    for name, array in RESIDUALS.items():
        put(manifest, members, f"residual_{name}", array)
    written(path, manifest, members)
    assert np.isfinite(nflows_np.load(path).score_samples(rows)).all()
