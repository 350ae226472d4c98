// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/result.h"

#include <array>
#include <new>

#include "core/base/log.h"

namespace espalier {

namespace {

constexpr std::size_t kLongestCause = 400;

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

std::string closed(const std::string& sentence) {
    return sentence.empty() || contains(".?!", {&sentence.back(), 1}) ? sentence : sentence + ".";
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n";
    const auto first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string_view firstLine(std::string_view text) {
    text = trimmed(text);
    return trimmed(text.substr(0, text.find('\n')));
}

/// The line for people. TorchScript's own errors open with a traceback and name the cause near
/// their end.
std::string_view causeIn(std::string_view message) {
    constexpr std::string_view kInterpreter = "The following operation failed in the TorchScript";
    constexpr std::string_view kCause = "Error: ";
    const auto head = firstLine(message);
    if (!head.starts_with(kInterpreter)) return head;
    const auto cause = message.rfind(kCause);
    return cause == std::string_view::npos ? head
                                           : firstLine(message.substr(cause + kCause.size()));
}

/// The text without a full stop at its end, which `Error::text` sets itself, and of a length that
/// can be read.
std::string readable(std::string_view text) {
    while (text.ends_with('.')) text.remove_suffix(1);
    if (text.size() <= kLongestCause) return std::string(text);
    auto end = kLongestCause;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    return std::string(text.substr(0, end)) + "…";
}

bool saysOutOfMemory(std::string_view message) {
    constexpr std::array<std::string_view, 4> kSigns = {
        "not enough memory", "can't allocate memory", "out of memory", "Cannot allocate memory"};
    for (const auto sign : kSigns) {
        if (contains(message, sign)) return true;
    }
    return false;
}

/// "CUDA" when PyTorch says that it has nothing to run on such a device; else empty.
std::string_view missingDevice(std::string_view message) {
    constexpr std::string_view kBefore = "with arguments from the '";
    const auto before = message.find(kBefore);
    if (before != std::string_view::npos) {
        const auto name = message.substr(before + kBefore.size());
        return name.substr(0, name.find('\''));
    }
    for (const std::string_view sign : {"not compiled with CUDA", "with support for cuda"}) {
        if (contains(message, sign)) return "CUDA";
    }
    return {};
}

}  // namespace

std::string Error::text() const {
    std::string text = what;
    if (!why.empty()) text += (text.empty() ? "" : ": ") + why;
    if (hint.empty()) return text;
    return text.empty() ? closed(hint) : closed(text) + " " + closed(hint);
}

namespace detail {

Error errorFromException(std::string_view what, const std::exception& exception) {
    const std::string_view message = exception.what();
    log(LogLevel::Debug, std::string(what) + ": " + std::string(message));
    Error error{Error::Kind::Failed, std::string(what), {}, {}};
    if (dynamic_cast<const std::bad_alloc*>(&exception) || saysOutOfMemory(message)) {
        error.why = "there is not enough memory";
        error.hint = "Close other programs, or use a smaller batch or a smaller model.";
    } else if (contains(message, "No space left") || contains(message, "Disk quota exceeded")) {
        error.kind = Error::Kind::WriteFailed;
        error.why = "the disk is full";
        error.hint = "Free some space, or choose another folder.";
    } else if (const auto device = missingDevice(message); !device.empty()) {
        error.why = "it asks for the device " + std::string(device) + ", which is not there";
        error.hint =
            "Script or trace the model on the CPU, or open it on a machine with such a device.";
    } else {
        error.why = readable(causeIn(message));
    }
    return error;
}

}  // namespace detail

}  // namespace espalier
