# SPDX-License-Identifier: GPL-3.0-or-later
"""Data of every kind, measured by the program and in PyTorch."""
import io
import json
import pathlib
import pickle
import re
import shutil
import struct
import zipfile
import zlib

import numpy
import pytest
import torch
from torch import nn
from torch.nn import functional as F


class Tokens(nn.Module):
    """Two inputs, token numbers and a mask, as language models take them."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(50, 16)
        self.head = nn.Linear(16, 4)

    def forward(self, tokens, mask):
        values = self.embedding(tokens) * mask.unsqueeze(-1)
        return self.head(values.sum(1) / mask.sum(1, keepdim=True))


class Flat(nn.Module):
    def __init__(self, inputs=12, outputs=3):
        super().__init__()
        self.fc = nn.Linear(inputs, outputs)

    def forward(self, x):
        return self.fc(torch.flatten(x, 1))


def saved(module, path):
    torch.manual_seed(1)
    for parameter in module.parameters():
        nn.init.normal_(parameter)
    torch.jit.script(module.eval()).save(str(path))
    return module


def arrays(samples=200):
    torch.manual_seed(0)
    mask = (torch.rand(samples, 7) > 0.3).float()
    mask[:, 0] = 1
    return torch.randint(0, 50, (samples, 7)), mask, torch.randint(0, 4, (samples,))


def write(path, **tensors):
    if path.suffix == ".pt":
        torch.save(tensors, path)
    elif "packed" in path.stem:
        numpy.savez_compressed(path, **{k: v.numpy() for k, v in tensors.items()})
    else:
        numpy.savez(path, **{k: v.numpy() for k, v in tensors.items()})
    return path


def measured(cli, model, data, split="test", *options):
    return cli.json("evaluate", model, "--data", data, "--split", split, *options)


@pytest.mark.parametrize("name", ["test.pt", "test.npz", "test_packed.npz"])
def test_tokens_with_two_inputs(cli, tmp_path, name):
    module = saved(Tokens(), tmp_path / "model.pt")
    tokens, mask, targets = arrays()
    folder = tmp_path / "data"
    folder.mkdir()
    write(folder / name.replace("_packed", ""), inputs_tokens=tokens, inputs_mask=mask, targets=targets)
    report = measured(cli, tmp_path / "model.pt", folder)
    with torch.no_grad():
        scores = module(tokens, mask).double()
    assert report["samples"] == 200
    assert report["loss"] == pytest.approx(F.cross_entropy(scores, targets).item(), rel=1e-5)
    assert report["top1"] == pytest.approx((scores.argmax(1) == targets).double().mean().item(), abs=1e-9)


def test_one_file_is_split_and_all_samples_are_dealt_once(cli, tmp_path):
    module = saved(Tokens(), tmp_path / "model.pt")
    tokens, mask, targets = arrays(400)
    data = write(tmp_path / "data.npz", inputs_tokens=tokens, inputs_mask=mask, targets=targets)
    reports = [measured(cli, tmp_path / "model.pt", data, split) for split in ("train", "val", "test")]
    assert sum(r["samples"] for r in reports) == 400
    assert all(30 <= r["samples"] <= 50 for r in reports[1:])
    with torch.no_grad():
        whole = F.cross_entropy(module(tokens, mask).double(), targets, reduction="sum").item()
    assert sum(r["loss"] * r["samples"] for r in reports) == pytest.approx(whole, rel=1e-5)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.uint8, torch.int16])
def test_fortran_order_and_normalisation(cli, tmp_path, dtype):
    module = saved(Flat(), tmp_path / "model.pt")
    torch.manual_seed(0)
    images = (torch.rand(60, 3, 2, 2) * 255).to(dtype)
    targets = torch.arange(60) % 3
    (tmp_path / "d").mkdir()
    numpy.savez(tmp_path / "d" / "test.npz", inputs=numpy.asfortranarray(images.numpy()), targets=targets.numpy())
    report = measured(cli, tmp_path / "model.pt", tmp_path / "d", "test", "--mean", "0.4,0.5,0.6", "--std",
                      "0.2,0.3,0.4")
    scaled = images.float() / 255 if dtype == torch.uint8 else images.float()
    mean, std = torch.tensor([0.4, 0.5, 0.6]), torch.tensor([0.2, 0.3, 0.4])
    with torch.no_grad():
        scores = module((scaled - mean[:, None, None]) / std[:, None, None]).double()
    assert report["loss"] == pytest.approx(F.cross_entropy(scores, targets).item(), rel=2e-3 if dtype == torch.float16 else 1e-4)


def test_views_and_shared_storages(cli, tmp_path):
    """What torch.save writes of slices, transposed views and one storage under two names."""
    module = saved(Flat(4, 3), tmp_path / "model.pt")
    torch.manual_seed(0)
    base = torch.randn(4, 90)
    targets = torch.arange(180)[::2] % 3
    (tmp_path / "d").mkdir()
    torch.save({"inputs": base.t(), "targets": targets, "other": base[1:3], "note": "text", "n": 3},
               tmp_path / "d" / "test.pt")
    with torch.no_grad():
        expected = F.cross_entropy(module(base.t()).double(), targets).item()
    assert measured(cli, tmp_path / "model.pt", tmp_path / "d")["loss"] == pytest.approx(expected, rel=1e-5)


def refused(cli, model, data, *parts, code=3, options=()):
    done = cli.run("evaluate", model, "--data", data, "--split", "test", *options)
    assert done.returncode == code, done.stderr
    for part in parts:
        assert part in done.stderr, done.stderr
    return done.stderr


def test_targets_that_are_no_classes(cli, tmp_path):
    saved(Flat(), tmp_path / "model.pt")
    x = torch.randn(50, 12)
    single = write(tmp_path / "a.npz", inputs=x, targets=torch.randn(50))
    refused(cli, tmp_path / "model.pt", single, "output is 2x3 float32, the targets 2 float32")
    refused(cli, tmp_path / "model.pt", single, "top1 needs one class a sample", options=["--metric", "top1"])
    refused(cli, tmp_path / "model.pt", write(tmp_path / "b.pt", inputs=x, targets=torch.rand(50, 3)),
            "cross_entropy needs whole class numbers", options=["--loss", "cross_entropy"])
    refused(cli, tmp_path / "model.pt", write(tmp_path / "c.npz", inputs=x), "no model to agree with", code=2)
    done = cli.run("tune", tmp_path / "model.pt", "--data", tmp_path / "a.npz", "--weights", 0.5, "--output",
                   tmp_path / "o.pt")
    assert done.returncode == 3 and "mse takes as many targets as outputs" in done.stderr


def test_bad_tensors(cli, tmp_path):
    model = tmp_path / "model.pt"
    saved(Flat(), model)
    x, y = torch.randn(50, 12), torch.arange(50) % 3

    def data(name, **tensors):
        return write(tmp_path / name, **tensors)

    holed = x.clone()
    holed[17, 3] = float("nan")
    holed[30] = float("inf")
    refused(cli, model, data("nan.npz", inputs=holed, targets=y), "NaN or infinity in 2 sample(s)", "number 17")
    refused(cli, model, data("neg.pt", inputs=x, targets=y - 1), "class -1 of sample 0")
    refused(cli, model, data("far.npz", inputs=x, targets=y * 10**9), "class 2000000000")
    refused(cli, model, data("many.npz", inputs=x, targets=y * 1000), "tells 3 classes apart", "2001")
    refused(cli, model, data("short.npz", inputs=x, targets=y[:40]), "50 samples", "40")
    refused(cli, model, data("named.npz", x=x, y=y), "it holds x, y but no inputs")
    refused(cli, model, data("two.npz", inputs0=x, inputs1=x, targets=y), "takes 1 inputs", "has 2")
    refused(cli, model, data("crop.npz", inputs=x, targets=y), "for images", options=["--crop", 4], code=2)
    refused(cli, model, data("empty.npz", inputs=x[:0], targets=y[:0]), "test split is empty")


def test_thousands_of_classes_and_one(cli, tmp_path):
    module = saved(Flat(12, 5000), tmp_path / "model.pt")
    x, y = torch.randn(5000, 12), torch.randperm(5000)
    (tmp_path / "d").mkdir()
    report = measured(cli, tmp_path / "model.pt", write(tmp_path / "d" / "test.npz", inputs=x, targets=y).parent)
    with torch.no_grad():
        assert report["loss"] == pytest.approx(F.cross_entropy(module(x).double(), y).item(), rel=1e-5)
    assert len(report["classes"]) == 5000 and all(c["samples"] == 1 for c in report["classes"])
    one = write(tmp_path / "one.npz", inputs=x[:100], targets=torch.zeros(100, dtype=torch.long))
    done = cli.ok("evaluate", tmp_path / "model.pt", "--data", one)
    assert "all samples are of one class" in done.stderr


class Bomb:
    def __reduce__(self):
        return exec, ("raise SystemExit('ran')",)


def test_names_out_of_a_file_do_not_steer_the_terminal(cli, examples, tmp_path):
    numpy.savez(tmp_path / "d.npz", **{"inp\x1b[31m": numpy.zeros((4, 1, 28, 28), "float32"), "targets": numpy.zeros(4, int)})
    done = cli.run("evaluate", examples / "lenet5.script.pt", "--data", tmp_path / "d.npz")
    assert done.returncode != 0 and "inp?[31m" in done.stderr and "\x1b" not in done.stderr, done.stderr


def test_untrusted_files_are_refused_without_running_them(cli, tmp_path):
    model = tmp_path / "model.pt"
    saved(Flat(), model)
    x = torch.randn(50, 12)
    torch.save({"inputs": x, "targets": Bomb()}, tmp_path / "bomb.pt")
    refused(cli, model, tmp_path / "bomb.pt", "exec, which is no plain tensor", "could run code")
    torch.save(nn.Linear(2, 2), tmp_path / "module.pt")
    refused(cli, model, tmp_path / "module.pt", "torch.nn.modules.linear.Linear")
    numpy.savez(tmp_path / "objects.npz", inputs=numpy.array([{}, {}], dtype=object))
    refused(cli, model, tmp_path / "objects.npz", "inputs: it holds Python objects")
    refused(cli, model, model, "TorchScript model, not data")
    (tmp_path / "old.pt").write_bytes(pickle.dumps({"inputs": 1}))
    refused(cli, model, tmp_path / "old.pt", "neither a zip of torch.save")


def changed(file, random):
    """With a few bytes of its description changed and all checksums right, or cut short."""
    if random.integers(4) == 0:
        return file[: int(random.integers(4, len(file)))]
    members = zipfile.ZipFile(io.BytesIO(file))
    changed_file = io.BytesIO()
    with zipfile.ZipFile(changed_file, "w") as archive:
        for name in members.namelist():
            data = bytearray(members.read(name))
            if name.endswith((".pkl", ".npy")):
                for place in random.integers(0, min(len(data), 120 if name.endswith(".npy") else len(data)), 2):
                    data[place] = int(random.integers(256))
            archive.writestr(name, bytes(data))
    return changed_file.getvalue()


@pytest.mark.parametrize("ending", [".pt", ".npz"])
def test_damaged_tensor_files(cli, tmp_path, ending):
    """Refused or read, never a crash."""
    model = tmp_path / "model.pt"
    saved(Flat(), model)
    torch.manual_seed(0)
    good = write(tmp_path / f"good{ending}", inputs=torch.randn(30, 12), targets=torch.arange(30) % 3).read_bytes()
    random = numpy.random.default_rng(0)
    bad = tmp_path / f"bad{ending}"
    for attempt in range(12):
        bad.write_bytes(changed(good, random))
        done = cli.run("evaluate", model, "--data", bad, "--split", "train")
        assert done.returncode in (0, 3), (attempt, done.returncode, done.stderr)


def test_a_tensor_larger_than_what_is_stored(cli, tmp_path):
    model = tmp_path / "model.pt"
    saved(Flat(), model)
    spread = torch.zeros(1).expand(1 << 20, 12)
    torch.save({"inputs": spread, "targets": torch.zeros(1 << 20, dtype=torch.long)}, tmp_path / "wide.pt")
    refused(cli, model, tmp_path / "wide.pt", "longer than what is stored")


def png_of(header, rows):
    """Written by hand: there may be no PIL here."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows))
            + chunk(b"IEND", b""))


