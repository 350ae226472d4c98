# SPDX-License-Identifier: GPL-3.0-or-later
"""`espalier-cli export`: what it writes loads in PyTorch, safetensors and onnxruntime, and computes the same."""
import pathlib
import re

import pytest
import torch
from torch import nn

import onnx_judge

ROOT = pathlib.Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")


def module_of(path):
    return torch.jit.load(str(path)).eval()


@pytest.fixture
def plan(cli, examples, tmp_path):
    """Half of the channels of the LeNet-5 go, and the model that `prune` makes of it."""
    path = tmp_path / "half.espalier-plan.json"
    cli.ok("prune", examples / "lenet5.script.pt", "--channels", 0.5, "--output", tmp_path / "cut.pt",
           "--masked-output", tmp_path / "masked.pt", "--save-plan", path)
    return path


@pytest.mark.parametrize("options, same_as", [([], "cut.pt"), (["--masked"], "masked.pt")])
def test_torchscript_is_what_prune_writes(cli, examples, plan, tmp_path, options, same_as):
    out = tmp_path / "out.pt"
    done = cli.ok("export", examples / "lenet5.script.pt", "--plan", plan, *options, "--format", "torchscript",
                  "--output", out)
    expected, actual = module_of(tmp_path / same_as), module_of(out)
    told = re.search(r"^parameters +\S+ +(\S+)", done.stdout.replace("\u2009", ""), re.M)
    assert int(told[1]) == sum(value.numel() for value in actual.parameters()), done.stdout
    assert ("cut and proved" in done.stderr) == (not options)
    assert {n: v.shape for n, v in expected.state_dict().items()} == {
        n: v.shape for n, v in actual.state_dict().items()}
    x = torch.randn(3, 1, 28, 28)
    assert torch.equal(expected(x), actual(x))


@pytest.mark.parametrize("options, same_as", [([], "cut.pt"), (["--masked"], "masked.pt")])
def test_safetensors_holds_the_state_dict(cli, examples, plan, tmp_path, options, same_as):
    safetensors = pytest.importorskip("safetensors.torch")
    out = tmp_path / "out.safetensors"
    report = cli.json("export", examples / "lenet5.script.pt", "--plan", plan, *options, "--format", "safetensors",
                      "--output", out)
    assert report["proof"]["max_relative_difference"] <= 1e-5
    assert report["bytes"]["after"] == out.stat().st_size
    loaded = safetensors.load_file(out)
    expected = module_of(tmp_path / same_as).state_dict()
    assert loaded.keys() == expected.keys()
    assert all(torch.equal(loaded[name], expected[name]) for name in expected)


def test_safetensors_of_a_rebuilt_module_gives_the_same(cli, tmp_path):
    safetensors = pytest.importorskip("safetensors.torch")

    def build(width):
        return nn.Sequential(nn.Conv2d(3, width, 3), nn.BatchNorm2d(width), nn.ReLU(), nn.Flatten(),
                             nn.Linear(width * 36, 5))

    torch.manual_seed(0)
    torch.jit.script(build(8).eval()).save(str(tmp_path / "m.pt"))
    cli.ok("prune", tmp_path / "m.pt", "--input", "1x3x8x8", "--channels", 0.5, "--output", tmp_path / "cut.pt",
           "--save-plan", tmp_path / "p.espalier-plan.json")
    cli.ok("export", tmp_path / "m.pt", "--plan", tmp_path / "p.espalier-plan.json", "--format", "safetensors",
           "--output", tmp_path / "m.safetensors")
    rebuilt = build(4).eval()
    rebuilt.load_state_dict(safetensors.load_file(tmp_path / "m.safetensors"))
    x = torch.randn(3, 3, 8, 8)
    torch.testing.assert_close(rebuilt(x), module_of(tmp_path / "cut.pt")(x))


