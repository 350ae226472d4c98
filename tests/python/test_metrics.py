# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured of models and data of every kind, judged in PyTorch."""
import csv
import json
import struct
import sys
import zlib
from typing import Dict, List, Tuple

import numpy
import pytest
import torch
from torch import nn
from torch.nn import functional as F

CLASSES = 4


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


class Reader(nn.Module):
    """A small transformer over token numbers that returns its scores among other things."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(40, 16)
        self.position = nn.Parameter(torch.randn(9, 16))
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)
        self.norm = nn.LayerNorm(16)
        self.up = nn.Linear(16, 32)
        self.down = nn.Linear(32, 16)
        self.head = nn.Linear(16, CLASSES)

    def forward(self, tokens) -> Dict[str, torch.Tensor]:
        x = self.embedding(tokens) + self.position
        x = self.norm(x + self.attention(x, x, x, need_weights=False)[0])
        hidden = x + self.down(torch.relu(self.up(x)))
        return {"hidden": hidden, "logits": self.head(hidden.mean(1))}


class Pair(nn.Module):
    """Numbers from two inputs."""

    def __init__(self):
        super().__init__()
        self.left = nn.Linear(6, 24)
        self.right = nn.Linear(3, 24)
        self.out = nn.Linear(24, 2)

    def forward(self, a, b) -> Tuple[List[torch.Tensor], torch.Tensor]:
        joined = torch.relu(self.left(a) + self.right(b))
        return [self.out(joined)], joined


def saved(module, path):
    torch.manual_seed(1)
    for parameter in module.parameters():
        if parameter.dim() > 1:
            nn.init.normal_(parameter, std=0.5)
    torch.jit.script(module.eval()).save(str(path))
    return module


def split_into(folder, **arrays):
    """train.npz with two thirds, test.npz with the rest."""
    folder.mkdir()
    count = len(next(iter(arrays.values())))
    cut = count * 2 // 3
    numpy.savez(folder / "train.npz", **{k: v[:cut].numpy() for k, v in arrays.items()})
    numpy.savez(folder / "test.npz", **{k: v[cut:].numpy() for k, v in arrays.items()})
    return {k: v[cut:] for k, v in arrays.items()}


def rows_of(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def without_smallest(module, name, sparsity):
    weight = dict(module.named_parameters())[name]
    order = weight.detach().abs().flatten().argsort(stable=True)
    with torch.no_grad():
        weight.view(-1)[order[: int(sparsity * weight.numel() + 0.5)]] = 0


def scan(cli, model, data, folder, *options):
    done = cli.ok("sensitivity", model, "--data", data, "--output", folder / "scan.csv", *options)
    return done, rows_of(folder / "scan.csv")


def recipe(path, **keys):
    path.write_text(json.dumps({"format": "espalier-recipe", "version": 1, **keys}))
    return path


def test_a_transformer_over_tokens(cli, tmp_path):
    model = tmp_path / "reader.pt"
    module = saved(Reader(), model)
    torch.manual_seed(0)
    targets = torch.randint(0, CLASSES, (360,))
    own = torch.randint(0, 10, (360, 9)) + 10 * targets[:, None]  # ten tokens for each class, among others
    tokens = torch.where(torch.rand(360, 9) < 0.6, own, torch.randint(0, 40, (360, 9)))
    test = split_into(tmp_path / "data", inputs=tokens, targets=targets)

    done = cli.run("evaluate", model, "--data", tmp_path / "data")
    assert done.returncode == 3
    assert "hidden: 2x9x16 float32; logits: 2x4 float32" in done.stderr and "--model-output" in done.stderr
    chosen = ["--data", tmp_path / "data", "--model-output", "logits"]
    report = cli.json("evaluate", model, *chosen)
    with torch.no_grad():
        scores = module(test["inputs"])["logits"].double()
    assert report["samples"] == 120
    assert report["loss"] == pytest.approx(F.cross_entropy(scores, test["targets"]).item(), rel=1e-5)
    assert report["top1"] == pytest.approx((scores.argmax(1) == test["targets"]).double().mean().item())

    _, rows = scan(cli, model, tmp_path / "data", tmp_path, "--model-output", "logits", "--exhaustive")
    assert "embedding.weight" in {row["parameter"] for row in rows}

    tuned = cli.json("tune", model, *chosen, "--weights", 0.5, "--recipe",
                     recipe(tmp_path / "r.json", epochs=8, batch_size=16, device="cpu",
                            optimizer={"name": "adamw", "lr": 0.01}), "--output", tmp_path / "tuned.pt")
    again = torch.jit.load(str(tmp_path / "tuned.pt"))
    with torch.no_grad():
        scores = again(test["inputs"])["logits"].double()
    top1 = (scores.argmax(1) == test["targets"]).double().mean().item()
    assert tuned["training"]["test"]["top1"] == pytest.approx(top1)
    assert top1 > max(report["top1"] + 0.1, 0.5)


def test_taylor_looks_at_the_chosen_output(cli, tmp_path):
    """All samples are the same, so that it does not matter which of them are looked at."""
    model = tmp_path / "reader.pt"
    module = saved(Reader(), model)
    tokens, targets = torch.arange(9)[None].repeat(64, 1), torch.full((64,), 2)
    split_into(tmp_path / "data", inputs=tokens, targets=targets)
    cli.ok("prune", model, "--data", tmp_path / "data", "--model-output", "logits", "--weights", 0.5, "--criterion",
           "taylor", "--scope", "layer", "--output", tmp_path / "taylor.pt")
    kept = torch.jit.load(str(tmp_path / "taylor.pt")).state_dict()["up.weight"] != 0
    gradient, = torch.autograd.grad(F.cross_entropy(module(tokens)["logits"], targets), module.up.weight)
    products = (module.up.weight * gradient).detach().abs()
    assert kept.sum() == kept.numel() // 2
    assert products[kept].min() >= products[~kept].max() * (1 - 1e-5)


def test_two_inputs_and_numbers_to_predict(cli, tmp_path):
    model = tmp_path / "pair.pt"
    module = saved(Pair(), model)
    torch.manual_seed(0)
    a, b = torch.randn(450, 6), torch.randn(450, 3)
    targets = torch.stack([a.sum(1) * b[:, 0], b.abs().sum(1)], 1)
    test = split_into(tmp_path / "data", inputs_a=a, inputs_b=b, targets=targets)
    chosen = ["--data", tmp_path / "data", "--model-output", "0.0"]

    report = cli.json("evaluate", model, *chosen)
    with torch.no_grad():
        expected = F.mse_loss(module(test["inputs_a"], test["inputs_b"])[0][0].double(), test["targets"].double())
    assert report["loss"] == pytest.approx(expected.item(), rel=1e-5)
    assert report["loss_name"] == "mse" and report["metric"]["name"] == "loss"
    assert "top1" not in report and report["classes"] == []
    printed = cli.ok("evaluate", model, *chosen).stdout
    assert printed.startswith("loss (mse) ") and "top-1" not in printed

    done, rows = scan(cli, model, tmp_path / "data", tmp_path, "--model-output", "0.0", "--max-drop", "10")
    assert "loss (mse) there" in done.stdout and "within 10 %" in done.stdout
    assert all(row["top1"] == "" for row in rows)

    tuned = cli.json("tune", model, *chosen, "--weights", 0.3, "--criterion", "taylor", "--recipe",
                     recipe(tmp_path / "r.json", epochs=8, batch_size=16, device="cpu",
                            optimizer={"name": "adam", "lr": 0.01, "weight_decay": 0}), "--output",
                     tmp_path / "tuned.pt", "--metrics", tmp_path / "m.csv")
    training = tuned["training"]
    assert training["after"]["loss"] < training["before"]["loss"]
    again = torch.jit.load(str(tmp_path / "tuned.pt"))
    with torch.no_grad():
        value = F.mse_loss(again(test["inputs_a"], test["inputs_b"])[0][0].double(), test["targets"].double()).item()
    assert training["test"]["loss"] == pytest.approx(value, rel=1e-5)
    ends = [row for row in rows_of(tmp_path / "m.csv") if row["val_loss"]]
    assert all(row["top1"] == "" and row["metric"] == row["val_loss"] for row in ends)
    best = min(ends, key=lambda row: float(row["val_loss"]))
    assert int(best["epoch"]) == training["best_epoch"]


def test_the_scan_of_a_loss_is_what_pytorch_measures(cli, tmp_path):
    model = tmp_path / "pair.pt"
    module = saved(Pair(), model)
    torch.manual_seed(0)
    a, b = torch.randn(80, 6), torch.randn(80, 3)
    targets = torch.rand(80, 2).round()
    (tmp_path / "data").mkdir()
    numpy.savez(tmp_path / "data" / "test.npz", inputs_a=a.numpy(), inputs_b=b.numpy(), targets=targets.numpy())
    _, rows = scan(cli, model, tmp_path / "data", tmp_path, "--model-output", "0.0", "--loss", "bce", "--exhaustive")
    for row in rows[::5]:
        pruned = torch.jit.load(str(model)).eval()
        without_smallest(pruned, row["parameter"], float(row["sparsity"]))
        with torch.no_grad():
            loss = F.binary_cross_entropy_with_logits(pruned(a, b)[0][0].double(), targets.double()).item()
        assert float(row["loss"]) == pytest.approx(loss, rel=1e-5), row
    # 5 % of the dense loss: the last level before the first that exceeds it.
    report = cli.json("sensitivity", model, "--data", tmp_path / "data", "--model-output", "0.0", "--loss", "bce",
                      "--max-drop", "5", "--exhaustive", "--output", tmp_path / "again.csv")
    dense = report["dense"]["loss"]
    for layer in report["layers"]:
        good = None
        for point in layer["points"]:
            if point["loss"] > dense * 1.05 + 1e-9 * dense:
                break
            good = point["sparsity"]
        assert layer["largest"] == good, layer
    assert report["evaluations"] == 0 and report["loss_name"] == "bce"


def grey_png(pixels):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


@pytest.fixture
def unlabelled(mnist_test, tmp_path):
    """64 test images of MNIST in one folder, and as PyTorch has them, in the same order."""
    images = mnist_test[0][:64]
    folder = tmp_path / "photos" / "test"
    folder.mkdir(parents=True)
    pixels = ((images * 0.3081 + 0.1307) * 255).round().to(torch.uint8).numpy()
    for number, image in enumerate(pixels):
        (folder / f"{number:03}.png").write_bytes(grey_png(image[0]))
    return folder, images


def agreement(model, dense, images):
    with torch.no_grad():
        own, other = model(images).double(), dense(images).double()
    divergence = F.kl_div(own.log_softmax(1), other.log_softmax(1), log_target=True, reduction="batchmean")
    return (own.argmax(1) == other.argmax(1)).double().mean().item(), divergence.item()


def test_without_labels_agreement_is_measured(cli, examples, tmp_path, unlabelled):
    folder, images = unlabelled
    model = examples / "lenet5.script.pt"
    dense = torch.jit.load(str(model))
    cli.ok("prune", model, "--weights", 0.97, "--output", tmp_path / "cut.pt")
    done = cli.run("evaluate", tmp_path / "cut.pt", "--data", folder)
    assert done.returncode == 2 and "--reference MODEL" in done.stderr
    report = cli.json("evaluate", tmp_path / "cut.pt", "--data", folder, "--reference", model)
    share, divergence = agreement(torch.jit.load(str(tmp_path / "cut.pt")), dense, images)
    assert 0 < share < 1
    assert report["metric"] == {"name": "agreement", "value": pytest.approx(share)}
    assert report["agreement"] == pytest.approx(share) and report["loss"] == pytest.approx(divergence, rel=1e-4)
    assert report["loss_name"] == "kl" and report["classes"] == [] and "top1" not in report
    printed = cli.ok("evaluate", tmp_path / "cut.pt", "--data", folder, "--reference", model)
    assert "agreement with the dense model" in printed.stdout and "top-1" not in printed.stdout
    assert "it has no labels" in printed.stderr

    done, rows = scan(cli, model, folder, tmp_path, "--exhaustive")
    assert "agreement there" in done.stdout and "mean KL divergence" in done.stderr
    for row in rows[::9]:
        pruned = torch.jit.load(str(model)).eval()
        without_smallest(pruned, row["parameter"], float(row["sparsity"]))
        share, divergence = agreement(pruned, dense, images)
        assert float(row["top1"]) == pytest.approx(100 * share), row
        assert float(row["loss"]) == pytest.approx(divergence, rel=1e-4, abs=1e-9), row


def test_without_labels_some_things_are_refused(cli, examples, tmp_path, unlabelled):
    folder, _ = unlabelled
    model = examples / "lenet5.script.pt"
    train = tmp_path / "train"
    train.mkdir()
    for path in folder.iterdir():
        (train / path.name).write_bytes(path.read_bytes())
    done = cli.run("tune", model, "--data", train, "--weights", 0.5, "--output", tmp_path / "o.pt")
    assert done.returncode == 3 and "no labels to learn from" in done.stderr and "Attach data with" in done.stderr
    for criterion in ("taylor", "gradient", "fisher"):
        done = cli.run("prune", model, "--data", folder, "--weights", 0.5, "--criterion", criterion, "--output",
                       tmp_path / "o.pt")
        assert done.returncode == 3 and "has no labels" in done.stderr and "wanda, " in done.stderr, done.stderr
    cli.ok("prune", model, "--data", folder, "--weights", 0.5, "--criterion", "wanda", "--output", tmp_path / "w.pt")
    done = cli.run("evaluate", model, "--data", folder, "--metric", "top1")
    assert done.returncode == 3 and "no labels to compare with" in done.stderr
    assert not (tmp_path / "o.pt").exists()


def test_tensors_without_targets(cli, tmp_path):
    model = tmp_path / "reader.pt"
    saved(Reader(), model)
    tokens = torch.randint(0, 40, (30, 9))
    numpy.savez(tmp_path / "tokens.npz", inputs=tokens.numpy())
    report = cli.json("evaluate", model, "--data", tmp_path / "tokens.npz", "--model-output", "logits", "--reference",
                      model)
    assert report["agreement"] == 1 and report["loss"] == pytest.approx(0, abs=1e-9)


class Distance(nn.Module):
    """A metric: higher is better."""

    def forward(self, output, target):
        return -(output - target).abs().mean()


class Huber(nn.Module):
    def forward(self, output, target):
        return F.smooth_l1_loss(output, target)


@pytest.fixture
def pair(tmp_path):
    model = tmp_path / "pair.pt"
    module = saved(Pair(), model)
    torch.manual_seed(0)
    a, b = torch.randn(300, 6), torch.randn(300, 3)
    test = split_into(tmp_path / "data", inputs_a=a, inputs_b=b, targets=torch.stack([a.sum(1), b.sum(1)], 1))
    torch.jit.script(Distance()).save(str(tmp_path / "distance.pt"))
    torch.jit.script(Huber()).save(str(tmp_path / "huber.pt"))
    return model, module, test


def test_modules_as_loss_and_metric(cli, tmp_path, pair):
    model, module, test = pair
    chosen = ["--data", tmp_path / "data", "--model-output", "0.0"]
    judges = ["--loss", tmp_path / "huber.pt", "--metric", tmp_path / "distance.pt"]
    report = cli.json("evaluate", model, *chosen, *judges)
    with torch.no_grad():
        output = module(test["inputs_a"], test["inputs_b"])[0][0]
    assert report["loss"] == pytest.approx(Huber()(output, test["targets"]).item(), rel=1e-5)
    assert report["metric"] == {"name": "distance.pt",
                                "value": pytest.approx(Distance()(output, test["targets"]).item(), rel=1e-5)}

    done = cli.run("sensitivity", model, *chosen, *judges, "--output", tmp_path / "s.csv")
    assert done.returncode == 2 and "Give --max-drop, in that unit" in done.stderr
    done, rows = scan(cli, model, tmp_path / "data", tmp_path, "--model-output", "0.0", *judges, "--max-drop", "0.05")
    assert list(rows[0])[-1] == "metric" and "distance.pt there" in done.stdout

    path = recipe(tmp_path / "r.json", epochs=3, batch_size=16, device="cpu", output="0.0",
                  loss={"name": "module", "file": "huber.pt"}, metric={"name": "module", "file": "distance.pt"},
                  optimizer={"name": "adam", "lr": 0.01, "weight_decay": 0})
    tuned = cli.json("tune", model, "--data", tmp_path / "data", "--weights", 0.3, "--recipe", path, "--output",
                     tmp_path / "tuned.pt", "--metrics", tmp_path / "m.csv")
    again = torch.jit.load(str(tmp_path / "tuned.pt"))
    with torch.no_grad():
        output = again(test["inputs_a"], test["inputs_b"])[0][0]
    result = tuned["training"]["test"]
    assert result["loss"] == pytest.approx(Huber()(output, test["targets"]).item(), rel=1e-5)
    assert result["metric"]["value"] == pytest.approx(Distance()(output, test["targets"]).item(), rel=1e-5)
    ends = [row for row in rows_of(tmp_path / "m.csv") if row["metric"]]
    best = max(ends, key=lambda row: float(row["metric"]))
    assert int(best["epoch"]) == tuned["training"]["best_epoch"] and best["epoch"] != "0"


@pytest.mark.parametrize("name,loss", [("mse", F.mse_loss), ("bce", F.binary_cross_entropy_with_logits),
                                       ("huber.pt", F.smooth_l1_loss)])
def test_a_step_is_that_of_pytorch(cli, tmp_path, pair, name, loss):
    """One step of SGD; all samples are the same, so that it does not matter which are held out."""
    model, _, _ = pair
    torch.manual_seed(3)
    a, b, targets = torch.randn(1, 6), torch.randn(1, 3), torch.rand(1, 2)
    (tmp_path / "same").mkdir()
    numpy.savez(tmp_path / "same" / "train.npz", inputs_a=a.repeat(50, 1).numpy(), inputs_b=b.repeat(50, 1).numpy(),
                targets=targets.repeat(50, 1).numpy())
    path = recipe(tmp_path / "one.json", epochs=1, batch_size=64, device="cpu", scheduler={"name": "constant"},
                  optimizer={"name": "sgd", "lr": 0.001, "momentum": 0, "weight_decay": 0})
    cli.ok("tune", model, "--data", tmp_path / "same", "--model-output", "0.0", "--loss",
           tmp_path / name if name.endswith(".pt") else name, "--weights", 0, "--recipe", path, "--output",
           tmp_path / "one.pt", "--metrics", tmp_path / "one.csv")
    module = torch.jit.load(str(model))
    value = loss(module(a, b)[0][0], targets)
    value.backward()
    step = next(row for row in rows_of(tmp_path / "one.csv") if row["step"] == "1" and not row["val_loss"])
    assert float(step["loss"]) == pytest.approx(value.item(), rel=1e-5)
    state = torch.jit.load(str(tmp_path / "one.pt")).state_dict()
    for key, parameter in module.named_parameters():
        assert torch.allclose(state[key], parameter.detach() - 0.001 * parameter.grad, atol=1e-6), key


@pytest.mark.parametrize("body,says", [
    ("return (output - target).abs().mean(1)", "not one number"),
    ("return output.sum() * float('nan')", "gives nan"),
    ("return torch.mm(output, torch.ones(3, 3)).sum()", "does not run on an output of 2x2 float32"),
])
def test_modules_that_cannot_judge(cli, tmp_path, pair, body, says):
    model, _, _ = pair
    source = tmp_path / "judge.py"
    source.write_text("import torch\n\n\nclass Judge(torch.nn.Module):\n    def forward(self, output, target):\n"
                      f"        {body}\n")
    sys.path.insert(0, str(tmp_path))
    try:
        sys.modules.pop("judge", None)
        import judge
        torch.jit.script(judge.Judge()).save(str(tmp_path / "judge.pt"))
    finally:
        sys.path.pop(0)
    chosen = ["--data", tmp_path / "data", "--model-output", "0.0"]
    for option in ("--loss", "--metric"):
        done = cli.run("evaluate", model, *chosen, option, tmp_path / "judge.pt")
        assert done.returncode == 3 and says in done.stderr, done.stderr
    done = cli.run("tune", model, *chosen, "--loss", tmp_path / "judge.pt", "--output", tmp_path / "no.pt")
    assert done.returncode == 3 and says in done.stderr, done.stderr
    assert not (tmp_path / "no.pt").exists()


def test_a_judge_is_an_untrusted_file(cli, tmp_path, pair):
    model, _, _ = pair
    chosen = ["--data", tmp_path / "data", "--model-output", "0.0"]
    torch.save({"w": torch.zeros(3)}, tmp_path / "state.pt")
    done = cli.run("evaluate", model, *chosen, "--loss", tmp_path / "state.pt")
    assert done.returncode == 3 and "state.pt" in done.stderr and "TorchScript" in done.stderr
    done = cli.run("evaluate", model, *chosen, "--metric", "ssim")
    assert done.returncode == 2 and "neither a known name nor a file" in done.stderr


def test_a_judge_that_is_not_there_is_named(cli, tmp_path, pair):
    model, _, _ = pair
    chosen = ["--data", tmp_path / "data", "--model-output", "0.0"]
    for option in ("--loss", "--metric"):
        done = cli.run("evaluate", model, *chosen, option, tmp_path / "gone.pt")
        assert done.returncode == 3, done.stderr
        assert "gone.pt: there is no file" in done.stderr and "Check the path" in done.stderr


@pytest.mark.parametrize("wrong", [40, -1])
def test_token_numbers_that_the_model_does_not_know_are_refused(cli, tmp_path, wrong):
    model = tmp_path / "reader.pt"
    saved(Reader(), model)
    tokens = torch.randint(0, 40, (360, 9))
    tokens[200, 3] = wrong  # of one sample, that the two which a model is tried on are not
    split_into(tmp_path / "data", inputs=tokens, targets=torch.randint(0, CLASSES, (360,)))
    chosen = ["--data", tmp_path / "data", "--model-output", "logits"]
    for command in (["evaluate", model, *chosen], ["sensitivity", model, *chosen, "--output", tmp_path / "no.csv"],
                    ["tune", model, *chosen, "--output", tmp_path / "no.pt"]):
        done = cli.run(*command)
        assert done.returncode == 3, done.stderr
        assert f"holds {wrong} (its values go from" in done.stderr, done.stderr
        assert "embedding has the rows 0 to 39" in done.stderr, done.stderr
    assert not (tmp_path / "no.csv").exists() and not (tmp_path / "no.pt").exists()


def test_token_numbers_to_the_last_row_are_taken(cli, tmp_path):
    model = tmp_path / "reader.pt"
    saved(Reader(), model)
    tokens = torch.randint(0, 40, (360, 9))
    tokens[200, 3] = 39
    split_into(tmp_path / "data", inputs=tokens, targets=torch.randint(0, CLASSES, (360,)))
    cli.ok("evaluate", model, "--data", tmp_path / "data", "--model-output", "logits")


def test_scans_are_remembered_by_all_of_their_data(cli, tmp_path):
    model = tmp_path / "pair.pt"
    saved(Pair(), model)
    torch.manual_seed(0)
    a, b, targets = torch.randn(600, 6), torch.randn(600, 3), torch.rand(600, 2).round()
    data = tmp_path / "data"
    data.mkdir()

    def evaluations(*options):
        numpy.savez(data / "test.npz", inputs_a=a.numpy(), inputs_b=b.numpy(), targets=targets.numpy())
        return cli.json("sensitivity", model, "--data", data, "--model-output", "0.0", *options, "--output",
                        tmp_path / "s.csv")["evaluations"]

    assert evaluations() > 0
    assert evaluations() == 0
    b[599, 0] += 1  # in the last batch
    assert evaluations() > 0
    targets[599, 0] = 1 - targets[599, 0]
    assert evaluations() > 0
    assert evaluations() == 0
    assert evaluations("--loss", "bce") > 0
    assert evaluations("--loss", "mse") == 0
    torch.jit.script(Huber()).save(str(tmp_path / "judge.pt"))
    assert evaluations("--loss", tmp_path / "judge.pt") > 0
    torch.jit.script(Distance()).save(str(tmp_path / "judge.pt"))
    assert evaluations("--loss", tmp_path / "judge.pt") > 0


def test_the_recipe_augments(cli, examples, tmp_path):
    def tuned(name, keys, *options):
        path = recipe(tmp_path / "r.json", epochs=1, batch_size=500, device="cpu", **keys)
        cli.ok("tune", examples / "lenet-300-100.script.pt", "--data", examples / "mnist", "--weights", 0.5, "--recipe",
               path, "--threads", 1, "--output", tmp_path / name, "--metrics", tmp_path / "m.csv", *options)
        return [row["loss"] for row in rows_of(tmp_path / "m.csv") if not row["val_loss"]]

    plain = tuned("a.pt", {})
    of_recipe = tuned("b.pt", {"augment": "mnist"})
    assert tuned("c.pt", {}, "--augment", "mnist") == of_recipe != plain
    assert tuned("d.pt", {"augment": "mnist"}, "--augment", "cifar10") not in (of_recipe, plain)
