# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs an exported ONNX file in onnxruntime and compares it with the model it came from."""
import numpy as np
import torch

from conformance.case import random_inputs

TOLERANCE = 1e-4  # of the largest output


def flat(value):
    """The tensors in what a model returns, in order."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    return [] if value is None else [tensor for item in value for tensor in flat(item)]


def session_of(path):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def takes_any_batch(session):
    return any("batch" in map(str, given.shape) for given in session.get_inputs())


def relative_difference(expected, actual):
    expected, actual = expected.double().numpy(), np.asarray(actual, dtype=np.float64)
    assert expected.shape == actual.shape, f"{expected.shape} became {actual.shape}"
    if expected.size == 0:
        return 0.0
    if not np.isfinite(expected).all():
        np.testing.assert_array_equal(np.isfinite(expected), np.isfinite(actual))
        expected, actual = np.nan_to_num(expected, posinf=0, neginf=0), np.nan_to_num(actual, posinf=0, neginf=0)
    return float(np.abs(expected - actual).max() / max(np.abs(expected).max(), 1e-12))


def largest_difference(module, session, specs, batch, seed=5):
    """max |onnx - torch| / max |torch| over all outputs, for a batch of random inputs."""
    inputs = random_inputs(tuple(specs), batch, seed)
    with torch.no_grad():
        expected = flat(module(*inputs))
    given = [tensor for value in inputs for tensor in (value if isinstance(value, list) else [value])]
    feeds = {slot.name: tensor.numpy() for slot, tensor in zip(session.get_inputs(), given)}
    actual = session.run(None, feeds)
    assert len(expected) == len(actual)
    return max(relative_difference(e, a) for e, a in zip(expected, actual))