class ManyTypes(nn.Module):
    """Tied weights, views, an empty tensor, a number, and every type the format has a name for."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.second = nn.Linear(4, 4)
        self.second.weight = self.first.weight
        base = torch.arange(24.0).reshape(4, 6)
        self.register_buffer("turned", base.t())
        self.register_buffer("empty", torch.zeros(0, 3))
        self.register_buffer("number", torch.tensor(7))
        for kind in ("float64", "float16", "bfloat16", "int32", "int16", "int8", "uint8", "bool"):
            self.register_buffer(f"as_{kind}", torch.randn(3, 5).mul(3).abs().to(getattr(torch, kind)))

    def forward(self, x):
        return self.second(self.first(x))


def test_safetensors_of_all_types(cli, tmp_path):
    safetensors = pytest.importorskip("safetensors.torch")
    from safetensors import safe_open

    model = ManyTypes().eval()
    torch.jit.script(model).save(str(tmp_path / "m.pt"))
    cli.ok("export", tmp_path / "m.pt", "--input", "1x4", "--format", "safetensors", "--output", tmp_path / "m.st")
    loaded = safetensors.load_file(tmp_path / "m.st")
    for name, value in model.state_dict().items():
        assert loaded[name].dtype == value.dtype and torch.equal(loaded[name], value), name
    assert loaded.keys() == model.state_dict().keys()
    with safe_open(tmp_path / "m.st", "pt") as file:
        assert file.metadata() == {"format": "pt"}


def test_safetensors_refuses_what_it_has_no_name_for(cli, tmp_path):
    class Complex(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(2, 2)
            self.register_buffer("phase", torch.zeros(2, dtype=torch.complex64))

        def forward(self, x):
            return self.fc(x)

    torch.jit.script(Complex()).save(str(tmp_path / "m.pt"))
    done = cli.run("export", tmp_path / "m.pt", "--input", "1x2", "--format", "safetensors", "--output",
                   tmp_path / "m.st")
    assert done.returncode != 0 and "phase" in done.stderr and "ComplexFloat" in done.stderr
    assert not (tmp_path / "m.st").exists()


def test_wrong_usage(cli, examples, tmp_path):
    model, out = examples / "lenet5.script.pt", tmp_path / "out"
    done = cli.run("export", model, "--format", "tflite", "--output", out)
    assert done.returncode == 2 and "torchscript, onnx, safetensors" in done.stderr
    assert cli.run("export", model, "--format", "onnx").returncode == 2
    assert cli.run("export", model, "--format", "onnx", "--output", model).returncode == 2
    assert cli.run("export", tmp_path / "none.pt", "--format", "onnx", "--output", out).returncode != 0
    assert not out.exists()


# ONNX

@pytest.fixture
def exported(cli, tmp_path):
    """Exports a module as ONNX; returns the session that runs it."""
    pytest.importorskip("onnxruntime")

    def export(module, *specs, saved=None):
        path = tmp_path / "m.pt"
        (saved or torch.jit.script(module.eval())).save(str(path))
        inputs = [part for spec in specs for part in ("--input", spec)]
        done = cli.ok("export", path, *inputs, "--format", "onnx", "--output", tmp_path / "m.onnx")
        return onnx_judge.session_of(tmp_path / "m.onnx"), done.stderr

    return export


def check_any_batch(session, module, *specs):
    assert onnx_judge.takes_any_batch(session)
    for batch in (1, 3):
        assert onnx_judge.largest_difference(module.eval(), session, specs, batch) <= onnx_judge.TOLERANCE


@pytest.mark.parametrize("options, same_as", [([], "cut.pt"), (["--masked"], "masked.pt")])
def test_onnx_of_a_pruned_model(cli, examples, plan, tmp_path, options, same_as):
    pytest.importorskip("onnxruntime")
    out = tmp_path / "m.onnx"
    report = cli.json("export", examples / "lenet5.script.pt", "--plan", plan, *options, "--format", "onnx",
                      "--output", out)
    assert report["proof"] and report["bytes"]["after"] == out.stat().st_size
    check_any_batch(onnx_judge.session_of(out), module_of(tmp_path / same_as), "1x1x28x28")


def test_onnx_file_is_sound_and_keeps_names(cli, examples, tmp_path):
    onnx = pytest.importorskip("onnx")
    cli.ok("export", examples / "lenet5.script.pt", "--format", "onnx", "--output", tmp_path / "m.onnx")
    model = onnx.load(tmp_path / "m.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert model.opset_import[0].version == 17 and model.producer_name == "Espalier"
    state = module_of(examples / "lenet5.script.pt").state_dict()
    tensors = {t.name: torch.tensor(onnx.numpy_helper.to_array(t)) for t in model.graph.initializer}
    assert all(torch.equal(tensors[name], value) for name, value in state.items())
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    assert model.graph.output[0].type.tensor_type.shape.dim[0].dim_param == "batch"


class BatchInShapes(nn.Module):
    """Numbers that grow with the batch: a product, a repeated parameter, a tensor of its size."""

    def __init__(self):
        super().__init__()
        self.token = nn.Parameter(torch.randn(1, 1, 4))
        self.fc = nn.Linear(4, 4)

    def forward(self, x):  # [batch, 3, 4]
        batch = x.size(0)
        tokens = torch.cat([self.token.expand(batch, -1, -1), x], 1)  # [batch, 4, 4]
        folded = self.fc(tokens.reshape(batch * 2, 2, 4))
        ramp = torch.arange(batch).float().reshape(batch, 1, 1)
        return folded.reshape(batch, 4, 4) + ramp + torch.zeros(batch, 4, 4)


@pytest.mark.parametrize("form", ["script", "trace"])
def test_onnx_of_shapes_that_depend_on_the_batch(exported, form):
    module = BatchInShapes().eval()
    saved = torch.jit.script(module) if form == "script" else torch.jit.trace(module, torch.randn(2, 3, 4))
    session, _ = exported(module, "1x3x4", saved=saved)
    check_any_batch(session, module, "1x3x4")


class BatchDecides(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        y = self.fc(x)
        for _ in range(x.size(0)):
            y = y * 2
        return y


def test_onnx_says_when_the_batch_has_to_be_fixed(exported):
    module = BatchDecides()
    session, said = exported(module, "2x4")
    assert "The batch size is fixed, as in 2x4" in said
    assert session.get_inputs()[0].shape == [2, 4]
    assert onnx_judge.largest_difference(module.eval(), session, ["1x4"], 2) <= onnx_judge.TOLERANCE


class WritesInPlace(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 1)

    def forward(self, x):
        y = self.conv(x)
        left = y[:, :2]
        whole = y.flatten(2)  # looks at the same memory
        left.mul_(3.0)
        y[:, 3] += 1.0
        canvas = torch.zeros_like(y)
        canvas[:, 1:3] = torch.relu_(left)
        return whole.sum(2), y, canvas


def test_onnx_of_writes_into_views(exported):
    module = WritesInPlace()
    session, _ = exported(module, "1x2x3x3")
    check_any_batch(session, module, "1x2x3x3")


class Transformed(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return torch.fft.rfft(self.fc(x)).abs().frac() + torch.lgamma(x).sum()


def test_onnx_names_every_operator_without_a_mapping(cli, tmp_path):
    torch.jit.script(Transformed()).save(str(tmp_path / "m.pt"))
    done = cli.run("export", tmp_path / "m.pt", "--input", "1x8", "--format", "onnx", "--output", tmp_path / "m.onnx")
    assert done.returncode != 0
    for op in ("aten::fft_rfft", "aten::frac", "aten::lgamma"):
        assert op in done.stderr
    assert "safetensors" in done.stderr and not (tmp_path / "m.onnx").exists()


class DecidedByData(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
        return self.fc(x)[:, : int(x.abs().sum().item()) % 3 + 1]


def test_onnx_refuses_numbers_that_the_input_decides(cli, tmp_path):
    torch.jit.script(DecidedByData()).save(str(tmp_path / "m.pt"))
    done = cli.run("export", tmp_path / "m.pt", "--input", "1x4", "--format", "onnx", "--output", tmp_path / "m.onnx")
    assert done.returncode != 0 and "depends on what the input holds" in done.stderr, done.stderr


@pytest.mark.parametrize("build", [
    lambda: nn.AvgPool2d(3, 2, 1, ceil_mode=True), lambda: nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False),
    lambda: nn.MaxPool2d(3, 2, 1, ceil_mode=True), lambda: nn.MaxPool2d(2, 3, ceil_mode=True),
    lambda: nn.AdaptiveAvgPool2d((3, 4)), lambda: nn.AdaptiveMaxPool2d(5), lambda: nn.AdaptiveAvgPool2d(5),
    lambda: nn.Upsample(scale_factor=2.0, mode="bilinear"), lambda: nn.Upsample(size=(7, 23), mode="bilinear"),
    lambda: nn.Upsample(size=(13, 25), mode="bilinear", align_corners=True), lambda: nn.Upsample(size=(7, 23)),
    lambda: nn.Upsample(scale_factor=1.7), lambda: nn.Upsample(scale_factor=2.0, mode="bicubic"),
    lambda: nn.ReflectionPad2d((1, 2, 3, 0)), lambda: nn.ReplicationPad2d(2), lambda: nn.ConstantPad2d((1, 0, 2, -1), 0.5),
    lambda: nn.Conv2d(6, 6, 3, padding="same", groups=3, dilation=2), lambda: nn.Conv2d(6, 4, 4, padding="same"),
    lambda: nn.ConvTranspose2d(6, 4, 3, stride=2, padding=1, output_padding=1, groups=2),
    lambda: nn.InstanceNorm2d(6, affine=True), lambda: nn.GroupNorm(3, 6), lambda: nn.LocalResponseNorm(3),
    lambda: nn.PReLU(6), lambda: nn.Softplus(2.0), lambda: nn.GELU("tanh"), lambda: nn.Mish(), lambda: nn.Hardswish(),
    lambda: nn.CELU(0.7), lambda: nn.Threshold(0.1, 5.0), lambda: nn.Softshrink(0.3), lambda: nn.RReLU(),
    lambda: nn.Hardtanh(-0.5, 0.7), lambda: nn.Unfold(3, 2, 1, 2), lambda: nn.PixelUnshuffle(5), lambda: nn.LogSigmoid(),
], ids=lambda build: repr(build()).replace(" ", ""))
def test_onnx_of_single_layers(exported, build):
    torch.manual_seed(1)
    module = nn.Sequential(nn.Conv2d(6, 6, 1), build())
    session, _ = exported(module, "1x6x10x15")
    check_any_batch(session, module, "1x6x10x15")


class Elementwise(nn.Module):
    """Numbers of several types, rounding, comparisons, masks."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.randn(5))

    def forward(self, x):
        n = (x * 7).round().int()
        parts = [x / 3, x // 0.7, x % 0.7, torch.fmod(x, 0.7), n // 3, n % 3, n / 2, 2 - x, x**2, x.abs() ** 1.5,
                 torch.where(x > 0, x, 0.5), x.masked_fill(n == 2, -1.0), x.clamp(min=-0.3), x.clamp(max=0.4),
                 torch.maximum(x, self.scale), (x > 0) & (n != 1), ~(x <= 0), x.trunc(), x.square(), torch.addcmul(x, x, self.scale, value=0.5), torch.lerp(x, self.scale, 0.3),
                 x.abs().log1p(), x.expm1(), x.sign(), torch.add(x, x, alpha=3)]
        return [part.to(torch.float32) for part in parts]


