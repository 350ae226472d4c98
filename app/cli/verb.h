// SPDX-License-Identifier: GPL-3.0-or-later
// A verb of the command line: its options, and what it does. One file each; main.cpp lists them.
#pragma once

#include <functional>
#include <string>

#include <CLI/CLI.hpp>

#include "app/cli/console.h"

namespace espalier::cli {

/// Runs after the options were read; returns the exit code.
using Action = std::function<int(Console&)>;

struct Verb {
    std::string name;
    std::string summary;  ///< one line of `--help`
    /// Adds the verb's options to its own subcommand and returns what to do with them.
    std::function<Action(CLI::App&)> setUp;
};

Verb inspectVerb();
Verb pruneVerb();
Verb evaluateVerb();
Verb sensitivityVerb();
Verb tuneVerb();
Verb latencyVerb();
Verb exportVerb();
Verb demoVerb();

}  // namespace espalier::cli