def png(pixels):
    """Of bytes [height, width, 3]."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    return png_of(struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), rows)


def photos(folder, count=12):
    random = numpy.random.default_rng(0)
    images = []
    for number in range(count):
        height, width = int(random.integers(30, 60)), int(random.integers(30, 60))
        pixels = random.integers(0, 256, (height, width, 3), dtype=numpy.uint8)
        path = folder / "test" / f"c{number % 3}" / f"{number:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(pixels))
        images.append((number % 3, f"{number:03}", pixels))
    return [(label, pixels) for label, _, pixels in sorted(images, key=lambda each: each[:2])]


@pytest.mark.parametrize("workers", [1, 3])
def test_photos_are_scaled_and_cropped_as_in_torch(cli, tmp_path, workers):
    module = saved(Flat(3 * 20 * 20, 3), tmp_path / "model.pt")
    images = photos(tmp_path / "photos")
    batch = []
    for _, pixels in images:
        image = torch.from_numpy(pixels).permute(2, 0, 1)[None].float()
        height, width = pixels.shape[:2]
        short = min(height, width)
        size = [24 * height // short, 24 * width // short]
        scaled = F.interpolate(image, size, mode="bilinear", antialias=True)[0].round().clamp(0, 255) / 255
        top, left = round((size[0] - 20) / 2), round((size[1] - 20) / 2)
        batch.append((scaled[:, top : top + 20, left : left + 20] - 0.5) / 0.25)
    targets = torch.tensor([label for label, _ in images])
    with torch.no_grad():
        scores = module(torch.stack(batch)).double()
    report = measured(cli, tmp_path / "model.pt", tmp_path / "photos", "test", "--mean", "0.5,0.5,0.5", "--std",
                      "0.25,0.25,0.25", "--resize", 24, "--crop", 20, "--workers", workers)
    # PIL rounds between its two passes and torch does not: single bytes may differ by one.
    assert report["loss"] == pytest.approx(F.cross_entropy(scores, targets).item(), rel=0.02)


def test_broken_images_are_named_and_counted(cli, tmp_path):
    saved(Flat(3 * 20 * 20, 3), tmp_path / "model.pt")
    photos(tmp_path / "photos")
    (tmp_path / "photos" / "test" / "c1" / "x.jpg").write_text("no image")
    (tmp_path / "photos" / "test" / "c2" / "y.png").write_bytes(b"")
    done = cli.ok("evaluate", tmp_path / "model.pt", "--data", tmp_path / "photos", "--preset", "imagenet", "--resize",
                  "24", "--crop", "20", "--json")
    assert '"samples": 12' in done.stdout
    assert "2 broken images left out: test/c1/x.jpg (it is neither a JPEG nor a PNG file)" in done.stderr


@pytest.mark.parametrize("verb", ["evaluate", "sensitivity", "tune"])
def test_broken_images_are_named_once(cli, tmp_path, monkeypatch, verb):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    saved(Flat(3 * 20 * 20, 3), tmp_path / "model.pt")
    photos(tmp_path / "photos")
    shutil.copytree(tmp_path / "photos" / "test", tmp_path / "photos" / "train")
    for name in ("train/c0/a.jpg", "train/c1/b.jpg", "train/c1/c.jpg", "test/c2/d.jpg"):
        (tmp_path / "photos" / name).write_text("no image")
    more = {"evaluate": [], "sensitivity": ["--output", tmp_path / "scan.csv"],
            "tune": ["--weights", 0.5, "--epochs", 1, "--output", tmp_path / "out.pt"]}
    done = cli.ok(verb, tmp_path / "model.pt", "--data", tmp_path / "photos", "--preset", "imagenet", "--resize", "24",
                  "--crop", "20", *more[verb])
    assert "4 broken images left out: " in done.stderr, done.stderr
    log = re.search(r"and 1 more, named in (\S+/espalier\.log)", done.stderr)
    assert log, done.stderr
    text = pathlib.Path(log.group(1)).read_text()
    assert all(name in text for name in ("c0/a.jpg", "c1/b.jpg", "c1/c.jpg", "c2/d.jpg")), text
    for name in ("c0/a.jpg", "c1/b.jpg", "c1/c.jpg"):
        assert done.stderr.count(name) == 1, done.stderr


def test_grey_images_for_a_colour_model(cli, tmp_path):
    saved(Flat(3 * 4 * 4, 3), tmp_path / "model.pt")

    class Colour(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 4)

        def forward(self, x):
            return torch.flatten(self.conv(x), 1)

    saved(Colour(), tmp_path / "conv.pt")
    header = struct.pack(">IIBBBBB", 4, 4, 8, 0, 0, 0, 0)
    for label in "abc":
        (tmp_path / "grey" / "test" / label).mkdir(parents=True)
        file = png_of(header, b"".join(b"\0" + bytes([k * 9] * 4) for k in range(4)))
        (tmp_path / "grey" / "test" / label / "0.png").write_bytes(file)
    refused(cli, tmp_path / "conv.pt", tmp_path / "grey", "1x1x4x4", "To read grey images as colour, choose the preset")
    done = cli.ok("evaluate", tmp_path / "conv.pt", "--data", tmp_path / "grey", "--preset", "cifar10", "--json")
    assert '"samples": 3' in done.stdout


def test_tuning_with_augmentation_does_not_depend_on_the_workers(cli, tmp_path):
    saved(Flat(3 * 16 * 16, 3), tmp_path / "model.pt")
    photos(tmp_path / "photos", 60)
    (tmp_path / "photos" / "test").rename(tmp_path / "photos" / "train")
    recipe = tmp_path / "r.json"
    recipe.write_text('{"format": "espalier-recipe", "version": 1, "epochs": 2, "batch_size": 8}')

    def tuned(name, *options):
        cli.ok("tune", tmp_path / "model.pt", "--data", tmp_path / "photos", "--preset", "cifar10", "--resize", 18,
               "--crop", 16, "--weights", 0.5, "--recipe", recipe, "--output", tmp_path / name, *options)
        return torch.jit.load(str(tmp_path / name)).state_dict()["fc.weight"]

    one = tuned("a.pt", "--augment", "imagenet", "--workers", 1)
    assert torch.equal(one, tuned("b.pt", "--augment", "imagenet", "--workers", 4))
    assert not torch.equal(one, tuned("c.pt", "--workers", 4))


def test_idx_files_are_scaled(cli, examples, mnist_test, tmp_path):
    images, labels = mnist_test
    module = saved(Flat(32 * 32, 10), tmp_path / "model.pt")
    report = measured(cli, tmp_path / "model.pt", examples / "mnist", "test", "--resize", 32)
    raw = (images * 0.3081 + 0.1307) * 255
    scaled = F.interpolate(raw.round(), [32, 32], mode="bilinear", antialias=True).round() / 255
    with torch.no_grad():
        scores = module((scaled - 0.1307) / 0.3081).double()
    assert report["loss"] == pytest.approx(F.cross_entropy(scores, labels).item(), rel=1e-3)


def test_options_are_checked(cli, examples):
    model, data = examples / "lenet5.script.pt", examples / "mnist"
    for options, part in (
        (("--resize", "0"), "neither a number of pixels nor two"),
        (("--resize", "3x4x5"), "HEIGHTxWIDTH"),
        (("--crop", "axb"), "HEIGHTxWIDTH"),
        (("--augment", "imagnet"), "imagnet"),
        (("--workers", "0"), "workers"),
    ):
        done = cli.run("evaluate", model, "--data", data, *options)
        assert done.returncode == 2 and part in done.stderr, (options, done.stderr)
    done = cli.run("evaluate", model, "--data", data, "--crop", "29")
    assert done.returncode == 3 and "29x29 pixels are to be cut out of 28x28" in done.stderr
    report = cli.json("evaluate", model, "--data", data, "--resize", "28", "--crop", "28x28")
    assert report["top1"] > 0.99


def test_nothing_to_train_on_is_refused_at_once(cli, tmp_path):
    saved(Flat(3 * 20 * 20, 3), tmp_path / "model.pt")
    photos(tmp_path / "photos")
    done = cli.run("tune", tmp_path / "model.pt", "--data", tmp_path / "photos", "--weights", 0.5, "--preset",
                   "imagenet", "--resize", 24, "--crop", 20, "--output", tmp_path / "out.pt")
    assert done.returncode == 3, done.stderr
    assert "Cannot train on photos: it has no samples for training" in done.stderr, done.stderr
    assert "Measuring" not in done.stderr and not (tmp_path / "out.pt").exists()


def test_many_small_classes_have_a_validation_split(cli, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    saved(Flat(12, 100), tmp_path / "model.pt")
    data = tmp_path / "data.npz"
    numpy.savez(data, inputs=numpy.random.rand(300, 12).astype(numpy.float32), targets=numpy.arange(300) % 100)

    def samples(*options):
        return measured(cli, tmp_path / "model.pt", data, "val", *options)["samples"]

    assert samples() == 27  # a tenth of what the test split, a tenth itself, leaves
    assert samples("--validation-share", "0.12") == 32
    done = cli.ok("sensitivity", tmp_path / "model.pt", "--data", data, "--validation-share", "0.12", "--metric",
                  "agreement", "--output", tmp_path / "scan.csv")
    assert " on 32 samples of the validation split" in done.stdout, done.stdout
    note = "On 32 samples an agreement is known to ± 1.8 points; for a limit of 1 point use at least 100."
    assert note in done.stderr, done.stderr
    tuned = cli.ok("tune", tmp_path / "model.pt", "--data", data, "--weights", 0.5, "--epochs", 1, "--validation-share",
                   "0.25", "--report", tmp_path / "report.json", "--output", tmp_path / "out.pt")
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["training"]["recipe"]["validation"] == 0.25, tuned.stderr
    assert cli.run("evaluate", tmp_path / "model.pt", "--data", data, "--validation-share", "2").returncode == 2


def test_a_reference_of_other_inputs_is_refused_by_name(cli, examples, tmp_path):
    saved(Flat(), tmp_path / "other.pt")
    for options in (("--input", "1x1x28x28"), ()):
        done = cli.run("evaluate", examples / "lenet5.script.pt", "--data", examples / "mnist", "--metric", "agreement",
                       "--reference", tmp_path / "other.pt", *options)
        assert done.returncode == 3, done.stderr
        assert "other.pt" in done.stderr and "was made from" in done.stderr, done.stderr
        assert "28x28" in done.stderr, done.stderr
