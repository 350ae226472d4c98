// SPDX-License-Identifier: GPL-3.0-or-later
// A main window under test, driven by object names and public actions.
#pragma once

#include <QAction>
#include <QDoubleSpinBox>
#include <QFile>
#include <QSpinBox>
#include <QStackedWidget>

#include "app/gui/main_window.h"
#include "core/project/examples.h"
#include "tests/support/gui_test.h"
#include "tests/support/tiny_data.h"
#include "ui/dialogs/dialogs.h"
#include "ui/document/workbench.h"
#include "ui/panels/message_bar.h"

namespace espalier::test {

constexpr int kPatienceMs = 60'000;  // for jobs on a busy machine

inline bool hasExample() {
    return std::filesystem::exists(project::lenet5Example().model);
}

class WindowProbe {
public:
    explicit WindowProbe(QSize size = {1440, 900}) {
        window.resize(size);
        window.show();
        (void)QTest::qWaitForWindowExposed(&window);
    }
    ~WindowProbe() { window.closeNow(); }

    QAction* action(const char* id) const { return find<QAction>(window, id); }
    void trigger(const char* id) const { action(id)->trigger(); }
    template <class Child>
    Child* child(const char* name) const {
        return find<Child>(window, name);
    }
    ui::Document& document() const { return *window.document(); }
    QString page() const { return child<QStackedWidget>("pages")->currentWidget()->objectName(); }
    const ui::MessageBar& messages() const { return *child<ui::MessageBar>("messageBar"); }
    QString messageText() const {
        return messages().hasMessage() ? messages().message().text : QString();
    }
    bool isError() const {
        return messages().hasMessage() && messages().message().level == ui::Message::Level::Error;
    }

    /// A copy of the example model in `folder`, so that nothing is written beside the original.
    static QString copyModel(const QString& folder) {
        const QString path = folder + QStringLiteral("/lenet5.pt");
        QFile::copy(QString::fromStdString(project::lenet5Example().model.string()), path);
        return path;
    }
    bool openModel(const QString& path) {
        window.openPath(path);
        return QTest::qWaitFor(
            [this] { return page() == QLatin1String("workspace") && document().masks(); },
            kPatienceMs);
    }
    bool attachTinyData(const QString& folder) {
        writeTinyMnist(folder.toStdString());
        data::DataSpec spec;
        spec.path = folder.toStdString();
        spec.preset = "mnist";
        window.workbench()->attachData(spec);
        return QTest::qWaitFor([this] { return document().dataset() != nullptr; }, kPatienceMs);
    }
    bool rest() {
        return QTest::qWaitFor([this] { return window.workbench()->jobs()->jobs().isEmpty(); },
                               kPatienceMs);
    }

    gui::MainWindow window;
    ui::DialogScript dialogs;
};

}  // namespace espalier::test
