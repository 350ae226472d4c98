// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/panels/layer_settings_cut.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <QComboBox>
#include <QSignalBlocker>
#include <QSlider>

#include "core/base/format.h"
#include "ui/document/document.h"
#include "ui/panels/exact_spin_box.h"
#include "ui/style/counted.h"
#include "ui/style/number_text.h"
#include "ui/style/theme.h"

namespace espalier::ui {

namespace {

constexpr int kSliderSteps = 1000;

struct PatternChoice {
    int keep;
    int group;
};
constexpr PatternChoice kPatterns[] = {{2, 4}, {1, 2}, {1, 4}, {4, 8}, {2, 8}};

QString text(const std::string& utf8) {
    return QString::fromStdString(utf8);
}

double halfOf(const QDoubleSpinBox* box) {
    return 0.5 * std::pow(10.0, -box->decimals());
}

}  // namespace

CutEditor::CutEditor(Document* document, QWidget* parent)
    : RuleForm(document, QStringLiteral("cutReadout"), parent),
      m_document(document),
      m_threshold(new ExactSpinBox(this)),
      m_slider(new QSlider(Qt::Horizontal, this)),
      m_sparsity(new ExactSpinBox(this)),
      m_sigma(new ExactSpinBox(this)),
      m_pattern(new QComboBox(this)) {
    buildThreshold();
    buildSparsity();
    buildSigma();
    buildPattern();
    addReadout();
    connect(this, &RuleForm::kindClicked, this,
            [this](int kind) { switchTo(static_cast<Kind>(kind)); });
    for (QDoubleSpinBox* box : {m_threshold, m_sparsity, m_sigma}) endsEditsOf(box);
}

void CutEditor::buildThreshold() {
    m_threshold->setObjectName(QStringLiteral("cutThreshold"));
    m_threshold->setAccessibleName(tr("Threshold on |w|"));
    m_threshold->setDecimals(7);
    m_threshold->setStepType(QAbstractSpinBox::AdaptiveDecimalStepType);
    const QString tip = tr("Threshold t: removes every weight with |w| < t");
    m_threshold->setToolTip(tip);
    addKind(static_cast<int>(Kind::Threshold), QStringLiteral("cutByThreshold"), tr("Threshold"),
            tip, m_threshold);
    connect(m_threshold, &QDoubleSpinBox::valueChanged, this, [this] { edit(Kind::Threshold); });
}

void CutEditor::buildSparsity() {
    const QString tip = tr("Sparsity s: removes the round(s × n) weights of lowest score, of n");
    m_slider->setObjectName(QStringLiteral("cutSlider"));
    m_slider->setAccessibleName(tr("Sparsity"));
    m_slider->setToolTip(tip);
    m_slider->setRange(0, kSliderSteps);
    m_slider->setPageStep(kSliderSteps / 20);
    m_slider->setSingleStep(kSliderSteps / 100);
    m_sparsity->setObjectName(QStringLiteral("cutSparsity"));
    m_sparsity->setAccessibleName(tr("Sparsity in percent"));
    m_sparsity->setToolTip(tip);
    m_sparsity->setRange(0, 100);
    m_sparsity->setDecimals(4);
    m_sparsity->setSuffix(QStringLiteral("\u2009%"));
    const int digits = fontMetrics().horizontalAdvance(QStringLiteral("99.9999 %"));
    m_sparsity->setMinimumWidth(digits + 2 * style::kSpaceGroup);  // and the arrows
    addKind(static_cast<int>(Kind::Sparsity), QStringLiteral("cutBySparsity"), tr("Sparsity"), tip,
            besideSlider(m_slider, m_sparsity));
    connect(m_sparsity, &QDoubleSpinBox::valueChanged, this, [this] { edit(Kind::Sparsity); });
    connect(m_slider, &QSlider::valueChanged, this, [this](int step) {
        const QSignalBlocker blocker(m_sparsity);
        m_sparsity->setValue(100.0 * step / kSliderSteps);
        edit(Kind::Sparsity);
    });
}

void CutEditor::buildSigma() {
    m_sigma->setObjectName(QStringLiteral("cutSigma"));
    m_sigma->setAccessibleName(tr("Multiple of the standard deviation"));
    m_sigma->setDecimals(4);
    m_sigma->setSingleStep(0.05);
    m_sigma->setSuffix(QStringLiteral("\u2009σ"));
    const QString tip =
        tr("σ multiple k: removes every weight with |w| < k × σ, σ the standard deviation of the "
           "layer's weights");
    m_sigma->setToolTip(tip);
    addKind(static_cast<int>(Kind::Sigma), QStringLiteral("cutBySigma"), tr("σ multiple"), tip,
            m_sigma);
    connect(m_sigma, &QDoubleSpinBox::valueChanged, this, [this] { edit(Kind::Sigma); });
}

void CutEditor::buildPattern() {
    m_pattern->setObjectName(QStringLiteral("cutPattern"));
    m_pattern->setAccessibleName(tr("Pattern n:m"));
    for (const PatternChoice& choice : kPatterns) {
        m_pattern->addItem(tr("%1:%2, keeps %1 of %2").arg(choice.keep).arg(choice.group));
    }
    m_pattern->setMinimumContentsLength(6);
    m_pattern->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    const QString tip = tr(
        "Pattern n:m: of each run of m weights along the input axis keeps the n best; 2:4 is what "
        "sparse tensor cores run");
    m_pattern->setToolTip(tip);
    addKind(static_cast<int>(Kind::Pattern), QStringLiteral("cutByPattern"), tr("Pattern"), tip,
            m_pattern);
    connect(m_pattern, &QComboBox::activated, this, [this] { edit(Kind::Pattern); });
}

prune::WeightRule CutEditor::ruleFor(model::LayerId layer, Kind kind) const {
    switch (kind) {
        case Kind::Threshold: {
            const CutContext context = m_document->cutContext(layer);
            return context.isMagnitude || !context.index
                       ? prune::WeightRule::threshold(m_threshold->value())
                       : ruleForCut(m_threshold->value(), context);
        }
        case Kind::Sparsity:
            return prune::WeightRule::sparsity(m_sparsity->value() / 100);
        case Kind::Sigma:
            return prune::WeightRule::sigma(m_sigma->value());
        case Kind::Pattern:
            break;
    }
    const PatternChoice& choice = kPatterns[std::max(0, m_pattern->currentIndex())];
    return prune::WeightRule::pattern(choice.keep, choice.group);
}

void CutEditor::edit(Kind kind) {
    LayerRules rules;
    for (const model::LayerId layer : m_document->selectedLayers()) {
        if (m_document->isEditable(layer)) rules.emplace_back(layer, ruleFor(layer, kind));
    }
    m_document->setRules(rules, mergeKey("cut", static_cast<int>(kind)));
}

void CutEditor::switchTo(Kind kind) {
    LayerRules rules;
    for (const model::LayerId layer : m_document->selectedLayers()) {
        if (!m_document->isEditable(layer)) continue;
        const CutContext context = m_document->cutContext(layer);
        const double threshold = m_document->cutThreshold(layer).value_or(0);
        prune::WeightRule rule = ruleFor(layer, Kind::Pattern);
        if (kind == Kind::Threshold && context.index) rule = ruleForCut(threshold, context);
        if (kind == Kind::Sparsity) rule = prune::WeightRule::sparsity(m_document->sparsity(layer));
        if (kind == Kind::Sigma && context.index && context.index->statistics().sigma > 0) {
            rule = prune::WeightRule::sigma(threshold / context.index->statistics().sigma);
        }
        if (rule.kind == kind || kind == Kind::Threshold) rules.emplace_back(layer, rule);
    }
    m_document->setRules(rules);
    refresh();
}

void CutEditor::refresh() {
    const model::LayerId id = m_document->selection();
    refreshEnabled();
    if (!m_document->hasModel() || !id.isValid()) return;
    const prune::WeightRule* rule = m_document->isEditable(id) ? m_document->rule(id) : nullptr;
    const CutContext context = m_document->cutContext(id);
    const auto previewed = m_document->previewedThreshold(id);
    const double threshold = previewed ? *previewed : m_document->cutThreshold(id).value_or(0);
    // As asked for, where it was asked for as a sparsity; the line below says what came of it.
    const bool isAsked = rule && rule->kind == Kind::Sparsity && !previewed;
    const double sparsity = isAsked ? rule->value : m_document->sparsityOfWhatIsLeft(id);
    const double sigma = context.index ? context.index->statistics().sigma : 0;
    if (context.index) {
        const QSignalBlocker thresholds(m_threshold);
        const QSignalBlocker sigmas(m_sigma);
        m_threshold->setMaximum(std::max(context.index->statistics().maxMagnitude, threshold));
        m_sigma->setMaximum(
            sigma > 0 ? std::max(context.index->statistics().maxMagnitude, threshold) / sigma : 0);
    }
    showNumber(m_threshold, threshold, halfOf(m_threshold));
    showNumber(m_sparsity, sparsity * 100, halfOf(m_sparsity));
    showNumber(m_sigma, sigma > 0 ? threshold / sigma : 0, halfOf(m_sigma));
    const QSignalBlocker slider(m_slider);
    if (!m_slider->isSliderDown())
        m_slider->setValue(static_cast<int>(std::lround(sparsity * kSliderSteps)));
    refreshKind(rule);
    QString line = style::counted(context.layer.weightCount, tr("Removes %1 of %2 weight, %3"),
                                  tr("Removes %1 of %2 weights, %3"));
    if (m_document->sparsityOfWhatIsLeft(id) != m_document->sparsity(id))
        line += tr(", channels included");
    setReadout(line.arg(text(exactCount(m_document->removed(id))),
                        text(exactCount(context.layer.weightCount)),
                        style::numberText(percent(m_document->sparsity(id), 2))));
}

void CutEditor::refreshEnabled() {
    const model::LayerId id = m_document->selection();
    const bool isEditable = m_document->isEditable(id);
    const bool hasIndex = isEditable && m_document->index(id);
    const bool followsMagnitude = hasIndex && m_document->cutContext(id).followsMagnitude;
    const auto enable = [this](Kind kind, QWidget* editor, bool enabled) {
        editor->setEnabled(enabled);
        setKindEnabled(static_cast<int>(kind), enabled);
    };
    enable(Kind::Threshold, m_threshold, followsMagnitude);
    enable(Kind::Sigma, m_sigma, hasIndex);
    enable(Kind::Sparsity, m_sparsity, isEditable);
    enable(Kind::Pattern, m_pattern, isEditable);
    m_slider->setEnabled(isEditable);
}

// The kind in force is marked; with no rule, none is.
void CutEditor::refreshKind(const prune::WeightRule* rule) {
    markKind(rule ? std::optional(static_cast<int>(rule->kind)) : std::nullopt);
    if (!rule || rule->kind != Kind::Pattern) return;
    const auto found = std::ranges::find_if(kPatterns, [rule](const PatternChoice& choice) {
        return choice.keep == rule->keep && choice.group == rule->group;
    });
    m_pattern->setCurrentIndex(found == std::end(kPatterns) ? -1
                                                            : static_cast<int>(found - kPatterns));
}

}  // namespace espalier::ui
