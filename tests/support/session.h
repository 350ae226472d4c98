// SPDX-License-Identifier: GPL-3.0-or-later
// A document with all that works on it, and the files that tests open.
#pragma once

#include <filesystem>

#include <QSignalSpy>
#include <QTest>

#include "ui/document/document.h"
#include "ui/document/workbench.h"
#include "ui/jobs/job_runner.h"

namespace espalier::test {

/// A TorchScript file written by tests/python/fixtures/make_fixtures.py.
inline std::filesystem::path fixture(const char* name) {
    return std::filesystem::path(qEnvironmentVariable("ESPALIER_FIXTURES").toStdString()) / name;
}

inline std::filesystem::path path(const QString& text) {
    return text.toStdString();
}

/// Ends the test function with a word when a file it needs is not there.
#define NEED_FILE(file)                 \
    if (!std::filesystem::exists(file)) \
    QSKIP(("needs " + std::filesystem::path(file).string()).c_str())

struct Session {
    ui::Document document;
    ui::JobRunner jobs;
    ui::Workbench workbench{&document, &jobs};

    bool settle(int timeoutMs = 60000) {
        return QTest::qWaitFor([this] { return jobs.jobs().isEmpty(); }, timeoutMs);
    }
    /// Opens and waits for statistics and masks too.
    bool open(const std::filesystem::path& file,
              const std::vector<script::InputSpec>& inputs = {}) {
        const QSignalSpy opened(&workbench, &ui::Workbench::opened);
        workbench.openModel(file, inputs);
        return settle() && opened.count() == 1 && document.masks() != nullptr;
    }
    model::LayerId layer(const char* name) const {
        return document.snapshot()->find(name).value_or(model::LayerId{});
    }
};

}  // namespace espalier::test
