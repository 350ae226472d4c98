// SPDX-License-Identifier: GPL-3.0-or-later
// The sensitivity scan of what is shown: started, stopped, and the curves as they come.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <QObject>

#include "core/measure/sensitivity.h"

namespace espalier::ui {

class Document;
class JobRunner;

/// Lives on the GUI thread. Curves are of the current weights and data: with others they are
/// forgotten, and what was measured comes back from the cache when it is scanned again.
class SensitivityScan : public QObject {
    Q_OBJECT
public:
    SensitivityScan(Document* document, JobRunner* jobs, QObject* parent);

    /// Scans `options.structure` with the layer that is looked at first; replaces a scan under way.
    /// Points that were measured alike stay meanwhile, and all stay where the scan ends before it
    /// has any.
    void start(measure::ScanOptions options);
    void stop();
    bool isRunning() const { return m_job != 0; }
    std::optional<Progress> progress() const;

    const measure::ScanOptions& options() const { return m_shown.options; }
    const measure::Metric& metric() const { return m_shown.metric; }
    std::optional<measure::ScanFigures> dense() const { return m_shown.dense; }
    /// What was lost at a point, as Metric::drop counts; the dense model is measured.
    double dropOf(const measure::ScanPoint& point) const;
    /// One for each that can be pruned, in the model's order, with the points so far.
    const std::vector<measure::SensitivityCurve>& curves() const { return m_shown.curves; }
    bool hasPoints() const;
    /// By name of the curve; -1: none.
    int indexOf(const std::string& name) const;
    /// The curve of a layer's weight, or of the group of its output channels; -1: none.
    int indexOf(model::LayerId layer) const;
    /// The first layer that a curve is of; invalid when there is none.
    model::LayerId layerOf(int curve) const;

    /// The largest sparsity of a curve that loses at most `drop` (0.01: a point, or 1 % of a loss),
    /// as far as it is measured; 0 when every measured one loses more, none without points.
    std::optional<double> largest(int curve, double drop) const;

    /// What was lost at each level, by name of the curve; empty before the dense model is measured.
    std::map<std::string, prune::DropCurve> dropCurves() const;

    /// Whether the plan ranks what was scanned as the scan did.
    bool isOfPlansCriterion() const;

    // Edits of the Document, each one undo step. A plan that ranks otherwise ranks like the scan
    // from then on, for only so a point says what comes of it.
    void setSparsity(int curve, double sparsity);
    /// Every measured curve at its largest sparsity.
    void setLargest(double drop);

Q_SIGNALS:
    void curvesChanged();
    void runningChanged();
    void progressed();
    void failed(const espalier::Error& error);
    void noted(const QString& text);

private:
    /// What is shown of one scan.
    struct Shown {
        measure::ScanOptions options{};
        measure::Metric metric{};
        std::optional<measure::ScanFigures> dense{};
        std::vector<measure::SensitivityCurve> curves{};
    };

    void forget();
    void prepare(measure::ScanOptions options);
    std::vector<measure::SensitivityCurve> emptyCurves() const;
    void finish(const Result<measure::Sensitivity>& result);
    void add(const measure::ScanPoint& point);
    bool isOfChannels() const;
    std::string targetOf(model::LayerId layer) const;
    void setLargestChannels(double drop);
    prune::Plan planAsMeasured();

    Document* m_document;
    JobRunner* m_jobs;
    Shown m_shown;
    Shown m_before;  // of the scan before, in case that this one fails at once
    /// What is looked at comes next in the scan under way.
    std::shared_ptr<measure::ScanWish> m_wish = std::make_shared<measure::ScanWish>();
    int m_job = 0;
};

}  // namespace espalier::ui