def test_onnx_of_elementwise_operators(exported):
    module = Elementwise()
    session, _ = exported(module, "1x5")
    check_any_batch(session, module, "1x5")


class Rearranged(nn.Module):
    """Indices, windows, order."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(6))
        self.register_buffer("order", torch.tensor([3, 0, 2]))

    def forward(self, x):  # [batch, 4, 6]
        x = x * self.weight
        a, b = x.topk(2, dim=2)
        first, second = x.chunk(2, 1)
        rolled = torch.roll(x, (1, -2), (1, 2))
        return (x[:, self.order], x[:, self.order, self.order], x[..., ::2], x[:, -1], a, b, first - second, rolled,
                x.flip(2), x.unfold(2, 3, 2), x.repeat(1, 2, 1), x.repeat_interleave(2, dim=1), x.cumsum(2),
                x.sort(2, descending=True)[0], x.argmax(2), x.max(1)[0], x.var(2), x.std((1, 2), unbiased=False), x.norm(2, dim=2),
                x.mean(1, keepdim=True), torch.stack(x.unbind(1), 2), x.movedim(1, 2), x.tril(1), x.narrow(2, 1, 3),
                x.gather(2, b), x.logsumexp(2), x.amax((1, 2)), (x > 0).any(2), x.permute(2, 0, 1).flatten(1).t())


def test_onnx_of_what_rearranges(exported):
    module = Rearranged()
    session, _ = exported(module, "1x4x6")
    check_any_batch(session, module, "1x4x6")


@pytest.mark.parametrize("build", [
    lambda: nn.LSTM(5, 7, 2, batch_first=True), lambda: nn.LSTM(5, 7, bidirectional=True), lambda: nn.GRU(5, 7, 2),
    lambda: nn.GRU(5, 7, bidirectional=True, batch_first=True, bias=False), lambda: nn.RNN(5, 7, nonlinearity="relu"),
], ids=lambda build: repr(build()).replace(" ", ""))
def test_onnx_of_recurrent_layers(exported, build):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = build()
            self.is_batch_first = self.rnn.batch_first

        def forward(self, x):  # [batch, time, 5]
            if not self.is_batch_first:
                x = x.transpose(0, 1)
            y, state = self.rnn(x)
            return y if self.is_batch_first else y.transpose(0, 1)

    module = Net()
    session, _ = exported(module, "1x4x5")
    check_any_batch(session, module, "1x4x5")


class ShortForOthers(nn.Module):
    """Stacks and splits along a named axis, turns, sums of products, lists."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(6))
        self.mix = nn.Parameter(torch.randn(5, 6))
        self.core = nn.Parameter(torch.randn(6, 4, 3))

    def forward(self, x):  # [batch, 4, 6]
        x = x * self.weight
        a, b = torch.hsplit(x, 2)
        first, _, last = torch.dsplit(x, [1, 4])
        mean, whole = torch.broadcast_tensors(x.mean(2, keepdim=True), x)
        parts = [a] + [b]
        parts.reverse()
        return (nn.functional.glu(x, 2), torch.hstack([b, a]), torch.vstack([a, b]), torch.dstack([last, first]),
                torch.column_stack([a, b]), x.fliplr(), x.flipud(), torch.rot90(x, 1, (1, 2)), torch.rot90(x, 2, (1, 2)),
                torch.rot90(x, 3, (2, 1)), torch.rot90(x, -1, (1, 2)), torch.inner(x, self.mix),
                torch.tensordot(x, self.core, dims=([2, 1], [0, 1])), mean - whole, torch.cat(parts[0:2], 1))


