"""The recorder of golden bits: two recordings of one engine agree, and a flipped bit is found."""

import golden_bits
import numpy as np
from engine_flows import ISAS


def test_two_recordings_agree_and_a_flipped_bit_is_found(tmp_path, capsys):
    before, after = tmp_path / "before.npz", tmp_path / "after.npz"
    for path in (before, after):
        assert golden_bits.main(["record", str(path), "--isa", ISAS[-1], "--only", "radial"]) == 0
    assert golden_bits.main(["compare", str(before), str(after)]) == 0
    assert "0 differ, 0 are in one recording only" in capsys.readouterr().out

    arrays = dict(np.load(after))
    assert {label.split("/")[1] for label in arrays} == {"float32", "float64"}
    assert any(label.startswith("preset-radial/") for label in arrays)
    label = next(label for label in arrays if label.endswith("float64/forward"))
    arrays[label].view(np.uint64).reshape(-1)[np.abs(arrays[label]).argmax()] ^= 1
    np.savez(after, **arrays)
    assert golden_bits.main(["compare", str(before), str(after)]) == 1
    assert f"{label}: 1 ULP" in capsys.readouterr().out

    np.savez(after, **{name: array for name, array in np.load(before).items() if name != label})
    assert golden_bits.main(["compare", str(before), str(after)]) == 1
    assert f"{label}: missing in the second recording" in capsys.readouterr().out
