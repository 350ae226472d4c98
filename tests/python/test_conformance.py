# SPDX-License-Identifier: GPL-3.0-or-later
"""Every conformance case, scripted and traced: inspected, pruned at three ratios, judged in PyTorch.

The files are made once. The program runs in the background, as many at a time as there are cores,
in the order in which the tests ask for what it gives. To stay within minutes, every file is pruned at
one half, and either the script or the trace of a case at the other ratios; ESPALIER_CONFORMANCE=all
prunes all files at all ratios.
"""
import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from conformance import judge
from conformance.make_cases import CASES, write_cases

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")

RATIOS = (0.5, 0.3, 1.0)  # 1.0: as far as allowed
FILES = [(name, form) for name, wanted in CASES.items() for form in wanted.forms]


def is_pruned(number, ratio):
    """Whether file `number` is pruned at `ratio`; the forms of a case follow each other."""
    return ratio == 0.5 or (number + RATIOS.index(ratio)) % 2 == 0 or os.environ.get("ESPALIER_CONFORMANCE") == "all"


HEADS = [(name, form, 0.5, "heads") for name, form in FILES if CASES[name].heads]

PRUNED = [(*file, ratio) for n, file in enumerate(FILES) for ratio in RATIOS if is_pruned(n, ratio)]


class Runs:
    """What espalier-cli says and writes about each case; started early, waited for late."""

    def __init__(self, cli, folder):
        self.cli, self.folder = cli, folder
        self.pool = ThreadPoolExecutor(max_workers=os.cpu_count() or 1)
        self.started = {}

    def start(self, name, form, ratio=None, unit="most"):
        key = (name, form, ratio, unit)
        if key not in self.started:
            call = self._inspect if ratio is None else self._prune
            self.started[key] = self.pool.submit(call, *key)
        return self.started[key]

    def model(self, name, form):
        return self.folder / f"{name}.{form}.pt"

    def written(self, name, form, ratio, unit, what):
        return self.folder / f"{name}.{form}.{ratio}.{unit}.{what}"

    def _arguments(self, name, form):
        specs = [part for spec in CASES[name].inputs for part in ("--input", spec)]
        return [self.model(name, form), *specs]

    def _inspect(self, name, form, _ratio, _unit):
        return self.cli.run("inspect", *self._arguments(name, form), "--json", timeout=60)

    def _prune(self, name, form, ratio, unit):
        opt_in = ["--allow-inexact"] if CASES[name].opt_in else []
        return self.cli.run(
            "prune", *self._arguments(name, form), "--channels", ratio, "--scope", "layer", *opt_in,
            "--heads", unit,
            "--output", self.written(name, form, ratio, unit, "cut.pt"),
            "--masked-output", self.written(name, form, ratio, unit, "masked.pt"),
            "--report", self.written(name, form, ratio, unit, "report.json"), timeout=60)  # fmt: skip


@pytest.fixture(scope="session")
def runs(cli, tmp_path_factory, request):
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("cases")
    asked = [i.callspec.params for i in request.session.items if "runs" in getattr(i, "fixturenames", ())]
    write_cases(folder, list(dict.fromkeys(params["name"] for params in asked)))
    all_runs = Runs(cli, folder)
    for params in asked:
        all_runs.start(params["name"], params["form"], params.get("ratio"), params.get("unit", "most"))
    yield all_runs
    all_runs.pool.shutdown(cancel_futures=True)


def each(names, rows):
    return pytest.mark.parametrize(names, rows, ids=["-".join(map(str, row)) for row in rows])


def inspected(runs, name, form):
    done = runs.start(name, form).result()
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_case_says_what_goes():
    """A case names what shrinks, or says that nothing does."""
    assert [name for name, wanted in CASES.items() if bool(wanted.half or wanted.shrinks) == wanted.nothing] == []


@each(("name", "form"), FILES)
def test_groups(runs, name, form):
    """The groups are those found by hand."""
    wanted = CASES[name]
    groups = inspected(runs, name, form)["groups"]
    if wanted.exact is not None:
        assert judge.widths(groups, exact=True) == judge.expected(wanted.exact), groups
    if wanted.inexact is not None:
        assert judge.widths(groups, exact=False) == judge.expected(wanted.inexact), groups
    for group in groups:
        assert group["reason"] or group["exact"] and not group["locked"], f"{group['key']}: why?"


