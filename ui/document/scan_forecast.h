// SPDX-License-Identifier: GPL-3.0-or-later
// How long a sensitivity scan would take, before anybody starts it.
#pragma once

#include <optional>

#include <QObject>

#include "core/measure/scan_estimate.h"

namespace espalier::ui {

class Document;
class JobRunner;

/// Lives on the GUI thread. Timing takes a second or two, in a job of its own.
class ScanForecast : public QObject {
    Q_OBJECT
public:
    ScanForecast(Document* document, JobRunner* jobs, QObject* parent);
    ~ScanForecast() override;

    /// The newest request wins. Nothing is estimated without a model and data, or of channels
    /// whose groups are not found yet.
    void ask(measure::ScanOptions options);
    /// What was estimated no longer holds, and what is being estimated is of no use.
    void forget();
    const std::optional<measure::ScanEstimate>& estimate() const { return m_estimate; }

Q_SIGNALS:
    void changed();

private:
    Document* m_document;
    JobRunner* m_jobs;
    std::optional<measure::ScanEstimate> m_estimate;
};

}  // namespace espalier::ui
