// SPDX-License-Identifier: GPL-3.0-or-later
// The window's program: espalier [--example] [FILE].
#include <csignal>
#include <cstdio>
#include <optional>
#include <vector>

#include <QApplication>

#include "app/gui/application.h"
#include "app/gui/main_window.h"
#include "app/gui/unix_signals.h"
#include "core/base/log.h"
#include "core/base/process.h"

namespace {

using espalier::gui::CommandLine;

/// Prints what the command line asks for; the exit code when that was all.
std::optional<int> answer(const CommandLine& line) {
    if (line.exitCode)
        std::fprintf(*line.exitCode == 0 ? stdout : stderr, "%s\n", qUtf8Printable(line.message));
    return line.exitCode;
}

/// --help and --version must work without a display. Wrong usage waits: Qt's own options look wrong
/// until a QApplication has taken them out.
std::optional<int> answerWithoutDisplay(int argc, char** argv) {
    const QCoreApplication console(argc, argv);
    const CommandLine line = espalier::gui::parseCommandLine(QCoreApplication::arguments());
    return line.exitCode == 0 ? answer(line) : std::nullopt;
}

}  // namespace

int main(int argc, char** argv) {
    using namespace espalier;
    ensurePassiveOpenMp(argv);
    std::signal(SIGXFSZ, SIG_IGN);  // a file that grows too large is an error to report
    std::vector<char*> copy(argv, argv + argc + 1);  // Qt changes the list it is given
    if (const auto exitCode = answerWithoutDisplay(argc, copy.data())) return *exitCode;
    QApplication application(argc, argv);
    const CommandLine line = gui::parseCommandLine(QCoreApplication::arguments());
    if (const auto exitCode = answer(line)) return *exitCode;
    gui::setUpApplication(application);
    gui::MainWindow window;
    const gui::UnixSignals unixSignals;
    QObject::connect(&unixSignals, &gui::UnixSignals::terminationRequested, &window,
                     &gui::MainWindow::terminate);
    log(LogLevel::Info, "Espalier " + version());
    window.show();
    if (line.example) {
        window.openExample();
    } else if (!line.file.isEmpty()) {
        window.openPath(line.file);
    }
    return QApplication::exec();
}
