# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the rows of docs/results.md: prunes and fine-tunes with espalier-cli, seeds 0 to 2, and prints a table.

    python results.py BUILD/bin/espalier-cli [--only NAME…] [--seeds 3] [--models FOLDER] [--cifar10 FOLDER]
        [--tokens FOLDER] [--threads N] [--json FILE]

Every row trains the dense model by the same recipe too. Accuracy is that on the test data, which is read once, after
the best epoch was chosen on validation data; a drop is against the better of the two dense models. --models holds
resnet20_cifar10.script.pt, --tokens is what make_token_task.py wrote; rows whose files are missing are left out.
"""

import argparse
import dataclasses
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "resources" / "examples"


@dataclasses.dataclass
class Row:
    name: str
    model: str
    data: str
    prune: list[str]
    recipe: dict | str = dataclasses.field(default_factory=dict)
    more: list[str] = dataclasses.field(default_factory=list)


def shipped(name: str) -> dict:
    return json.loads((EXAMPLES / f"{name}.espalier-recipe.json").read_text())


def lenet(name: str, file: str, size: str, recipe: dict | None = None) -> Row:
    plan = EXAMPLES / f"{file}-{size}.espalier-plan.json"
    return Row(name, str(EXAMPLES / f"{file}.script.pt"), str(EXAMPLES / "mnist"), ["--plan", str(plan)],
               recipe or shipped(f"{file}-{size}"))


def rows(args: argparse.Namespace) -> list[Row]:
    small = str(EXAMPLES / "lenet-300-100.script.pt")
    start = str(EXAMPLES / "lenet-300-100.init.script.pt")
    mnist = str(EXAMPLES / "mnist")
    training = {"optimizer": {"name": "adam", "lr": 1.2e-3, "weight_decay": 0}, "scheduler": {"name": "constant"}}
    lottery = {**training, "schedule": {"name": "lottery", "rounds": 7, "epochs_per_round": 3, "rewind_to": start}}
    all_rows = [
        lenet("LeNet-300-100, 12x", "lenet-300-100", "12x"),
        lenet("LeNet-300-100, 40x", "lenet-300-100", "40x"),
        lenet("LeNet-5, 12x", "lenet5", "12x"),
        lenet("LeNet-5, 40x", "lenet5", "40x"),
    ]
    for kept in ("21", "7"):
        sparsity = ["--weights", f"0.{100 - int(kept)}"]
        all_rows.append(Row(f"lottery ticket, {kept} % kept", small, mnist, sparsity, lottery))
        all_rows.append(Row(f"drawn anew, {kept} % kept", small, mnist, sparsity,
                            {**training, "epochs": 3, "from_scratch": True}))
    if args.models and args.cifar10:
        model = str(args.models / "resnet20_cifar10.script.pt")
        recipe = {"epochs": 5, "optimizer": {"name": "sgd", "lr": 0.01}, "augment": "cifar10"}
        for name, ratio in (("25", "0.14"), ("50", "0.3")):
            all_rows.append(Row(f"ResNet-20, channels, {name} % fewer MACs", model, str(args.cifar10),
                                ["--channels", ratio], recipe, ["--preset", "cifar10"]))
    if args.tokens:
        model, data = str(args.tokens / "encoder.pt"), str(args.tokens / "data")
        recipe = {"epochs": 10, "optimizer": {"name": "adamw", "lr": 5e-4, "weight_decay": 0.01}}
        all_rows.append(Row("encoder, half of heads and feed-forward width", model, data,
                            ["--channels", "0.5", "--heads", "heads"], recipe))
        for criterion in ("magnitude", "gradient"):
            all_rows.append(Row(f"encoder, 10 % of the weights by {criterion}", model, data,
                                ["--weights", "0.9", "--criterion", criterion], recipe))
        moving = {**recipe, "schedule": {"name": "movement"}}
        all_rows.append(Row("encoder, 10 % of the weights by movement", model, data, ["--weights", "0.9"], moving))
    return [row for row in all_rows if not args.only or any(word in row.name for word in args.only)]


def tune(args: argparse.Namespace, row: Row, prune: list[str], recipe: dict, seed: int, folder: Path) -> dict:
    recipe_file = folder / "recipe.json"
    recipe_file.write_text(json.dumps({**recipe, "seed": seed}))
    command = [args.program, "tune", row.model, "--data", row.data, *row.more, *prune, "--recipe", str(recipe_file),
               "--threads", str(args.threads), "--output", str(folder / "out.pt"), "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr[-2000:]}")
    return json.loads(done.stdout)


def dense_recipe(recipe: dict) -> dict:
    """The same training without what only pruning has: as many epochs as all rounds together."""
    schedule = recipe.get("schedule", {})
    epochs = schedule.get("rounds", 1) * schedule.get("epochs_per_round", 2)
    rounds = schedule.get("name") in ("iterative", "lottery")
    plain = {key: value for key, value in recipe.items() if key not in ("schedule", "from_scratch")}
    return {**plain, "epochs": epochs} if rounds else plain


def test_top1(report: dict) -> float:
    return 100 * report["training"]["test"]["top1"]


def spread(values: list[float]) -> str:
    each = ", ".join(f"{value:.2f}" for value in values)
    return f"{statistics.mean(values):.2f} ({each})" if len(values) > 1 else each


def measure(args: argparse.Namespace, row: Row) -> dict:
    pruned, dense, opened, last = [], [], [], {}
    started = time.monotonic()
    for seed in range(args.seeds):
        with tempfile.TemporaryDirectory() as name:
            last = tune(args, row, row.prune, row.recipe, seed, Path(name))
            same = tune(args, row, [], dense_recipe(row.recipe), seed, Path(name))
        pruned.append(test_top1(last))
        dense.append(test_top1(same))
        print(f"{row.name}, seed {seed}: {pruned[-1]:.2f}, dense by the same recipe {dense[-1]:.2f}", file=sys.stderr,
              flush=True)
    evaluated = subprocess.run([args.program, "evaluate", row.model, "--data", row.data, *row.more, "--json"],
                               stdout=subprocess.PIPE, check=True, text=True)
    opened = 100 * json.loads(evaluated.stdout)["top1"]
    best_dense = max(opened, statistics.mean(dense))
    return {"name": row.name, "prune": row.prune, "recipe": row.recipe, "dense": opened, "dense_same_recipe": dense,
            "pruned": pruned, "drop": best_dense - statistics.mean(pruned),
            "weights": last["parameters"]["before"] / last["nonzeros"]["after"],
            "macs": 1 - last["macs"]["after"] / last["macs"]["before"],
            "bytes": 1 - last["bytes"]["after"] / last["bytes"]["before"], "seconds": time.monotonic() - started}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--cifar10", type=Path)
    parser.add_argument("--tokens", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    print("| what | parameters / non-zeros | MACs | file | dense | dense, same recipe | pruned | drop, pt |\n"
          "|---|---|---|---|---|---|---|---|")
    results = []
    for row in rows(args):
        result = measure(args, row)
        results.append(result)
        print(f"| {result['name']} | {result['weights']:.2f} | −{100 * result['macs']:.1f} % | "
              f"−{100 * result['bytes']:.1f} % | {result['dense']:.2f} | {spread(result['dense_same_recipe'])} | "
              f"**{spread(result['pruned'])}** | {result['drop']:+.2f} |", flush=True)
        if args.json:
            args.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