@pytest.mark.parametrize("form", ["script", "trace"])
def test_onnx_of_what_is_short_for_others(exported, form):
    module = ShortForOthers().eval()
    saved = torch.jit.script(module) if form == "script" else torch.jit.trace(module, torch.randn(2, 4, 6))
    session, _ = exported(module, "1x4x6", saved=saved)
    check_any_batch(session, module, "1x4x6")


class Steps(nn.Module):
    def __init__(self, cell):
        super().__init__()
        self.cell = cell

    def forward(self, x):  # [batch, time, 5]
        h = x.new_ones(x.size(0), 7)
        for step in range(3):
            h = self.cell(x[:, step], h)
        return h


class LstmSteps(Steps):
    def forward(self, x):
        h, c = x.new_zeros(x.size(0), 7), x.new_ones(x.size(0), 7)
        for step in range(3):
            h, c = self.cell(x[:, step], (h, c))
        return h + c


def saved_as(form, module):
    return torch.jit.script(module) if form == "script" else torch.jit.trace(module, torch.randn(2, 3, 5))


@pytest.mark.parametrize("form", ["script", "trace"])
@pytest.mark.parametrize("build", [
    lambda: LstmSteps(nn.LSTMCell(5, 7)), lambda: LstmSteps(nn.LSTMCell(5, 7, bias=False)), lambda: Steps(nn.GRUCell(5, 7)),
    lambda: Steps(nn.RNNCell(5, 7)), lambda: Steps(nn.RNNCell(5, 7, nonlinearity="relu")),
], ids=["lstm", "lstm without bias", "gru", "tanh", "relu"])
def test_onnx_of_cells_stepped_by_hand(exported, build, form):
    module = build().eval()
    session, _ = exported(module, "1x3x5", saved=saved_as(form, module))
    check_any_batch(session, module, "1x3x5")


