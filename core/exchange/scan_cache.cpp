// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exchange/scan_cache.h"

#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "core/base/files.h"
#include "core/base/format.h"
#include "core/base/log.h"

namespace espalier::exchange {

namespace {

using nlohmann::json;

constexpr auto kFormat = "espalier-sensitivity-cache";
constexpr int kVersion = 2;

/// JSON has no NaN: null stands for it.
double numberOf(const json& value) {
    return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

}  // namespace

ScanCache ScanCache::forModel(const model::Snapshot& snapshot) {
    return ScanCache(cacheDir() / "sensitivity" / (snapshot.weightsHash().substr(0, 16) + ".json"));
}

ScanCache::ScanCache(std::filesystem::path path) : m_path(std::move(path)) {
    std::error_code error;  // told when writing fails
    std::filesystem::create_directories(m_path.parent_path(), error);
    if (std::filesystem::exists(m_path, error)) load();
}

void ScanCache::load() {
    try {
        const auto text = readText(m_path);
        if (!text) throw std::runtime_error(text.error().why);
        const auto root = json::parse(*text);
        if (root.at("format") != kFormat || root.at("version") > kVersion)
            throw std::runtime_error("it is of another format");
        if (root.at("version") < kVersion) return;  // an earlier program's: measured anew
        for (const auto& [key, values] : root.at("points").items()) {
            m_figures[key] = {numberOf(values.at(0)), numberOf(values.at(1)),
                              numberOf(values.at(2)), numberOf(values.at(3))};
        }
    } catch (const std::exception& exception) {
        m_figures.clear();
        log(LogLevel::Warning, cat("Left out what was measured before: ", m_path.string(),
                                   " is damaged (", exception.what(), ")"));
    }
}

std::optional<measure::ScanFigures> ScanCache::find(const std::string& key) const {
    const auto found = m_figures.find(key);
    return found == m_figures.end() ? std::nullopt : std::optional(found->second);
}

void ScanCache::keep(const std::string& key, const measure::ScanFigures& figures) {
    m_figures[key] = figures;
    if (!m_isWritable) return;
    const auto written = writeTextAtomically(m_path, text());
    if (written) return;
    m_isWritable = false;
    log(LogLevel::Warning,
        "What is measured will not be there the next time: " + written.error().text());
}

std::string ScanCache::text() const {
    json points = json::object();
    for (const auto& [key, figures] : m_figures)
        points[key] = {figures.top1, figures.top5, figures.loss, figures.score};
    return json{{"format", kFormat}, {"version", kVersion}, {"points", points}}.dump(0) + "\n";
}

}  // namespace espalier::exchange
