// SPDX-License-Identifier: GPL-3.0-or-later
// Every member of a spec, once: its key in a checkpoint and its option of the command line.
#pragma once

#include <concepts>
#include <type_traits>

#include "core/project/specs.h"

namespace espalier::project {

/// How one member of a spec is called; empty: there it is not said.
struct SpecField {
    const char* key;     ///< in JSON
    const char* option;  ///< of espalier-cli; kArgument: the one without a name
};
constexpr const char* kArgument = "MODEL";

/// `Spec` is `T`, or `const T`.
template <class Spec, class T>
concept Is = std::same_as<std::remove_const_t<Spec>, T>;

// Each calls visit(SpecField, member) for all members in one order. Members that are specs
// themselves are visited as one.

template <Is<data::DataSpec> Spec, class Visit>
void eachField(Spec& spec, Visit&& visit) {
    visit(SpecField{"path", "--data"}, spec.path);
    visit(SpecField{"preset", "--preset"}, spec.preset);
    visit(SpecField{"mean", "--mean"}, spec.mean);
    visit(SpecField{"deviation", "--std"}, spec.deviation);
    visit(SpecField{"validation", "--validation-share"}, spec.validation);
    visit(SpecField{"resize", "--resize"}, spec.resize);
    visit(SpecField{"crop", "--crop"}, spec.crop);
    visit(SpecField{"augment", "--augment"}, spec.augment);
    visit(SpecField{"workers", "--workers"}, spec.workers);
}

template <Is<PruneChoice> Spec, class Visit>
void eachField(Spec& spec, Visit&& visit) {
    visit(SpecField{"plan_file", "--plan"}, spec.planFile);
    visit(SpecField{"goal", "--goal"}, spec.goal);
    visit(SpecField{"structure", "--structure"}, spec.structure);
    visit(SpecField{"weights", "--weights"}, spec.weights);
    visit(SpecField{"channels", "--channels"}, spec.channels);
    visit(SpecField{"criterion", "--criterion"}, spec.criterion);
    visit(SpecField{"scope", "--scope"}, spec.scope);
    visit(SpecField{"multiple_of", "--multiple-of"}, spec.multipleOf);
    visit(SpecField{"heads", "--heads"}, spec.heads);
    visit(SpecField{"allow_inexact", "--allow-inexact"}, spec.allowInexact);
    visit(SpecField{"ignore_zeros", "--ignore-zeros"}, spec.ignoreZeros);
    visit(SpecField{"seed", "--seed"}, spec.seed);
    visit(SpecField{"samples", "--samples"}, spec.samples);
}

template <Is<measure::MetricOptions> Spec, class Visit>
void eachField(Spec& spec, Visit&& visit) {
    visit(SpecField{"output", "--model-output"}, spec.output);
    visit(SpecField{"loss", "--loss"}, spec.loss);
    visit(SpecField{"metric", "--metric"}, spec.metric);  // of tune alone
}

/// A checkpoint has the recipe that is followed: nothing is to be put over that again.
template <Is<RecipeEdits> Spec, class Visit>
void eachField(Spec& spec, Visit&& visit) {
    visit(SpecField{"", "--schedule"}, spec.schedule);
    visit(SpecField{"", "--epochs"}, spec.epochs);
    visit(SpecField{"", "--lr"}, spec.lr);
    visit(SpecField{"", "--validation-share"}, spec.validation);
    visit(SpecField{"", "--device"}, spec.device);
    visit(SpecField{"", ""}, spec.metrics);
}

template <Is<TuneSpec> Spec, class Visit>
void eachField(Spec& spec, Visit&& visit) {
    visit(SpecField{"model", kArgument}, spec.model);
    visit(SpecField{"inputs", "--input"}, spec.inputs);
    visit(SpecField{"data", ""}, spec.data);
    visit(SpecField{"choice", ""}, spec.choice);
    visit(SpecField{"recipe_file", "--recipe"}, spec.recipeFile);
    visit(SpecField{"", "--recipe-preset"}, spec.preset);
    visit(SpecField{"", ""}, spec.edits);
    visit(SpecField{"teacher", "--teacher"}, spec.teacher);
    visit(SpecField{"output", "--output"}, spec.output);
    visit(SpecField{"metrics", "--metrics"}, spec.metrics);
    visit(SpecField{"report", "--report"}, spec.report);
    visit(SpecField{"", "--checkpoints"}, spec.checkpoints);
    visit(SpecField{"", "--resume"}, spec.resume);
    visit(SpecField{"threads", "--threads"}, spec.threads);
}

template <Is<PruneSpec> Spec, class Visit>
void eachField(Spec& spec, Visit&& visit) {
    visit(SpecField{"model", kArgument}, spec.model);
    visit(SpecField{"inputs", "--input"}, spec.inputs);
    visit(SpecField{"choice", ""}, spec.choice);
    visit(SpecField{"data", ""}, spec.data);
    visit(SpecField{"judged_by", ""}, spec.metrics);
    visit(SpecField{"compensate_bias", "--compensate-bias"}, spec.compensateBias);
    visit(SpecField{"output", "--output"}, spec.output);
    visit(SpecField{"masked_output", "--masked-output"}, spec.maskedOutput);
    visit(SpecField{"save_plan", "--save-plan"}, spec.savePlan);
    visit(SpecField{"report", "--report"}, spec.report);
}

template <Is<ExportSpec> Spec, class Visit>
void eachField(Spec& spec, Visit&& visit) {
    visit(SpecField{"model", kArgument}, spec.model);
    visit(SpecField{"inputs", "--input"}, spec.inputs);
    visit(SpecField{"choice", ""}, spec.choice);
    visit(SpecField{"data", ""}, spec.data);
    visit(SpecField{"judged_by", ""}, spec.metrics);
    visit(SpecField{"masked", "--masked"}, spec.isMasked);
    visit(SpecField{"format", "--format"}, spec.format);
    visit(SpecField{"output", "--output"}, spec.output);
}

/// Whether eachField knows the members of `T`.
template <class T>
concept HasFields = Is<T, data::DataSpec> || Is<T, PruneChoice> || Is<T, measure::MetricOptions> ||
    Is<T, RecipeEdits> || Is<T, TuneSpec> || Is<T, PruneSpec> || Is<T, ExportSpec>;

}  // namespace espalier::project
