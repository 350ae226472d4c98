# SPDX-License-Identifier: GPL-3.0-or-later
import csv
import json
import shlex
import shutil
import signal
import subprocess

import pytest
import torch
import torch.nn.utils.prune


def scores_of(path, images):
    module = torch.jit.load(str(path)).eval()
    with torch.no_grad():
        return torch.cat([module(batch) for batch in images.split(1000)])


def top1_of(path, images, labels):
    return (scores_of(path, images).argmax(1) == labels).double().mean().item()


@pytest.mark.parametrize("model", ["lenet5.script.pt", "lenet5.trace.pt", "lenet-300-100.script.pt"])
def test_evaluate_agrees_with_pytorch(cli, examples, mnist_test, model):
    images, labels = mnist_test
    scores = scores_of(examples / model, images)
    right = scores.argmax(1) == labels
    report = cli.json("evaluate", examples / model, "--data", examples / "mnist")
    assert report["split"] == "test" and report["samples"] == 10000
    assert report["top1"] == pytest.approx(right.double().mean().item(), abs=1e-9)
    top5 = (scores.topk(5).indices == labels[:, None]).any(1).double().mean().item()
    assert report["top5"] == pytest.approx(top5, abs=1e-9)
    assert report["loss"] == pytest.approx(torch.nn.functional.cross_entropy(scores.double(), labels).item(), rel=1e-4)
    by_class = {c["name"]: (c["samples"], c["correct"]) for c in report["classes"]}
    assert by_class == {str(k): (int((labels == k).sum()), int(right[labels == k].sum())) for k in range(10)}


@pytest.mark.parametrize("model,goal", [("lenet5", 0.990), ("lenet-300-100", 0.982)])
def test_example_models_are_good_and_half_their_weights_are_free(cli, examples, tmp_path, model, goal):
    dense = cli.json("evaluate", examples / f"{model}.script.pt", "--data", examples / "mnist")["top1"]
    assert dense >= goal
    cli.ok("prune", examples / f"{model}.script.pt", "--weights", 0.5, "--output", tmp_path / "half.pt")
    assert cli.json("evaluate", tmp_path / "half.pt", "--data", examples / "mnist")["top1"] >= dense - 0.002


def test_data_that_does_not_fit(cli, examples, fixtures, tmp_path):
    done = cli.run("evaluate", fixtures / "cnn_bn.script.pt", "--data", examples / "mnist")
    assert done.returncode == 3 and "28" in done.stderr
    done = cli.run("evaluate", examples / "lenet5.script.pt", "--data", tmp_path)
    assert done.returncode == 3 and "idx" in done.stderr.lower()
    assert cli.run("evaluate", examples / "lenet5.script.pt", "--data", tmp_path / "none").returncode == 3


def test_latency(cli, examples):
    report = cli.json("latency", examples / "lenet5.script.pt", examples / "lenet-300-100.script.pt", "--threads", 1,
                      "--input", "1x1x28x28")
    assert [m["name"] for m in report["models"]] == ["lenet5.script.pt", "lenet-300-100.script.pt"]
    assert all(0 < m["p10"] <= m["median"] <= m["p90"] and m["runs"] >= 5 for m in report["models"])


def write_recipe(path, **changes):
    recipe = {"format": "espalier-recipe", "version": 1, "epochs": 1, "batch_size": 128,
              "optimizer": {"name": "sgd", "lr": 0.01}}
    recipe.update(changes)
    path.write_text(json.dumps(recipe))
    return path


def test_tune_brings_accuracy_back_and_keeps_zeros(cli, examples, mnist_test, tmp_path):
    model, data = examples / "lenet-300-100.script.pt", examples / "mnist"
    cli.ok("prune", model, "--weights", 0.95, "--output", tmp_path / "cut.pt")
    cli.ok("tune", model, "--data", data, "--weights", 0.95, "--recipe", write_recipe(tmp_path / "r.json"), "--output",
           tmp_path / "tuned.pt", "--metrics", tmp_path / "m.csv", "--report", tmp_path / "report.json")
    tuned = top1_of(tmp_path / "tuned.pt", *mnist_test)
    assert tuned > top1_of(tmp_path / "cut.pt", *mnist_test)
    before = torch.jit.load(str(tmp_path / "cut.pt")).state_dict()
    after = torch.jit.load(str(tmp_path / "tuned.pt")).state_dict()
    for name in (n for n, w in before.items() if w.dim() > 1):
        assert (after[name][before[name] == 0] == 0).all(), name
    rows = list(csv.DictReader((tmp_path / "m.csv").open()))
    assert list(rows[0]) == "step epoch round loss val_loss top1 lr sparsity seconds metric".split()
    assert any(r["val_loss"] for r in rows) and any(not r["val_loss"] for r in rows)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["training"]["test"]["top1"] == pytest.approx(tuned, abs=1e-9)
    assert report["nonzeros"]["after"] == sum(int((v != 0).sum()) for v in after.values())
    dense = torch.jit.load(str(model)).state_dict()
    assert report["nonzeros"]["before"] == sum(int((v != 0).sum()) for v in dense.values())
    assert report["training"]["opened"]["top1"] > report["training"]["before"]["top1"] + 0.01


