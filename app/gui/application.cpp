// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/application.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QDir>
#include <QFileInfo>
#include <QSettings>
#include <QSysInfo>

#include "core/base/files.h"
#include "core/base/process.h"
#include "ui/dialogs/dialogs.h"
#include "ui/plots/plot_view.h"
#include "ui/style/icons.h"

namespace espalier::gui {
namespace {

const QString kThemeKey = QStringLiteral("window/theme");
constexpr int kUsageError = 2;

QString tr(const char* text) {
    return QCoreApplication::translate("Application", text);
}

}  // namespace

void setUpApplication(QApplication& application) {
    QCoreApplication::setOrganizationName(QStringLiteral("Espalier"));
    QCoreApplication::setApplicationName(QStringLiteral("Espalier"));
    QCoreApplication::setApplicationVersion(QString::fromStdString(version()));
    QGuiApplication::setApplicationDisplayName(QStringLiteral("Espalier"));
    QGuiApplication::setDesktopFileName(QStringLiteral("org.espalier.Espalier"));
    QGuiApplication::setWindowIcon(style::applicationIcon());
    style::applyTheme(application, storedTheme());
    plots::PlotView::setPathProvider(
        [](QWidget* parent, const QString& suggestedName, const QString& filter) {
            return ui::dialogs::saveFile(parent, {tr("Export plot"), suggestedName, filter});
        });
}

style::ThemeMode storedTheme() {
    const int stored = QSettings().value(kThemeKey, 0).toInt();
    return stored == 1   ? style::ThemeMode::Light
           : stored == 2 ? style::ThemeMode::Dark
                         : style::ThemeMode::System;
}

void setTheme(style::ThemeMode mode) {
    const int stored = mode == style::ThemeMode::Light ? 1 : mode == style::ThemeMode::Dark ? 2 : 0;
    QSettings().setValue(kThemeKey, stored);
    style::applyTheme(*qApp, mode);
}

CommandLine parseCommandLine(const QStringList& arguments) {
    QCommandLineParser parser;
    parser.setApplicationDescription(tr("Interactive pruning of TorchScript neural networks."));
    const QCommandLineOption help({QStringLiteral("h"), QStringLiteral("help")},
                                  tr("Shows this help."));
    const QCommandLineOption versionOption(QStringLiteral("version"), tr("Shows the version."));
    const QCommandLineOption example(QStringLiteral("example"),
                                     tr("Opens the example that comes with the program."));
    parser.addOptions({help, versionOption, example});
    parser.addPositionalArgument(QStringLiteral("FILE"),
                                 tr("A TorchScript model, a session, a plan or a recipe to open."),
                                 QStringLiteral("[FILE]"));
    CommandLine line;
    const auto leaveWith = [&line](int code, const QString& message) {
        line.exitCode = code;
        line.message = message;
        return line;
    };
    if (!parser.parse(arguments)) return leaveWith(kUsageError, parser.errorText());
    if (parser.isSet(help)) return leaveWith(0, parser.helpText().trimmed());
    if (parser.isSet(versionOption))
        return leaveWith(0, QStringLiteral("espalier ") + QString::fromStdString(version()));
    const QStringList files = parser.positionalArguments();
    if (files.size() > 1)
        return leaveWith(kUsageError,
                         tr("One file at a time: %1").arg(files.join(QLatin1Char(' '))));
    line.example = parser.isSet(example);
    if (!files.isEmpty()) line.file = QFileInfo(files.first()).absoluteFilePath();
    return line;
}

QString docsFolder() {
    const QDir resources(QString::fromStdString(resourcesDir().string()));
    const QString installed = resources.filePath(QStringLiteral("docs"));
    return QFileInfo::exists(installed)
               ? installed
               : QDir::cleanPath(resources.filePath(QStringLiteral("../docs")));
}

QString versionText() {
    return tr("Espalier %1\nLibTorch %2\nQt %3\n%4")
        .arg(QString::fromStdString(version()), QStringLiteral(ESPALIER_LIBTORCH_VERSION),
             QString::fromLatin1(qVersion()), QSysInfo::prettyProductName());
}

}  // namespace espalier::gui
