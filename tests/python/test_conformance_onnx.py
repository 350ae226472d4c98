# SPDX-License-Identifier: GPL-3.0-or-later
"""Every conformance case, scripted and traced, exported as ONNX and run in onnxruntime beside PyTorch.

What ONNX has no operator for is listed here by case; anything else that is refused is a failure.
"""
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

import onnx_judge
from conformance.make_cases import CASES, write_cases

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")

FILES = [(name, form) for name, wanted in CASES.items() for form in wanted.forms]
UNMAPPED: dict[str, str] = {  # by case, or case and form: a word of the refusal
    "spectral_filter": "aten::fft_rfft2",
    "packed_sequence": "its sequences are packed",
    "packed_by_length": "its sequences are packed",
    "matrices": "aten::linalg_inv",
    "picked_by_list": "aten::index_put_",
    "fused_encoder-trace": "aten::_transformer_encoder_layer_fwd",
}


@pytest.fixture(scope="session")
def exports(cli, tmp_path_factory, request):
    """What `export` said about each file that is asked for, and where it wrote; started early, waited for late."""
    pytest.importorskip("onnxruntime")
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("cases")
    asked = [i.callspec.params for i in request.session.items if "exports" in getattr(i, "fixturenames", ())]
    write_cases(folder, list(dict.fromkeys(params["name"] for params in asked)))

    def export(name, form):
        specs = [part for spec in CASES[name].inputs for part in ("--input", spec)]
        return cli.run("export", folder / f"{name}.{form}.pt", *specs, "--format", "onnx", "--output",
                       folder / f"{name}.{form}.onnx", timeout=120)

    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        started = {(p["name"], p["form"]): pool.submit(export, p["name"], p["form"]) for p in asked}
        yield folder, started


@pytest.mark.parametrize("name, form", FILES)
def test_onnx_gives_what_the_model_gives(exports, name, form):
    folder, started = exports
    done = started[name, form].result()
    if refused := UNMAPPED.get(name) or UNMAPPED.get(f"{name}-{form}"):
        assert done.returncode != 0 and refused in done.stderr, done.stderr
        assert not (folder / f"{name}.{form}.onnx").exists()
        return
    assert done.returncode == 0, done.stderr
    session = onnx_judge.session_of(folder / f"{name}.{form}.onnx")
    module = torch.jit.load(str(folder / f"{name}.{form}.pt")).eval()
    is_free = onnx_judge.takes_any_batch(session)
    assert is_free or "The batch size is fixed" in done.stderr
    for batch in (1, 3) if is_free else (1,):
        assert onnx_judge.largest_difference(module, session, CASES[name].inputs, batch) <= onnx_judge.TOLERANCE