def test_tune_by_a_preset(cli, examples, tiny_data, tmp_path):
    recipe = write_recipe(tmp_path / "r.json", epochs=6, batch_size=54)
    cli.ok("tune", examples / "lenet5.script.pt", "--data", tiny_data, "--weights", 0.5, "--recipe", recipe,
           "--recipe-preset", "quick_recover", "--output", tmp_path / "tuned.pt", "--metrics", tmp_path / "m.csv")
    rows = list(csv.DictReader((tmp_path / "m.csv").open()))
    assert int(rows[-1]["epoch"]) == 3  # half of the recipe's
    assert float(rows[0]["lr"]) == 0.01
    bad = cli.run("tune", examples / "lenet5.script.pt", "--data", tiny_data, "--recipe-preset", "magic")
    assert bad.returncode == 2 and "quick_recover" in bad.stderr and "Traceback" not in bad.stderr


class PrunedNet(torch.nn.Module):
    """LeNet-300-100's shape, small; its first layer is masked by torch.nn.utils.prune, its second frozen."""

    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.fc3 = (torch.nn.Linear(*sizes) for sizes in ((784, 32), (32, 16), (16, 10)))

    def forward(self, x):
        x = torch.relu(self.fc1(x.flatten(1)))
        return self.fc3(torch.relu(self.fc2(x)))


def test_tune_keeps_masked_biases_and_frozen_parameters(cli, examples, tmp_path):
    torch.manual_seed(0)
    model = PrunedNet()
    with torch.no_grad():
        for bias in (model.fc1.bias, model.fc2.bias):
            bias.add_(0.1)
    torch.nn.utils.prune.l1_unstructured(model.fc1, "weight", amount=0.5)
    torch.nn.utils.prune.random_unstructured(model.fc1, "bias", amount=8)
    for parameter in model.fc2.parameters():
        parameter.requires_grad_(False)
    torch.jit.trace(model.eval(), torch.randn(1, 1, 28, 28)).save(str(tmp_path / "m.pt"))
    done = cli.ok("tune", tmp_path / "m.pt", "--data", examples / "mnist", "--weights", 0.5, "--scope", "layer",
                  "--recipe", write_recipe(tmp_path / "r.json"), "--output", tmp_path / "tuned.pt", "--report",
                  tmp_path / "report.json")
    tuned = torch.jit.load(str(tmp_path / "tuned.pt"))
    state = tuned.state_dict()
    assert (state["fc1.bias"][model.fc1.bias_mask == 0] == 0).all()
    assert (state["fc1.bias"][model.fc1.bias_mask == 1] != model.fc1.bias_orig[model.fc1.bias_mask == 1]).all()
    kept = state["fc2.weight"] != 0
    assert torch.equal(state["fc2.weight"][kept], model.fc2.weight[kept]) and torch.equal(state["fc2.bias"], model.fc2.bias)
    assert "2 of 6 parameters do not require a gradient" in done.stderr
    flags = {name: parameter.requires_grad for name, parameter in tuned.named_parameters()}
    assert flags == {name: not name.startswith("fc2") for name in flags}
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["nonzeros"]["after"] == sum(int((v != 0).sum()) for v in state.values())


def test_tune_does_not_write_over_what_it_reads(cli, examples, tmp_path):
    data = tmp_path / "mnist"
    data.mkdir()
    for file in (examples / "mnist").iterdir():
        shutil.copy(file, data)
    recipe = write_recipe(tmp_path / "r.json")
    for option, target in (("--output", recipe), ("--metrics", data / "train-labels-idx1-ubyte.gz")):
        outputs = [] if option == "--output" else ["--output", tmp_path / "out.pt"]
        done = cli.run("tune", examples / "lenet-300-100.script.pt", "--data", data, "--recipe", recipe, option, target,
                       *outputs)
        assert done.returncode == 2 and "it is read" in done.stderr, done.stderr


