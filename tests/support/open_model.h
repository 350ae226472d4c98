// SPDX-License-Identifier: GPL-3.0-or-later
// A document with its workbench and, on demand, a model and data in it.
#pragma once

#include <QSignalSpy>
#include <QTest>

#include "core/project/examples.h"
#include "tests/support/tiny_data.h"
#include "ui/document/workbench.h"

namespace espalier::test {

constexpr int kPatienceMs = 60'000;  // for jobs on a busy machine

struct OpenModel {
    ui::Document document;
    ui::JobRunner jobs;
    ui::Workbench workbench{&document, &jobs};

    ~OpenModel() { (void)workbench.shutDown(); }

    static bool hasExample() { return std::filesystem::exists(project::lenet5Example().model); }

    bool open(const std::filesystem::path& path = project::lenet5Example().model) {
        workbench.openModel(path);
        return QTest::qWaitFor([this] { return document.hasModel() && document.masks(); },
                               kPatienceMs);
    }

    bool attach(const std::filesystem::path& folder) {
        writeTinyMnist(folder);
        data::DataSpec spec;
        spec.path = folder;
        spec.preset = "mnist";
        workbench.attachData(spec);
        return QTest::qWaitFor([this] { return document.dataset() != nullptr; }, kPatienceMs);
    }

    /// Nothing runs and nothing waits.
    bool rest() {
        return QTest::qWaitFor([this] { return jobs.jobs().isEmpty(); }, kPatienceMs);
    }
};

}  // namespace espalier::test
