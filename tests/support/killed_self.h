// SPDX-License-Identifier: GPL-3.0-or-later
// A test program that starts itself once more, as the program that is going to be killed.
#pragma once

#include <csignal>
#include <functional>

#include <QCoreApplication>
#include <QProcess>
#include <QTest>

namespace espalier::test {

/// Runs this program with `variable` set to `value`, kills it as soon as `isTime`, and tells
/// whether that went so.
inline bool startAndKillSelf(const QString& variable, const QString& value,
                             const std::function<bool()>& isTime, int patienceMs) {
    QProcess program;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(variable, value);
    program.setProcessEnvironment(environment);
    program.setProcessChannelMode(QProcess::ForwardedChannels);
    program.start(QCoreApplication::applicationFilePath(), {});
    if (!program.waitForStarted()) return false;
    const bool wasTime = QTest::qWaitFor(isTime, patienceMs);
    ::kill(static_cast<pid_t>(program.processId()), SIGKILL);
    return program.waitForFinished() && wasTime;
}

}  // namespace espalier::test
