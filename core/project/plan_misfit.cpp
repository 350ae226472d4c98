// SPDX-License-Identifier: GPL-3.0-or-later
// Why a model does not open on the inputs of a plan.
#include "core/base/format.h"
#include "core/exchange/plan_file.h"
#include "core/project/task_support.h"
#include "core/script/load_torch.h"

namespace espalier::project {

namespace {

/// Whether `path`, a parameter's or a module's with or without a range of channels, is in `module`.
bool has(const torch::jit::Module& module, const std::string& path) {
    const std::string whole = path.substr(0, path.find('['));
    const std::string inside = whole + ".";
    const auto isMeant = [&](const std::string& name) {
        return name == whole || name.starts_with(inside);
    };
    for (const auto& parameter : module.named_parameters()) {
        if (isMeant(parameter.name)) return true;
    }
    return false;
}

/// The first name in the plan that the model has not: "weights.fc9.weight"; empty when it has all.
std::string firstUnknown(const prune::Plan& plan, const torch::jit::Module& module) {
    for (const auto& [name, rule] : plan.weights) {
        if (!has(module, name)) return "weights." + name;
    }
    for (const auto& [name, rule] : plan.channels) {
        if (!has(module, name)) return "channels." + name;
    }
    for (const auto& [name, marks] : plan.marks) {
        if (!has(module, name)) return "marks." + name;
    }
    for (const std::string& name : plan.locked) {
        if (!has(module, name)) return "locked." + name;
    }
    return {};
}

}  // namespace

Error notOpened(Error error, const Attempt& attempt, RunControl& control) {
    const bool isOfPlan = attempt.given.empty() && !attempt.planFile.empty();
    if (!isOfPlan || error.kind != Error::Kind::BadArgument) return error;
    const auto plan = exchange::readPlan(attempt.planFile);
    if (!plan) return error;
    const std::string file = attempt.planFile.filename().string();
    const std::string model = attempt.model.filename().string();
    const std::string madeFor = plan->modelFile.empty() ? "another model" : plan->modelFile;
    const auto loaded = script::loadModule(attempt.model, control);
    const std::string unknown = loaded ? firstUnknown(*plan, loaded->module) : std::string();
    if (!unknown.empty()) {
        return {
            Error::Kind::Mismatch, cat("The plan ", file, " does not fit the model ", model),
            cat(unknown, ": ", model, " has nothing of this name; the plan was made for ", madeFor),
            "Open the model the plan was made for"};
    }
    error.kind = Error::Kind::Mismatch;
    error.hint = cat("These inputs are the plan's, ", file, ", which was made for ", madeFor,
                     ". Give those of this model (--input)");
    return error;
}

}  // namespace espalier::project
