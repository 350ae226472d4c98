// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/input_spec.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace espalier::script {

namespace {

constexpr std::array<std::pair<DType, std::string_view>, 8> kNames = {{
    {DType::Float32, "float32"},
    {DType::Float64, "float64"},
    {DType::Float16, "float16"},
    {DType::BFloat16, "bfloat16"},
    {DType::Int64, "int64"},
    {DType::Int32, "int32"},
    {DType::UInt8, "uint8"},
    {DType::Bool, "bool"},
}};
constexpr std::string_view kListPrefix = "list:";
/// More elements than any memory holds: such a shape is a slip of the finger.
constexpr std::int64_t kMostElements = std::int64_t{1} << 40;

bool isInteger(DType dtype) {
    return dtype == DType::Int64 || dtype == DType::Int32 || dtype == DType::UInt8;
}

/// The number that is all of `text`, if it is one.
template <class Number>
std::optional<Number> numberIn(std::string_view text) {
    Number number{};
    const char* end = text.data() + text.size();
    const auto [last, failed] = std::from_chars(text.data(), end, number);
    if (failed != std::errc() || last != end) return std::nullopt;
    return number;
}

/// What stands before `separator`; the rest, without it, stays in `text`.
std::string_view takeUntil(std::string_view& text, char separator) {
    const auto end = text.find(separator);
    const auto part = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    return part;
}

Error wrongForm(std::string_view text, std::string why) {
    return {Error::Kind::BadArgument, "Cannot understand the input \"" + std::string(text) + "\"",
            std::move(why),
            "Write the shape, then if needed the type and the range of values, as in 1x3x224x224, "
            "1x128:int64:0..30522 or list:3x320x320."};
}

Result<std::vector<std::int64_t>> parseShape(std::string_view whole, std::string_view text) {
    std::vector<std::int64_t> shape;
    std::int64_t elements = 1;
    // Behind an "x" there has to be another number, so the end is looked for by hand.
    for (bool isMore = true; isMore;) {
        isMore = text.find('x') != std::string_view::npos;
        const auto part = takeUntil(text, 'x');
        const auto size = numberIn<std::int64_t>(part);
        if (!size) return wrongForm(whole, "\"" + std::string(part) + "\" is no dimension");
        if (*size < 1) return wrongForm(whole, "every dimension must be at least 1");
        if (*size > kMostElements / elements)
            return wrongForm(whole, "a tensor of that shape is too large");
        elements *= *size;
        shape.push_back(*size);
    }
    return shape;
}

std::optional<DType> dtypeIn(std::string_view text) {
    for (const auto& [dtype, spelling] : kNames) {
        if (spelling == text) return dtype;
    }
    return std::nullopt;
}

Result<ValueRange> parseRange(std::string_view whole, std::string_view text, DType dtype) {
    const auto dots = text.find("..");
    if (dots == std::string_view::npos)
        return wrongForm(whole, "\"" + std::string(text) + "\" is no range");
    const auto low = numberIn<double>(text.substr(0, dots));
    const auto high = numberIn<double>(text.substr(dots + 2));
    if (!low || !high || !std::isfinite(*low) || !std::isfinite(*high)) {
        return wrongForm(whole, "\"" + std::string(text) + "\" is no range of numbers");
    }
    if (!(*low < *high)) return wrongForm(whole, "the range must end above its start");
    if (dtype == DType::Bool) return wrongForm(whole, "bool takes no range");
    if (isInteger(dtype) && (std::floor(*low) != *low || std::floor(*high) != *high)) {
        return wrongForm(whole, "the range of an integer type must be of whole numbers");
    }
    return ValueRange{*low, *high};
}

/// The shortest form that reads back as the same number.
std::string plain(double number) {
    std::array<char, 32> buffer{};
    const auto [end, failed] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
    return failed == std::errc() ? std::string(buffer.data(), end) : std::string();
}

}  // namespace

std::string_view name(DType dtype) {
    for (const auto& [known, spelling] : kNames) {
        if (known == dtype) return spelling;
    }
    return {};
}

Result<InputSpec> parseInputSpec(std::string_view text) {
    InputSpec spec;
    std::string_view rest = text;
    if (rest.starts_with(kListPrefix)) {
        spec.isList = true;
        rest.remove_prefix(kListPrefix.size());
    }
    if (rest.ends_with(':')) return wrongForm(text, "nothing follows the last colon");
    auto shape = parseShape(text, takeUntil(rest, ':'));
    if (!shape) return shape.error();
    spec.shape = *std::move(shape);
    // "1x3:0..1" leaves the type out: only what comes before the dots of a range can be one.
    if (!rest.empty() &&
        (rest.find(':') < rest.find("..") || rest.find("..") == std::string_view::npos)) {
        const auto part = takeUntil(rest, ':');
        const auto dtype = dtypeIn(part);
        if (!dtype) {
            return wrongForm(text, "\"" + std::string(part) +
                                       "\" is no type; there are float32, float64, "
                                       "float16, bfloat16, int64, int32 and bool");
        }
        spec.dtype = *dtype;
    }
    if (rest.empty()) return spec;
    auto range = parseRange(text, rest, spec.dtype);
    if (!range) return range.error();
    spec.range = *range;
    return spec;
}

std::string toString(const InputSpec& spec) {
    std::string text(spec.isList ? kListPrefix : "");
    for (std::size_t i = 0; i < spec.shape.size(); ++i) {
        text += (i ? "x" : "") + std::to_string(spec.shape[i]);
    }
    if (spec.dtype != DType::Float32) text += ":" + std::string(name(spec.dtype));
    if (spec.range) text += ":" + plain(spec.range->low) + ".." + plain(spec.range->high);
    return text;
}

}  // namespace espalier::script
