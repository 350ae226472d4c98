// SPDX-License-Identifier: GPL-3.0-or-later
// espalier-cli: everything the window does, without a display.
#include <algorithm>
#include <array>
#include <csignal>
#include <iostream>

#include <CLI/CLI.hpp>

#include "app/cli/verb.h"
#include "core/base/process.h"
#include "core/measure/runtime.h"

using namespace espalier;

namespace {

auto verbs() {
    return std::array{cli::inspectVerb(),     cli::pruneVerb(), cli::evaluateVerb(),
                      cli::sensitivityVerb(), cli::tuneVerb(),  cli::latencyVerb(),
                      cli::exportVerb(),      cli::demoVerb()};
}

/// A word in the verb's place that is none; empty when there is none.
std::string unknownVerb(int argc, char** argv) {
    if (argc < 2 || argv[1][0] == '-') return {};
    const std::string word = argv[1];
    const auto all = verbs();
    const bool isKnown = std::ranges::any_of(all, [&](const auto& v) { return v.name == word; });
    return isKnown ? "" : word;
}

/// An option of the verb that was given nothing, as an unset variable in a script does.
std::string emptyOption(const CLI::App& app) {
    for (const auto* verb : app.get_subcommands()) {
        for (const auto* option : verb->get_options()) {
            const auto& values = option->results();
            if (std::ranges::find(values, std::string()) != values.end()) return option->get_name();
        }
    }
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app(
        "Prunes TorchScript neural networks: look inside, remove weights, fine-tune, export.",
        "espalier-cli");
    app.set_version_flag("--version", "espalier-cli " + version());
    app.require_subcommand(1);
    app.footer(
        "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 model or data refused, 130 cancelled.\n"
        "Try it: espalier-cli demo");

    cli::Action chosen;
    for (const auto& verb : verbs()) {
        auto* subcommand = app.add_subcommand(verb.name, verb.summary);
        auto action = verb.setUp(*subcommand);
        subcommand->callback([&chosen, action] { chosen = action; });
    }
    if (const std::string word = unknownVerb(argc, argv); !word.empty()) {
        std::cerr << "espalier-cli: there is no verb '" << word << "'. Known are";
        for (const auto& verb : verbs()) std::cerr << ' ' << verb.name;
        std::cerr << "; --help says what they do.\n";
        return cli::kWrongUsage;
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? cli::kDone : cli::kWrongUsage;
    }
    if (const std::string name = emptyOption(app); !name.empty()) {
        std::cerr << "espalier-cli: " << name << " is given without a value\n";
        return cli::kWrongUsage;
    }
    ensurePassiveOpenMp(
        argv);  // which loads everything once more: not for an answer like --version
    std::signal(SIGXFSZ, SIG_IGN);  // a file that grows too large is an error to report
    cli::Console console;
    measure::setUpTorchThread(0);
    return chosen(console);
}
