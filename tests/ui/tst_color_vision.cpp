// SPDX-License-Identifier: GPL-3.0-or-later
// Whether colours that mean different things stay apart for eyes that see red and green alike.
// Simulated after Machado, Oliveira and Fernandes (2009), severity 1; distances are CIE76 in Lab.
#include <QTest>
#include <algorithm>
#include <array>
#include <cmath>

#include "ui/plots/gradients.h"
#include "ui/style/colors.h"
#include "ui/style/fusion.h"
#include "ui/style/theme.h"

using namespace espalier;

namespace {

using Triple = std::array<double, 3>;
using Matrix = std::array<Triple, 3>;

constexpr Matrix kNormal{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
constexpr Matrix kProtan{{{0.152286, 1.052583, -0.204868},
                          {0.114503, 0.786281, 0.099216},
                          {-0.003882, -0.048116, 1.051998}}};
constexpr Matrix kDeutan{{{0.367322, 0.860646, -0.227968},
                          {0.280085, 0.672501, 0.047413},
                          {-0.011820, 0.042940, 0.968881}}};
constexpr Matrix kXyz{
    {{0.4124, 0.3576, 0.1805}, {0.2126, 0.7152, 0.0722}, {0.0193, 0.1192, 0.9505}}};

Triple times(const Matrix& matrix, const Triple& value) {
    Triple result{};
    for (std::size_t row = 0; row < 3; ++row) {
        for (std::size_t column = 0; column < 3; ++column)
            result[row] += matrix[row][column] * value[column];
    }
    return result;
}

Triple labOf(const QColor& color, const Matrix& eye) {
    const auto linear = [](double c) {
        return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
    };
    Triple seen = times(eye, {linear(color.redF()), linear(color.greenF()), linear(color.blueF())});
    for (double& part : seen) part = std::clamp(part, 0.0, 1.0);
    const Triple xyz = times(kXyz, seen);
    const auto f = [](double t) {
        return t > 216.0 / 24389 ? std::cbrt(t) : (24389.0 / 27 * t + 16) / 116;
    };
    const double x = f(xyz[0] / 0.9505);
    const double y = f(xyz[1]);
    const double z = f(xyz[2] / 1.089);
    return {116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

double distance(const QColor& a, const QColor& b, const Matrix& eye) {
    const Triple first = labOf(a, eye);
    const Triple second = labOf(b, eye);
    return std::hypot(first[0] - second[0], first[1] - second[1], first[2] - second[2]);
}

}  // namespace

class TestColorVision : public QObject {
    Q_OBJECT
private:
    static void rows() {
        QTest::addColumn<bool>("isDark");
        QTest::addColumn<int>("eye");
        for (const bool isDark : {false, true}) {
            const char* theme = isDark ? "dark" : "light";
            QTest::addRow("%s, all colours", theme) << isDark << 0;
            QTest::addRow("%s, protanopia", theme) << isDark << 1;
            QTest::addRow("%s, deuteranopia", theme) << isDark << 2;
        }
    }
    /// Of the row that runs.
    static QPalette palette() {
        QFETCH(bool, isDark);
        return isDark ? style::darkPalette() : style::lightPalette();
    }
    static const Matrix& eye() {
        static const std::array<const Matrix*, 3> kEyes{&kNormal, &kProtan, &kDeutan};
        QFETCH(int, eye);
        return *kEyes[static_cast<std::size_t>(eye)];
    }

private Q_SLOTS:
    void simulationAgreesWithKnownColours() {
        QVERIFY(distance(Qt::red, Qt::green, kNormal) > 100);
        // Lab of sRGB red is known; and red and a certain dark yellow are one colour to a deutan.
        const Triple red = labOf(Qt::red, kNormal);
        QVERIFY(std::abs(red[0] - 53.2) < 0.5 && std::abs(red[1] - 80.1) < 0.5);
        QVERIFY(distance(QColor(255, 0, 0), QColor(163, 144, 0), kDeutan) < 8);
        QVERIFY(distance(QColor(255, 0, 0), QColor(163, 144, 0), kNormal) > 60);
    }

    void keptAndRemovedStayApart_data() { rows(); }
    void keptAndRemovedStayApart() {
        const style::Colors& colors = style::colorsFor(palette());
        QVERIFY(distance(colors.kept, colors.removed, eye()) > 40);
        QVERIFY(distance(colors.kept, colors.locked, eye()) > 20);
        QVERIFY(distance(colors.removed, colors.locked, eye()) > 20);
    }

    void removedCellsAreToldFromEveryValue_data() { rows(); }
    void removedCellsAreToldFromEveryValue() {
        for (const auto kind : {plots::HeatmapKind::Diverging, plots::HeatmapKind::Sequential}) {
            auto gradient = plots::gradientFor(kind, palette());
            double nearest = 1000;
            for (int level = 0; level <= 255; ++level) {
                const QColor value = gradient.color(level, QCPRange(0, 255));
                // What is seen of a removed cell is its fill and the lines on it.
                const double fill = distance(style::removedCellFill(palette()), value, eye());
                const double lines = distance(style::removedCellHatch(palette()), value, eye());
                nearest = std::min(nearest, std::max(fill, lines));
                QVERIFY2(fill > 6, qPrintable(QString("level %1: %2").arg(level).arg(fill)));
            }
            QVERIFY2(nearest > 20, qPrintable(QString::number(nearest)));
        }
    }

    void whatIsNotMeasuredIsToldFromEveryValue_data() { rows(); }
    void whatIsNotMeasuredIsToldFromEveryValue() {
        auto gradient = plots::gradientFor(plots::HeatmapKind::Sequential, palette());
        const QColor none = gradient.color(std::nan(""), QCPRange(0, 255));
        QCOMPARE(none.alpha(), 255);
        for (int level = 0; level <= 255; ++level) {
            const double apart = distance(none, gradient.color(level, QCPRange(0, 255)), eye());
            QVERIFY2(apart > 8, qPrintable(QString("level %1: %2").arg(level).arg(apart)));
        }
        // Nothing lost is the most frequent value beside it.
        QVERIFY(distance(none, gradient.color(0, QCPRange(0, 255)), eye()) > 30);
    }

    void positiveAndNegativeWeightsStayApart_data() { rows(); }
    void positiveAndNegativeWeightsStayApart() {
        auto gradient = plots::gradientFor(plots::HeatmapKind::Diverging, palette());
        for (int level = 0; level <= 64; ++level) {
            const QColor low = gradient.color(level, QCPRange(0, 255));
            const QColor high = gradient.color(255 - level, QCPRange(0, 255));
            QVERIFY(distance(low, high, eye()) > 30);
        }
    }

    void seriesStayApart_data() { rows(); }
    void seriesStayApart() {
        for (int first = 0; first < style::kSeriesColors; ++first) {
            for (int second = first + 1; second < style::kSeriesColors; ++second) {
                const double apart = distance(style::seriesColor(palette(), first),
                                              style::seriesColor(palette(), second), eye());
                QVERIFY2(apart > 8,
                         qPrintable(QString("%1 and %2: %3").arg(first).arg(second).arg(apart)));
            }
        }
    }

    void boxesToCheckAreSeen_data() { rows(); }
    void boxesToCheckAreSeen() {
        QVERIFY(style::contrast(style::outline(palette()), palette().color(QPalette::Base)) > 3);
        QVERIFY(style::contrast(style::outline(palette()), palette().color(QPalette::Window)) > 3);
    }
};

QTEST_MAIN(TestColorVision)
#include "tst_color_vision.moc"
