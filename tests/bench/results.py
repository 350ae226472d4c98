# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the rows of docs/results.md: prunes and fine-tunes with espalier-cli, seeds 0 to 2, and prints a table.

    python results.py BUILD/bin/espalier-cli [--only NAME…] [--seeds 3] [--models FOLDER] [--cifar10 FOLDER]
        [--cifar10-epochs N] [--tokens FOLDER] [--threads N] [--json FILE]

Every row trains the dense model by the same recipe too. Accuracy is that on the test data, which is read once, after
the best epoch was chosen on validation data; a drop is against the better of the two dense models. A lottery ticket's
dense model is the initial one, trained for as many epochs as a round has; its second line draws the weights anew under
the ticket's own mask. --models holds resnet20_cifar10.script.pt, --tokens is what make_token_task.py wrote; rows whose
files are missing are left out.
"""

import argparse
import dataclasses
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "resources" / "examples"


@dataclasses.dataclass
class Row:
    name: str
    model: str
    data: str
    prune: list[str]
    recipe: dict = dataclasses.field(default_factory=dict)
    more: list[str] = dataclasses.field(default_factory=list)
    dense_from: str = ""  # where the dense model starts, when that is not `model`
    drawn_anew: bool = False  # also train the result's mask from new random weights
    latency: str = ""  # shape of one sample, where the result has fewer channels


def shipped(name: str) -> dict:
    return json.loads((EXAMPLES / f"{name}.espalier-recipe.json").read_text())


def lenet(name: str, file: str, size: str) -> Row:
    plan = EXAMPLES / f"{file}-{size}.espalier-plan.json"
    return Row(name, str(EXAMPLES / f"{file}.script.pt"), str(EXAMPLES / "mnist"), ["--plan", str(plan)],
               shipped(f"{file}-{size}"))


def rows(args: argparse.Namespace) -> list[Row]:
    small = str(EXAMPLES / "lenet-300-100.script.pt")
    start = str(EXAMPLES / "lenet-300-100.init.script.pt")
    mnist = str(EXAMPLES / "mnist")
    lottery = {"batch_size": 60, "optimizer": {"name": "adam", "lr": 1.2e-3, "weight_decay": 0},
               "scheduler": {"name": "cosine"}}
    all_rows = [
        lenet("LeNet-300-100, 12x", "lenet-300-100", "12x"),
        lenet("LeNet-300-100, 40x", "lenet-300-100", "40x"),
        lenet("LeNet-5, 12x", "lenet5", "12x"),
        lenet("LeNet-5, 40x", "lenet5", "40x"),
    ]
    for kept, rounds in ((21, 7), (7, 12)):  # a fifth of what is left goes each time
        schedule = {"name": "lottery", "rounds": rounds, "epochs_per_round": 10, "rewind_to": start}
        all_rows.append(Row(f"lottery ticket, {kept} % kept", small, mnist, ["--weights", f"0.{100 - kept}"],
                            {**lottery, "schedule": schedule}, dense_from=start, drawn_anew=True))
    if args.models and args.cifar10:
        model = str(args.models / "resnet20_cifar10.script.pt")
        recipe = {"epochs": args.cifar10_epochs, "augment": "cifar10",
                  "optimizer": {"name": "sgd", "lr": 0.03, "weight_decay": 5e-4}, "scheduler": {"name": "cosine"},
                  "distillation": {"weight": 0.7, "temperature": 4},
                  "schedule": {"name": "one_shot", "cut_between_rounds": True}}
        for share in ("25", "50"):
            plan = Path(__file__).with_name(f"resnet20-{share}.espalier-plan.json")
            all_rows.append(Row(f"ResNet-20, channels, {share} % fewer MACs", model, str(args.cifar10),
                                ["--plan", str(plan)], recipe, ["--preset", "cifar10"], latency="1x3x32x32"))
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


def plain_recipe(recipe: dict) -> dict:
    """The same training without what only pruning has; of a ticket's rounds, one."""
    schedule = recipe.get("schedule", {})
    plain = {key: value for key, value in recipe.items() if key != "schedule"}
    return {**plain, "epochs": schedule["epochs_per_round"]} if schedule.get("name") == "lottery" else plain


def top1(report: dict) -> float:
    return 100 * report["training"]["test"]["top1"]


