// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/style/icon_paths.h"

#include <QByteArray>
#include <array>

namespace espalier::style {

namespace {

// In the order of enum Icon.
// clang-format off
constexpr std::array<const char*, kIconCount> kDrawings{
    // Open, Save, Export
    "M 1.5 13 L 1.5 3 L 6 3 L 7.5 5 L 13 5 L 13 7 M 1.5 13 L 4 7.5 L 15 7.5 L 12.5 13 Z",
    "M 2 2 L 11.5 2 L 14 4.5 L 14 14 L 2 14 Z M 5 2 L 5 6 L 10.5 6 L 10.5 2"
    " M 4.5 14 L 4.5 9.5 L 11.5 9.5 L 11.5 14",
    "M 8 10 L 8 1.5 M 5 4.5 L 8 1.5 L 11 4.5 M 4 7 L 2.5 7 L 2.5 14 L 13.5 14 L 13.5 7 L 12 7",
    // Copy, Close, Folder, Data, Model
    "R 5.5 5.5 8.5 8.5 M 3.5 10.5 L 2 10.5 L 2 2 L 10.5 2 L 10.5 3.5",
    "M 3.5 3.5 L 12.5 12.5 M 12.5 3.5 L 3.5 12.5",
    "M 1.5 13 L 1.5 3 L 6 3 L 7.5 5 L 14.5 5 L 14.5 13 Z",
    "M 2.5 3.8 C 2.5 1.4 13.5 1.4 13.5 3.8 C 13.5 6.2 2.5 6.2 2.5 3.8 L 2.5 12.2 C 2.5 14.6"
    " 13.5 14.6 13.5 12.2 L 13.5 3.8"
    " M 2.5 8 C 2.5 10.4 13.5 10.4 13.5 8",
    "O 3.5 4 1.7 O 3.5 12 1.7 O 12.5 8 1.7 M 5 4.7 L 11 7.3 M 5 11.3 L 11 8.7",
    // Undo, Redo, Lock, Unlock
    "M 5.5 2.5 L 2.5 5.5 L 5.5 8.5 M 2.5 5.5 L 9.5 5.5 C 15 5.5 15 13 9.5 13 L 6 13",
    "M 10.5 2.5 L 13.5 5.5 L 10.5 8.5 M 13.5 5.5 L 6.5 5.5 C 1 5.5 1 13 6.5 13 L 10 13",
    "R 3.5 7 9 7 M 5.5 7 L 5.5 5 C 5.5 1.2 10.5 1.2 10.5 5 L 10.5 7",
    "R 3.5 7 9 7 M 5.5 7 L 5.5 4.5 C 5.5 0.9 10.2 0.9 10.5 4",
    // Add, Remove, Search, Settings, Filter
    "M 8 3 L 8 13 M 3 8 L 13 8",
    "M 3 8 L 13 8",
    "O 7 7 4.5 M 10.3 10.3 L 14 14",
    "M 2 4.5 L 7 4.5 M 11 4.5 L 14 4.5 O 9 4.5 1.8 M 2 11.5 L 4 11.5"
    " M 8 11.5 L 14 11.5 O 6 11.5 1.8",
    "M 2 3 L 14 3 L 9.5 8.5 L 9.5 13.5 L 6.5 12 L 6.5 8.5 Z",
    // Start, Pause, Stop, Train
    "F M 4.5 2.5 L 13 8 L 4.5 13.5 Z",
    "F R 4 3 3 10 R 9 3 3 10",
    "F R 3.5 3.5 9 9",
    "M 1.5 2 L 1.5 14 L 14.5 14 M 4 4 C 5 9.5 8 11 13.5 11",
    // Sensitivity, Measure, Latency
    "M 1.5 2 L 1.5 14 L 14.5 14 M 3.5 4 L 8 4.5 C 11 5 12 8 13.5 12 M 3.5 6.5 C 6 7 7 9 8.5 12",
    "M 2.5 12.5 C 0.5 7.5 3 3.5 8 3.5 C 13 3.5 15.5 7.5 13.5 12.5 M 8 10.5 L 11 6.5 F O 8 10.5 1.3",
    "O 8 8 6.2 M 8 4.2 L 8 8 L 10.8 9.8",
    // Histogram, Heatmap, Curves, Compare
    "M 1.5 14 L 14.5 14 F R 2.5 9 2.2 4 R 5.5 5 2.2 8 R 8.5 3 2.2 10 R 11.5 8 2.2 5",
    "R 2 2 12 12 M 6 2 L 6 14 M 10 2 L 10 14 M 2 6 L 14 6 M 2 10 L 14 10 F R 6 6 4 4 R 2 10 4 4",
    "M 1.5 2 L 1.5 14 L 14.5 14 M 4 11 L 7 7 L 9.5 9 L 13.5 3.5",
    "R 2 2 4.5 12 R 9.5 2 4.5 12 M 2 7 L 6.5 7 M 9.5 10 L 14 10",
    // ZoomReset, Pin, History, Expand, Help
    "M 2 6 L 2 2 L 6 2 M 10 2 L 14 2 L 14 6 M 14 10 L 14 14 L 10 14"
    " M 6 14 L 2 14 L 2 10 R 5.5 5.5 5 5",
    "M 5.5 2 L 10.5 2 M 6.5 2 L 6 7 L 3.5 9.5 L 12.5 9.5 L 10 7 L 9.5 2 M 8 9.5 L 8 14.5",
    "O 4 3.5 1.7 O 4 12.5 1.7 O 12 8 1.7 M 4 5.2 L 4 10.8 M 4 8 L 10.3 8",
    "M 6 3.5 L 10.5 8 L 6 12.5",
    "O 8 8 6.2 M 6 6.3 C 6 3.6 10 3.6 10 6.2 C 10 7.8 8 7.8 8 9.3 F O 8 11.6 0.9",
    // Info, Warning, Error, Success
    "O 8 8 6.2 M 8 7.3 L 8 11.5 F O 8 4.9 0.9",
    "M 8 2 L 14.8 13.8 L 1.2 13.8 Z M 8 6.3 L 8 9.8 F O 8 11.8 0.8",
    "O 8 8 6.2 M 5.6 5.6 L 10.4 10.4 M 10.4 5.6 L 5.6 10.4",
    "O 8 8 6.2 M 5 8.2 L 7.2 10.4 L 11 5.8",
    // Cut, Group
    "O 4 12 2 O 12 12 2 M 5.2 10.4 L 11.5 1.8 M 10.8 10.4 L 4.5 1.8",
    "M 6.5 9.5 L 9.5 6.5 M 7.5 4.5 L 9 3 C 11.5 0.5 15.5 4.5 13 7 L 11.5 8.5"
    " M 8.5 11.5 L 7 13 C 4.5 15.5 0.5 11.5 3 9 L 4.5 7.5",
    // Conv, Linear, Norm
    "R 2 2 8 8 M 6 2 L 6 10 M 2 6 L 10 6 M 12.5 6 L 14 6 L 14 14 L 6 14 L 6 12.5",
    "O 3.5 3.5 1.5 O 3.5 12.5 1.5 O 12.5 3.5 1.5 O 12.5 12.5 1.5"
    " M 5 3.5 L 11 3.5 M 5 12.5 L 11 12.5 M 4.6 4.6 L 11.4 11.4 M 4.6 11.4 L 11.4 4.6",
    "M 1.5 13 C 6.5 13 5.5 3 8 3 C 10.5 3 9.5 13 14.5 13 M 8 6 L 8 13",
    // Embedding, OtherLayer
    "R 2 2.5 12 11 M 2 6.2 L 14 6.2 M 2 9.8 L 14 9.8 M 6 2.5 L 6 13.5",
    "R 2.5 4 11 8 F O 5.5 8 0.8 O 8 8 0.8 O 10.5 8 0.8",
};
// clang-format on

class DrawingReader {
public:
    explicit DrawingReader(const char* drawing)
        : m_words(QByteArray(drawing).simplified().split(' ')) {}

