// SPDX-License-Identifier: GPL-3.0-or-later
// The fields of what is minimised and judged, and of what is seldom changed.
#include "ui/panels/recipe_table.h"

namespace espalier::ui::recipe_table {
namespace {

constexpr int kMostBatches = 10'000;

QString regulariserTip(const std::string& term) {
    if (term == "l1") return tr("Strength of the sum of absolute weights in the loss");
    if (term == "l2") return tr("Strength of the sum of squared weights in the loss");
    if (term == "group_lasso") {
        return tr(
            "Strength of the sum of the channels' norms in the loss: pulls whole channels to "
            "zero");
    }
    if (term == "bn_l1") {
        return tr(
            "Strength of the sum of the absolute scales of batch norms in the loss: pulls "
            "channels to zero (network slimming)");
    }
    return tr("Strength of this term in the loss");
}

void addRegulariser(Section loss, const std::string& term) {
    const QString shown = QString::fromStdString(term);
    RecipeField& field = loss.add(Kind::Number, QStringLiteral("regularisers.") + shown,
                                  QStringLiteral("recipe_") + shown, shown, regulariserTip(term));
    field.unset = tr("off");
    field.text = [term](const Recipe& recipe) {
        const auto found = std::ranges::find(recipe.regularisers, term, &train::Regulariser::name);
        return found == recipe.regularisers.end() ? QString() : valueText(found->strength);
    };
    field.take = [term](Recipe& recipe, const QString& text) {
        auto& all = recipe.regularisers;
        if (text.trimmed().isEmpty()) {
            std::erase_if(all, [&](const auto& each) { return each.name == term; });
            return;
        }
        auto found = std::ranges::find(all, term, &train::Regulariser::name);
        if (found == all.end()) found = all.insert(all.end(), {term, 0});
        takeValue(found->strength, text);
    };
}

/// A value of the distillation, which is there only while it is on.
void addDistilled(Section section, const char* key, const char* name, const QString& label,
                  const QString& tip, double train::Distillation::*value) {
    RecipeField& field =
        section.add(Kind::Number, QString::fromLatin1(key), QString::fromLatin1(name), label, tip);
    field.hidesWhenIdle = true;
    field.text = [value](const Recipe& recipe) {
        return valueText(recipe.distillation.value_or(train::Distillation{}).*value);
    };
    field.take = [value](Recipe& recipe, const QString& text) {
        if (recipe.distillation) takeValue((*recipe.distillation).*value, text);
    };
    field.idle = [](const Recipe& recipe) {
        return recipe.distillation ? QString() : tr("Acts with distillation only.");
    };
}

}  // namespace

void addLoss(Section loss) {
    const QString orFile = tr("; or a TorchScript module (output, target) \u2192 scalar");
    RecipeField& name = loss.add(
        Kind::ChoiceOrFile, "loss.name", "recipeLoss", tr("Loss"),
        tr("What training minimises; auto: cross-entropy for classes, mean squared error for "
           "numbers") +
            orFile,
        ESPALIER_RECIPE_VALUE(metrics.loss));
    name.choices = texts(measure::lossNames());
    name.unset = tr("auto");
    RecipeField& metric = loss.add(
        Kind::ChoiceOrFile, "metric.name", "recipeMetric", tr("Metric"),
        tr("What the best epoch is chosen by, on the validation split; auto: top-1 for classes, "
           "else the loss") +
            orFile,
        ESPALIER_RECIPE_VALUE(metrics.metric));
    metric.choices = texts(measure::metricNames());
    metric.unset = tr("auto");
    RecipeField& output =
        loss.add(Kind::Text, "output", "recipeOutput", tr("Output"),
                 tr("Which of the model's outputs is judged, by number or key; empty: the one that "
                    "was chosen with the data, or the only one"),
                 ESPALIER_RECIPE_VALUE(metrics.output));
    output.unset = tr("auto");
    loss.add(Kind::Number, "loss.label_smoothing", "recipeLabelSmoothing", tr("Smoothing"),
             tr("Label smoothing: share of the target spread over all classes, 0 to below 1"),
             ESPALIER_RECIPE_VALUE(labelSmoothing))
        .idle = [](const Recipe& recipe) {
        const std::string& used = recipe.metrics.loss;
        if (used.empty() || used == "cross_entropy" || recipe.labelSmoothing != 0) return QString();
        return tr("Acts with cross_entropy only.");
    };
    for (const std::string& term : train::regulariserNames()) addRegulariser(loss, term);
}

void addDistillation(Section section) {
    RecipeField& on = section.add(
        Kind::Flag, QStringLiteral("distillation"), QStringLiteral("recipeDistillation"),
        tr("Distil"),
        tr("Learns from the outputs of the model as it was before pruning as well (Hinton et al. "
           "2015)"));
    on.text = [](const Recipe& recipe) { return valueText(recipe.distillation.has_value()); };
    on.take = [](Recipe& recipe, const QString& text) {
        const bool isOn = text == valueText(true);
        if (isOn != recipe.distillation.has_value())
            recipe.distillation = isOn ? std::optional(train::Distillation{}) : std::nullopt;
    };
    addDistilled(section, "distillation.weight", "recipeDistillationWeight", tr("Weight"),
                 tr("Share of the dense model's outputs in the loss, 0 to 1; the rest is the "
                    "targets'"),
                 &train::Distillation::weight);
    addDistilled(section, "distillation.temperature", "recipeTemperature", tr("Temperature"),
                 tr("Softens both outputs before they are compared; above 0, usually 1 to 5"),
                 &train::Distillation::temperature);
}

void addMore(Section more) {
    more.add(Kind::Number, "validation", "recipeValidation", tr("Validation"),
             tr("Share of the training split held out to choose the best epoch on, 0 to 1"),
             ESPALIER_RECIPE_VALUE(validation));
    RecipeField& augment = more.choice("augment", "recipeAugment", tr("Augment"),
                                       tr("Random changes of training images, unless they were "
                                          "chosen with the data"),
                                       data::augmentationNames(), ESPALIER_RECIPE_VALUE(augment));
    augment.unset = tr("none");
    RecipeField& early =
        more.count("early_stopping.patience", "recipeEarlyStopping", tr("Early stop"),
                   tr("Early stopping: epochs without a better metric before training ends"),
                   {0, kMostEpochs}, ESPALIER_RECIPE_VALUE(earlyStopping));
    early.unset = tr("never");
    early.take = [](Recipe& recipe, const QString& text) {
        takeValue(recipe.earlyStopping, text);
        if (recipe.earlyStopping == 0) recipe.earlyStopping.reset();
    };
    more.add(Kind::Number, "dropout", "recipeDropout", tr("Dropout"),
             tr("Probability of every dropout while training, 0 to below 1; empty: the model's "
                "own"),
             ESPALIER_RECIPE_VALUE(dropout))
        .unset = tr("as in the model");
    more.count("batch_norm_batches", "recipeBatchNormBatches", tr("BN batches"),
               tr("Batch-norm re-estimation: batches on which the statistics are taken anew after "
                  "training"),
               {0, kMostBatches}, ESPALIER_RECIPE_VALUE(batchNormBatches))
        .unset = tr("none");
    more.choice("precision", "recipePrecision", tr("Precision"),
                tr("Numbers of the forward pass; bf16 and fp16 are faster on accelerators"),
                train::precisionNames(), ESPALIER_RECIPE_VALUE(precision));
    more.add(Kind::Flag, "halve_batch_to_fit", "recipeHalveBatch", tr("Halve batch"),
             tr("When the device's memory does not suffice, batches are halved and their gradients "
                "summed"),
             ESPALIER_RECIPE_VALUE(halveBatchToFit))
        .idle = [](const Recipe& recipe) {
        return recipe.device == "cpu" ? tr("Acts on accelerators only.") : QString();
    };
    more.add(Kind::Flag, "from_scratch", "recipeFromScratch", tr("From scratch"),
             tr("All weights of the pruned model are drawn anew: the baseline that tells whether "
                "pruning was worth it"),
             ESPALIER_RECIPE_VALUE(fromScratch));
}

}  // namespace espalier::ui::recipe_table