class Program:
    """espalier-cli, and the dense models that it trained already."""

    def __init__(self, path: str, threads: int):
        self.path = path
        self.threads = str(threads)
        self.dense: dict[str, float] = {}

    def run(self, *command: str) -> dict:
        done = subprocess.run([self.path, *command, "--json"], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}\n{done.stderr[-2000:]}")
        return json.loads(done.stdout)

    def tune(self, row: Row, model: str, prune: list[str], recipe: dict, output: Path) -> dict:
        recipe_file = output.with_suffix(".espalier-recipe.json")
        recipe_file.write_text(json.dumps(recipe))
        return self.run("tune", model, "--data", row.data, *row.more, *prune, "--recipe", str(recipe_file),
                        "--threads", self.threads, "--output", str(output))

    def dense_top1(self, row: Row, recipe: dict, folder: Path) -> float:
        key = json.dumps([row.model, row.dense_from, row.data, recipe])
        if key not in self.dense:
            self.dense[key] = top1(self.tune(row, row.dense_from or row.model, [], recipe, folder / "dense.pt"))
        return self.dense[key]

    def latency_ratio(self, row: Row, result: Path) -> float:
        timed = self.run("latency", row.model, str(result), "--input", row.latency, "--threads", "1")["models"]
        return timed[1]["median"] / timed[0]["median"]


def measure(program: Program, row: Row, seeds: int) -> list[dict]:
    """One line, or two where the weights are drawn anew as well."""
    pruned, anew, dense, ratios, last = [], [], [], [], {}
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            result = folder / "result.pt"
            last = program.tune(row, row.model, row.prune, {**row.recipe, "seed": seed}, result)
            plain = {**plain_recipe(row.recipe), "seed": seed}
            pruned.append(top1(last))
            dense.append(program.dense_top1(row, plain, folder))
            if row.latency:
                ratios.append(program.latency_ratio(row, result))
            if row.drawn_anew:
                anew.append(top1(program.tune(row, str(result), [], {**plain, "from_scratch": True}, folder / "new.pt")))
        print(f"{row.name}, seed {seed}: {pruned[-1]:.2f}, dense by the same recipe {dense[-1]:.2f}", *anew[-1:],
              file=sys.stderr, flush=True)
    opened = 100 * program.run("evaluate", row.model, "--data", row.data, *row.more)["top1"]
    line = {"name": row.name, "prune": row.prune, "recipe": row.recipe, "dense": opened, "dense_same_recipe": dense,
            "pruned": pruned, "latency": ratios,
            "weights": last["parameters"]["before"] / last["nonzeros"]["after"],
            "macs": 1 - last["macs"]["after"] / last["macs"]["before"],
            "bytes": 1 - last["bytes"]["after"] / last["bytes"]["before"]}
    return [line] + ([{**line, "name": "the same mask, weights drawn anew", "pruned": anew}] if anew else [])


def spread(values: list[float]) -> str:
    each = ", ".join(f"{value:.2f}" for value in values)
    return f"{statistics.mean(values):.2f} ({each})" if len(values) > 1 else each


def table_line(line: dict) -> str:
    drop = max(line["dense"], statistics.mean(line["dense_same_recipe"])) - statistics.mean(line["pruned"])
    latency = f"{statistics.median(line['latency']):.2f} ×" if line["latency"] else ""
    smaller = (f"{-100 * line[share]:+.1f} %".replace("-", "−") for share in ("macs", "bytes"))
    return (f"| {line['name']} | {line['weights']:.2f} | {' | '.join(smaller)} | {latency} | {line['dense']:.2f} | "
            f"{spread(line['dense_same_recipe'])} | **{spread(line['pruned'])}** | {drop:+.2f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--cifar10", type=Path)
    parser.add_argument("--cifar10-epochs", type=int, default=5)
    parser.add_argument("--tokens", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    print("| what | parameters / non-zeros | MACs | file | latency | dense | dense, same recipe | pruned | drop, pt |\n"
          "|---|---|---|---|---|---|---|---|---|")
    program = Program(args.program, args.threads)
    lines = []
    for row in rows(args):
        measured = measure(program, row, args.seeds)
        lines += measured
        for line in measured:
            print(table_line(line), flush=True)
        if args.json:
            args.json.write_text(json.dumps(lines, indent=1))


if __name__ == "__main__":
    main()