@each(("name", "form", "ratio"), PRUNED)
def test_cut(runs, name, form, ratio):
    """The cut model is the masked one, has the widths counted by hand, and can be trained on."""
    wanted = CASES[name]
    done = runs.start(name, form, ratio).result()
    if done.returncode == 1 and wanted.nothing:
        assert not runs.written(name, form, ratio, "most", "cut.pt").exists()
        return
    original, cut, report = check_cut(runs, name, form, ratio, "most")
    check_widths(wanted, ratio, original, cut, judge.kept_of(report, original))


@each(("name", "form", "ratio", "unit"), HEADS)
def test_whole_heads(runs, name, form, ratio, unit):
    """--heads heads removes half of the heads, each of them whole."""
    original, _, report = check_cut(runs, name, form, ratio, unit)
    kept = judge.kept_of(report, original)
    for parameter, width in CASES[name].heads.items():
        rows = kept[parameter][0]
        assert len(rows) == original.state_dict()[parameter].shape[0] // 2
        assert rows == [row for row in range(rows[-1] + 1) if row // width * width in rows], "part of a head"


def check_cut(runs, name, form, ratio, unit):
    """The model before and after, and the report, once what holds for every cut has been judged."""
    done = runs.start(name, form, ratio, unit).result()
    assert done.returncode == 0, done.stderr
    original = torch.jit.load(str(runs.model(name, form)))
    cut = torch.jit.load(str(runs.written(name, form, ratio, unit, "cut.pt")))
    report = json.loads(runs.written(name, form, ratio, unit, "report.json").read_text())
    check_report(CASES[name], report, original, cut)
    masked = torch.jit.load(str(runs.written(name, form, ratio, unit, "masked.pt")))
    check_outputs(CASES[name], original, masked, cut, report)
    check_training(original, cut, judge.random_inputs(CASES[name].inputs, 2, seed=5))
    return original, cut, report


def check_report(wanted, report, original, cut):
    before, after = ({p.data_ptr(): p.numel() for p in m.parameters()} for m in (original, cut))
    if before:  # a frozen file has none
        assert report["parameters"] == {"before": sum(before.values()), "after": sum(after.values())}
    assert report["proof"]["max_relative_difference"] <= judge.TOLERANCE
    assert report["macs"]["after"] <= report["macs"]["before"]
    for words in wanted.unproved:
        assert any(line.startswith(words) for line in report["proof"]["unproved"]), words


def check_widths(wanted, ratio, original, cut, kept):
    """A lifted file has no names; in the cut file its constants are parameters, named by the program."""
    if not wanted.lifted:
        judge.check_slices(original, cut, kept)
    before = {n: list(v.shape) for n, v in original.state_dict().items()}
    after = {n: list(v.shape) for n, v in cut.state_dict().items()}
    if wanted.nothing:
        assert before == after
    if ratio == 0.5:
        assert {n: after[n] for n in wanted.half} == wanted.half
        assert [n for n in wanted.shrinks if after[n] == before[n]] == [], "not cut"
    assert {n: after[n] for n in wanted.fixed} == {n: before[n] for n in wanted.fixed}


def check_outputs(wanted, original, masked, cut, report):
    """Equal to the program's masked model and to one made here; after saving again as well."""
    inputs = judge.batches(original, wanted.inputs, wanted.other_batch)
    got = [judge.run(cut, x) for x in inputs]
    assert [judge.difference(a, judge.run(judge.saved_again(cut), x)) for a, x in zip(got, inputs)] == [0] * len(got)
    twins = [masked]
    if wanted.nothing:
        assert report["kept"] == {}
    else:
        assert report["kept"], "nothing was cut"
        assert judge.difference(judge.run(original, inputs[0]), got[0]) > 1e-4, "cutting changed nothing"
    for method in wanted.methods:
        for x in inputs:
            expected = judge.run(twins[0], x, method)
            assert judge.difference(expected, judge.run(cut, x, method)) <= judge.TOLERANCE, method
    if wanted.rebuild:
        twins.append(judge.rebuilt(wanted, cut))
    elif not wanted.opt_in and not wanted.lifted:
        twins.append(judge.masked(original, judge.kept_of(report, original), wanted.rows_stay))
    for twin in twins:
        for a, x in zip(got, inputs):
            assert judge.difference(judge.run(twin, x), a) <= judge.TOLERANCE, f"batch {len(x[0])}"


def check_training(original, cut, inputs):
    try:
        before = judge.with_gradients(original, inputs)
    except RuntimeError:  # the original takes no batch of two
        return
    assert judge.with_gradients(cut, inputs) == before