class WritesIntoParts(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(15, 6)

    def forward(self, x):
        y = self.fc(x.flatten(1)).detach()  # what has gradients must not be written to in parts
        whole = y.unflatten(1, [2, 3])  # looks at the same memory
        a, b, c = y.chunk(3, 1)
        y.mul_(2.0)
        b.add_(a)
        first, last = c.unbind(1)
        last.sub_(first)
        return y, whole, a.sum(1), c


class WritesOverWhatChanged(WritesIntoParts):
    """What is written over whole is not read before, though it looks at memory that has changed."""

    def forward(self, x):
        z = self.fc(x.flatten(1)).detach()
        y = z.view(-1, 2, 3)
        v = y.view(-1, 3, 2)
        z.mul_(2.0)
        v.copy_(x[:, :, :2])
        return z, y


@pytest.mark.parametrize("form", ["script", "trace"])
@pytest.mark.parametrize("build", [WritesIntoParts, WritesOverWhatChanged])
def test_onnx_of_writes_into_parts(exported, build, form):
    module = build().eval()
    session, _ = exported(module, "1x3x5", saved=saved_as(form, module))
    check_any_batch(session, module, "1x3x5")


def test_onnx_of_a_fused_attention_layer(exported):
    """A traced encoder holds PyTorch's fast path, a scripted one does not."""
    layer = nn.MultiheadAttention(8, 2, batch_first=True).eval()

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = layer

        def forward(self, x):
            return self.attention(x, x, x, need_weights=False)[0]

    module = Net().eval()
    with torch.no_grad():
        traced = torch.jit.trace(module, torch.randn(2, 3, 8))
    for saved in (traced, torch.jit.script(module)):
        session, _ = exported(module, "1x3x8", saved=saved)
        check_any_batch(session, module, "1x3x8")


def test_help_names_the_formats(cli):
    text = cli.ok("export", "--help").stdout
    assert "torchscript, onnx, safetensors" in text


def test_the_documentation_lists_every_operator():
    mapped = set()
    for source in (ROOT / "core" / "exchange").glob("onnx_ops_*.cpp"):
        for names in re.findall(r'NamedMapping\{((?:\s*"[^"]*")+)', source.read_text()):
            mapped.update("".join(re.findall(r'"([^"]*)"', names)).split())
    table = (ROOT / "docs" / "export.md").read_text().partition("| family | operators |")[2]
    assert mapped and mapped == set(re.findall(r"`([^`]+)`", table))