def test_same_seed_same_weights(cli, examples, tmp_path):
    recipe = write_recipe(tmp_path / "r.json")
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        cli.ok("tune", examples / "lenet-300-100.script.pt", "--data", examples / "mnist", "--weights", 0.9, "--recipe",
               recipe, "--seed", seed, "--threads", 1, "--output", tmp_path / f"{name}.pt")
    a, b, c = (torch.jit.load(str(tmp_path / f"{n}.pt")).state_dict()["fc1.weight"] for n in "abc")
    assert torch.equal(a, b) and not torch.equal(a, c)


def test_ctrl_c_keeps_the_best_so_far(cli, examples, tmp_path):
    recipe = write_recipe(tmp_path / "r.json", epochs=500)
    command = [cli.program, "tune", examples / "lenet-300-100.script.pt", "--data", examples / "mnist", "--weights",
               "0.9", "--recipe", recipe, "--output", tmp_path / "out.pt"]
    process = subprocess.Popen(list(map(str, command)), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    for line in process.stderr:  # after the first epoch's line there is a best so far
        if line.startswith("epoch 1 "):
            break
    process.send_signal(signal.SIGINT)
    process.stderr.read()
    assert process.wait(timeout=60) == 130
    assert torch.jit.load(str(tmp_path / "out.pt"))(torch.zeros(1, 1, 28, 28)).shape == (1, 10)


BAD_RECIPES = {
    "epoch": {"epoch": 3},
    "magic": {"optimizer": {"name": "magic"}},
    "lr": {"optimizer": {"name": "sgd", "lr": -1}},
    "epochs": {"epochs": 0},
    "distillation": {"distillation": {"weight": 2}},
}


@pytest.mark.parametrize("word", BAD_RECIPES)
def test_bad_recipes_are_refused_by_name(cli, examples, tmp_path, word):
    recipe = write_recipe(tmp_path / "r.json", **BAD_RECIPES[word])
    done = cli.run("tune", examples / "lenet5.script.pt", "--data", examples / "mnist", "--weights", 0.5, "--recipe",
                   recipe, "--output", tmp_path / "out.pt")
    assert done.returncode == 2 and word in done.stderr
    assert not (tmp_path / "out.pt").exists()


def test_loss_that_explodes_says_what_to_try(cli, examples, tmp_path):
    recipe = write_recipe(tmp_path / "r.json", optimizer={"name": "sgd", "lr": 1e8})
    done = cli.run("tune", examples / "lenet5.script.pt", "--data", examples / "mnist", "--weights", 0.5, "--recipe",
                   recipe, "--output", tmp_path / "out.pt")
    assert done.returncode == 1 and "learning rate" in done.stderr.lower()
    assert not (tmp_path / "out.pt").exists()


def test_demo_tells_the_whole_story(cli, tmp_path):
    done = cli.ok("demo", "--output", tmp_path / "demo", "--epochs", 1)
    for word in ("431", "Fine-tune", "× fewer", " ms", "proved"):
        assert word in done.stdout
    for name in ("pruned.pt", "tuned.pt", "cut.pt"):
        assert torch.jit.load(str(tmp_path / "demo" / name))(torch.zeros(2, 1, 28, 28)).shape == (2, 10)
    commands = [shlex.split(line)[2:] for line in done.stdout.splitlines() if line.startswith("$ espalier-cli ")]
    assert [c[0] for c in commands] == ["inspect", "evaluate", "prune", "tune", "prune", "latency"]
    cli.ok(*commands[0])  # as it stands
    cli.ok(*commands[4])


def test_tune_looks_at_its_outputs_before_it_trains(cli, examples, tmp_path):
    done = cli.run("tune", examples / "lenet5.script.pt", "--data", examples / "mnist", "--weights", 0.9,
                   "--output", tmp_path / "missing" / "x.pt", timeout=20)
    assert done.returncode == 1 and "its folder does not exist" in done.stderr and "epoch" not in done.stderr


def test_tune_does_not_write_over_a_device(cli, examples):
    done = cli.run("tune", examples / "lenet5.script.pt", "--data", examples / "mnist", "--weights", 0.9,
                   "--output", "/dev/full", timeout=20)
    assert done.returncode == 1 and "a device" in done.stderr and "epoch" not in done.stderr
