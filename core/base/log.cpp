// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/log.h"

#include <exception>
#include <memory>
#include <mutex>

#include <spdlog/logger.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>

#include "core/base/files.h"

namespace espalier {

namespace {

constexpr std::size_t kLargestLog = 5'000'000;

/// A log that cannot be written must not keep the program from running.
std::unique_ptr<spdlog::logger> makeLogger() {
    spdlog::sink_ptr sink;
    try {
        sink =
            std::make_shared<spdlog::sinks::rotating_file_sink_mt>(logFilePath(), kLargestLog, 1);
    } catch (const std::exception&) {
        sink = std::make_shared<spdlog::sinks::null_sink_mt>();
    }
    auto logger = std::make_unique<spdlog::logger>("espalier", std::move(sink));
    logger->set_level(spdlog::level::debug);
    logger->flush_on(spdlog::level::debug);
    logger->set_error_handler([](const std::string&) {});
    return logger;
}

spdlog::logger& fileLogger() {
    static const std::unique_ptr<spdlog::logger> logger = makeLogger();
    return *logger;
}

/// Recursive, so that a listener may log; held during the call, so that none is called after it was
/// removed.
struct Listener {
    std::recursive_mutex mutex;
    std::function<void(LogLevel, const std::string&)> function;
};

Listener& listener() {
    static Listener instance;
    return instance;
}

spdlog::level::level_enum spdlogLevel(LogLevel level) {
    switch (level) {
        case LogLevel::Debug:
            return spdlog::level::debug;
        case LogLevel::Info:
            return spdlog::level::info;
        case LogLevel::Warning:
            return spdlog::level::warn;
        case LogLevel::Error:
            break;
    }
    return spdlog::level::err;
}

}  // namespace

void log(LogLevel level, std::string_view message) {
    fileLogger().log(spdlogLevel(level), spdlog::string_view_t(message.data(), message.size()));
    if (level == LogLevel::Debug) return;
    Listener& target = listener();
    const std::lock_guard lock(target.mutex);
    const auto function = target.function;  // a copy: the listener may replace itself
    if (function) function(level, std::string(message));
}

void setLogListener(std::function<void(LogLevel, const std::string&)> function) {
    Listener& target = listener();
    const std::lock_guard lock(target.mutex);
    target.function = std::move(function);
}

std::string logFilePath() {
    static const std::string path =
        (stateDir() / "espalier.log").string();  // stays where it was opened
    return path;
}

}  // namespace espalier
