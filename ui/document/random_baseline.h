// SPDX-License-Identifier: GPL-3.0-or-later
// What layers lose when weights or channels are taken at random: the curve that any criterion has
// to beat.
#pragma once

#include <map>
#include <string>

#include <QObject>

#include "core/base/result.h"
#include "core/measure/sensitivity.h"

namespace espalier::ui {

class Document;
class JobRunner;
class SensitivityScan;

/// Lives on the GUI thread. Measured layer by layer, on the samples and levels of the scan that it
/// stands beside; forgotten when that scan's weights, data or options change.
class RandomBaseline : public QObject {
    Q_OBJECT
public:
    RandomBaseline(Document* document, JobRunner* jobs, const SensitivityScan* scan,
                   QObject* parent);

    /// Whether there is a scan of another criterion to stand beside.
    bool isOffered() const;
    /// Measures the baseline of one of the scan's curves, unless it is known, under way, or failed
    /// when it was last tried.
    void measure(const std::string& name);
    /// What failed may be tried again.
    void forgetFailure() { m_failed.clear(); }
    bool isMeasuring() const { return m_job != 0; }
    /// Points by ascending sparsity; null: not measured.
    const measure::SensitivityCurve* curve(const std::string& name) const;

Q_SIGNALS:
    void changed();
    void failed(const espalier::Error& error);

private:
    measure::ScanOptions optionsFor(const std::string& name) const;
    void followScan();
    void take(const std::string& name, const Result<measure::Sensitivity>& result);

    Document* m_document;
    JobRunner* m_jobs;
    const SensitivityScan* m_scan;
    measure::ScanOptions m_options;  // of the scan that m_curves stand beside
    std::map<std::string, measure::SensitivityCurve> m_curves;
    std::string m_name;    // being measured
    std::string m_failed;  // the last one that could not be
    int m_job = 0;
};

}  // namespace espalier::ui
