// SPDX-License-Identifier: GPL-3.0-or-later
// The whole story on the built-in example, each step by the same functions the other verbs use.
#include <cmath>
#include <memory>

#include "app/cli/options.h"
#include "app/cli/summary.h"
#include "app/cli/verb.h"
#include "core/base/format.h"
#include "core/exchange/recipe_file.h"
#include "core/project/examples.h"
#include "core/project/tasks.h"

namespace espalier::cli {

namespace {

struct Options {
    std::filesystem::path folder = "espalier-demo";
    std::optional<int> epochs;
};

/// As one would type it here.
std::string typed(const std::filesystem::path& path) {
    std::error_code failure;
    const std::string near = std::filesystem::proximate(path, failure).string();
    const std::string text = failure || near.size() > path.string().size() ? path.string() : near;
    return text.find(' ') == std::string::npos ? text : cat("'", text, "'");
}

/// Each step prints a heading with the command that does the same, runs, and prints its result;
/// false when it failed.
class Demo {
public:
    Demo(Console& console, Options options) : m_console(console), m_options(std::move(options)) {}

    int run() {
        std::error_code failure;
        std::filesystem::create_directories(m_options.folder, failure);
        if (failure) {
            return m_console.fail({Error::Kind::WriteFailed,
                                   "Cannot make the folder " + m_options.folder.string(),
                                   failure.message(), "Say another with --output"});
        }
        for (const auto step :
             {&Demo::inspect, &Demo::dense, &Demo::prune, &Demo::tune, &Demo::cut, &Demo::time}) {
            if (const int code = (this->*step)(); code != kDone) return code;
        }
        m_console.out(cat("\nThe pruned model is ", m_tuned.string(),
                          "\nIt loads in plain PyTorch: torch.jit.load(\"", typed(m_tuned), "\")"));
        return kDone;
    }

private:
    void heading(const std::string& text, const std::string& command) {
        m_console.out(cat("\n== ", text, "\n$ espalier-cli ", command));
    }

    int inspect() {
        heading("A LeNet-5, trained on MNIST", cat("inspect ", m_model));
        auto inspection =
            project::runInspect({m_example.model, {}}, m_console.events(), m_console.control());
        if (!inspection) return m_console.fail(inspection.error());
        const model::Snapshot& snapshot = *inspection->snapshot;
        m_console.out(cat(exactCount(snapshot.parameters()), " parameters, ",
                          siCount(static_cast<double>(snapshot.macs())), " MACs, ",
                          snapshot.layers().size(), " layers"));
        return kDone;
    }

    int evaluate(const std::filesystem::path& model) {
        project::EvaluateSpec spec;
        spec.model = model;
        spec.data.path = m_example.data;
        auto evaluation = project::runEvaluate(spec, m_console.events(), m_console.control());
        if (!evaluation) return m_console.fail(evaluation.error());
        m_console.out(describe(*evaluation));
        return kDone;
    }

    int dense() {
        heading("What it can do", cat("evaluate ", m_model, " --data ", typed(m_example.data)));
        return evaluate(m_example.model);
    }

    int prune() {
        heading("Cut by a plan: one rule per layer",
                cat("prune ", m_model, " --plan ", typed(m_example.plan), " --output ",
                    typed(m_pruned)));
        project::PruneChoice choice;
        choice.planFile = m_example.plan;
        const int code = prune(choice, m_pruned);
        return code == kDone ? evaluate(m_pruned) : code;
    }

    int cut() {
        heading("Cut half of the channels out, before any tuning",
                cat("prune ", m_model, " --channels 0.5 --output ", typed(m_cut)));
        project::PruneChoice choice;
        choice.channels = 0.5;
        return prune(choice, m_cut);
    }

    int prune(const project::PruneChoice& choice, const std::filesystem::path& output) {
        project::PruneSpec spec;
        spec.model = m_example.model;
        spec.choice = choice;
        spec.output = output;
        auto report = project::runPrune(spec, m_console.events(), m_console.control());
        if (!report) return m_console.fail(report.error());
        m_console.out(describe(*report));
        return kDone;
    }

    int tune() {
        heading("Fine-tune under the masks",
                cat("tune ", m_model, " --data ", typed(m_example.data), " --plan ",
                    typed(m_example.plan), " --recipe ", typed(m_example.recipe), " --output ",
                    typed(m_tuned)));
        auto recipe = exchange::readRecipe(m_example.recipe);
        if (!recipe) return m_console.fail(recipe.error());
        if (m_options.epochs) recipe->epochs = *m_options.epochs;
        project::TuneSpec spec;
        spec.model = m_example.model;
        spec.data.path = m_example.data;
        spec.choice.planFile = m_example.plan;
        spec.recipe = *recipe;
        spec.output = m_tuned;
        spec.metrics = m_options.folder / "metrics.csv";
        spec.report = m_options.folder / "report.json";
        auto events = m_console.events<train::TrainSample>();
        events.onPartial = [this](const train::TrainSample& sample) {
            if (!std::isnan(sample.top1)) {
                m_console.out(
                    cat("epoch ", sample.epoch, ": validation top-1 ", percent(sample.top1, 2)));
            }
        };
        auto outcome = project::runTune(spec, events, m_console.control());
        if (!outcome) return m_console.fail(outcome.error());
        if (outcome->test) m_console.out(describe(*outcome->test));
        m_console.out(describe(outcome->report));
        return outcome->training.stopped ? kCancelled : kDone;
    }

    int time() {
        heading("How fast", cat("latency ", m_model, " ", typed(m_tuned), " ", typed(m_cut)));
        auto latencies = project::runLatency({{m_example.model, m_tuned, m_cut}, {}, "auto", 0},
                                             m_console.events(), m_console.control());
        if (!latencies) return m_console.fail(latencies.error());
        for (const auto& latency : *latencies) {
            m_console.out(cat(latency.name, ": ", significant(latency.median, 3), " ms (median of ",
                              latency.runs, ")"));
        }
        m_console.out(
            "Zeros alone do not make a dense runtime faster: their file compresses, the time "
            "stays. Channels that are cut out save both.");
        return kDone;
    }

    Console& m_console;
    Options m_options;
    project::Example m_example = project::lenet5Example();
    std::string m_model = typed(m_example.model);
    std::filesystem::path m_pruned = m_options.folder / "pruned.pt";
    std::filesystem::path m_tuned = m_options.folder / "tuned.pt";
    std::filesystem::path m_cut = m_options.folder / "cut.pt";
};

}  // namespace

Verb demoVerb() {
    return {"demo", "The whole story on the built-in example", [](CLI::App& app) -> Action {
                auto options = std::make_shared<Options>();
                app.add_option("--output", options->folder, "Folder for the results")
                    ->capture_default_str();
                app.add_option("--epochs", options->epochs,
                               "Epochs of fine-tuning (default: the recipe's)")
                    ->check(atLeast(1));
                return [options](Console& console) { return Demo(console, *options).run(); };
            }};
}

}  // namespace espalier::cli
