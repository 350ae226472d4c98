// SPDX-License-Identifier: GPL-3.0-or-later
// The window's program: espalier [--example] [FILE].
#include <cstdio>

#include <QApplication>

#include "app/gui/application.h"
#include "app/gui/main_window.h"
#include "app/gui/unix_signals.h"
#include "core/base/process.h"

namespace {

/// Answers --help, --version and wrong usage, which must work without a display.
std::optional<int> answerWithoutWindow(int argc, char** argv, espalier::gui::CommandLine& line) {
    const QCoreApplication console(argc, argv);
    line = espalier::gui::parseCommandLine(QCoreApplication::arguments());
    if (line.exitCode) std::fprintf(*line.exitCode == 0 ? stdout : stderr, "%s\n", qUtf8Printable(line.message));
    return line.exitCode;
}

}  // namespace

int main(int argc, char** argv) {
    using namespace espalier;
    ensurePassiveOpenMp(argv);
    gui::CommandLine line;
    {
        int count = argc;  // Qt takes its own arguments out of what it is given
        std::vector<char*> arguments(argv, argv + argc + 1);
        if (const auto exitCode = answerWithoutWindow(count, arguments.data(), line)) return *exitCode;
    }
    QApplication application(argc, argv);
    gui::setUpApplication(application);
    gui::MainWindow window;
    const gui::UnixSignals signals_;
    QObject::connect(&signals_, &gui::UnixSignals::terminationRequested, &window, &gui::MainWindow::closeNow);
    window.show();
    if (line.example) {
        window.openExample();
    } else if (!line.file.isEmpty()) {
        window.openPath(line.file);
    }
    return QApplication::exec();
}
