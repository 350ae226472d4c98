// SPDX-License-Identifier: GPL-3.0-or-later
#include <ATen/core/List.h>

#include "core/train/evaluation_state_torch.h"

namespace espalier::train {

void saveEvaluation(RunState& state, const std::string& part,
                    const measure::Evaluation& evaluation) {
    state.set(part + ".samples", evaluation.samples);
    state.set(part + ".loss", evaluation.loss);
    state.set(part + ".top1", evaluation.top1);
    state.set(part + ".top5", evaluation.top5);
    state.set(part + ".seconds", evaluation.seconds);
    state.set(part + ".score", evaluation.score);
    c10::List<std::string> names;
    c10::List<std::int64_t> samples;
    c10::List<std::int64_t> correct;
    for (const measure::ClassAccuracy& each : evaluation.classes) {
        names.push_back(each.name);
        samples.push_back(each.samples);
        correct.push_back(each.correct);
    }
    state.set(part + ".class_names", names);
    state.set(part + ".class_samples", samples);
    state.set(part + ".class_correct", correct);
}

measure::Evaluation loadEvaluation(const RunState& state, const std::string& part,
                                   const measure::Metric& metric) {
    measure::Evaluation evaluation;
    evaluation.samples = state.get(part + ".samples").toInt();
    evaluation.loss = state.get(part + ".loss").toDouble();
    evaluation.top1 = state.get(part + ".top1").toDouble();
    evaluation.top5 = state.get(part + ".top5").toDouble();
    evaluation.seconds = state.get(part + ".seconds").toDouble();
    evaluation.score = state.get(part + ".score").toDouble();
    evaluation.metric = metric;
    const auto names = state.get(part + ".class_names").to<c10::List<std::string>>();
    const auto samples = state.get(part + ".class_samples").toIntVector();
    const auto correct = state.get(part + ".class_correct").toIntVector();
    for (std::size_t i = 0; i < names.size(); ++i)
        evaluation.classes.push_back({names.get(i), samples.at(i), correct.at(i)});
    return evaluation;
}

}  // namespace espalier::train