    IconPaths read() {
        while (m_next < m_words.size() && step()) {
        }
        return m_paths;
    }

private:
    double number() { return m_next < m_words.size() ? m_words[m_next++].toDouble() : 0; }
    QPointF point() {
        const double x = number();
        return {x, number()};
    }
    QPainterPath& path() { return m_isArea ? m_paths.areas : m_paths.lines; }

    bool step() {
        switch (m_words[m_next++].at(0)) {
            case 'M':
                path().moveTo(point());
                return true;
            case 'L':
                path().lineTo(point());
                return true;
            case 'Z':
                path().closeSubpath();
                return true;
            case 'F':
                m_isArea = true;
                return true;
            case 'C':
                curve();
                return true;
            case 'O':
                circle();
                return true;
            case 'R':
                rectangle();
                return true;
            default:
                return false;
        }
    }
    void curve() {
        const QPointF first = point();
        const QPointF second = point();
        path().cubicTo(first, second, point());
    }
    void circle() {
        const QPointF centre = point();
        const double radius = number();
        path().addEllipse(centre, radius, radius);
    }
    void rectangle() {
        const QPointF corner = point();
        const double width = number();
        path().addRect({corner, QSizeF(width, number())});
    }

    QList<QByteArray> m_words;
    IconPaths m_paths;
    int m_next = 0;
    bool m_isArea = false;
};

}  // namespace

IconPaths parsedPaths(const char* drawing) {
    if (QByteArray(drawing).trimmed().isEmpty()) return {};
    return DrawingReader(drawing).read();
}

IconPaths iconPaths(Icon icon) {
    return parsedPaths(kDrawings[static_cast<std::size_t>(icon)]);
}

}  // namespace espalier::style
