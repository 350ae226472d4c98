// SPDX-License-Identifier: GPL-3.0-or-later
#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include "core/base/format.h"
#include "core/data/tensor_file_torch.h"

namespace espalier::data {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

Error damaged(std::string why) {
    return {Error::Kind::Damaged, {}, std::move(why), "Write the file again with numpy.savez"};
}

Error unsupported(std::string why, std::string hint) {
    return {Error::Kind::Unsupported, {}, std::move(why), std::move(hint)};
}

struct ElementType {
    std::string_view descr;  // without the byte order
    at::ScalarType type;
    std::size_t bytes;
};

constexpr std::array<ElementType, 12> kTypes{{{"f2", at::kHalf, 2},
                                              {"f4", at::kFloat, 4},
                                              {"f8", at::kDouble, 8},
                                              {"i1", at::kChar, 1},
                                              {"i2", at::kShort, 2},
                                              {"i4", at::kInt, 4},
                                              {"i8", at::kLong, 8},
                                              {"u1", at::kByte, 1},
                                              {"b1", at::kBool, 1},
                                              {"c8", at::kComplexFloat, 8},
                                              {"c16", at::kComplexDouble, 16},
                                              {"?", at::kBool, 1}}};

/// What follows "'key':" in the header, without the blanks in front.
std::optional<std::string_view> valueOf(std::string_view header, std::string_view key) {
    const auto at = header.find(cat("'", key, "':"));
    if (at == std::string_view::npos) return {};
    header.remove_prefix(at + key.size() + 3);
    const auto start = header.find_first_not_of(' ');
    return start == std::string_view::npos ? std::string_view() : header.substr(start);
}

/// "(3, 4)", "(3,)", "()".
std::optional<std::vector<std::int64_t>> parsedShape(std::string_view text) {
    const auto end = text.find(')');
    if (!text.starts_with('(') || end == std::string_view::npos) return {};
    std::vector<std::int64_t> shape;
    const char* at = text.data() + 1;
    const char* const stop = text.data() + end;
    while (at != stop) {
        if (*at == ' ' || *at == ',') {
            ++at;
            continue;
        }
        std::int64_t size = 0;
        const auto [next, failed] = std::from_chars(at, stop, size);
        if (failed != std::errc() || size < 0) return {};
        shape.push_back(size);
        at = next;
    }
    return shape;
}

Result<ElementType> elementType(std::string_view value) {
    if (!value.starts_with('\''))
        return unsupported("its elements have fields", "Save each field as an array of its own");
    const auto descr = value.substr(1, value.find('\'', 1) - 1);
    const bool hasOrder = descr.find_first_of("<>|=") == 0;
    const auto name = descr.substr(hasOrder ? 1 : 0);
    if (descr.starts_with('>'))
        return unsupported("its numbers are big-endian", "Save it with .astype('<f4') or the like");
    if (name.starts_with('O')) {
        return unsupported("it holds Python objects, which would run code when they are read",
                           "Save an array of numbers, with dtype float32 or int64");
    }
    const auto* found = std::ranges::find(kTypes, name, &ElementType::descr);
    if (found != kTypes.end()) return *found;
    return unsupported(cat("its elements are of type '", descr, "'"),
                       "Save it as float32, int64 or another type that torch has");
}

/// The header's text; `bytes` then begins with the elements.
Result<std::string_view> takeHeader(std::string_view& bytes) {
    if (!bytes.starts_with(kMagic) || bytes.size() < 10) return damaged("it is no NumPy array");
    const auto version = static_cast<unsigned char>(bytes[6]);
    if (version < 1 || version > 3)
        return unsupported(cat("it is of version ", int{version}, " of NumPy's format"),
                           "Save it with another version of NumPy");
    const std::size_t width = version == 1 ? 2 : 4;
    if (bytes.size() < 8 + width) return damaged("it ends in its header");
    std::size_t length = 0;
    for (std::size_t i = width; i-- > 0;)
        length = length << 8 | static_cast<unsigned char>(bytes[8 + i]);
    bytes.remove_prefix(8 + width);
    if (length > bytes.size()) return damaged("it ends in its header");
    const auto header = bytes.substr(0, length);
    bytes.remove_prefix(length);
    return header;
}

/// Errors: Damaged, when a size overflows.
Result<std::uint64_t> bytesNeeded(const std::vector<std::int64_t>& shape, std::size_t bytes) {
    std::uint64_t total = bytes;
    for (const std::int64_t size : shape) {
        if (__builtin_mul_overflow(total, static_cast<std::uint64_t>(size), &total))
            return damaged("its shape is impossible");
    }
    return total;
}

}  // namespace

Result<at::Tensor> parseNpy(std::string_view bytes) {
    const auto header = takeHeader(bytes);
    if (!header) return header.error();
    const auto descr = valueOf(*header, "descr");
    const auto order = valueOf(*header, "fortran_order");
    const auto shapeText = valueOf(*header, "shape");
    auto shape = shapeText ? parsedShape(*shapeText) : std::nullopt;
    if (!descr || !order || !shape) return damaged("its header makes no sense");
    const auto type = elementType(*descr);
    if (!type) return type.error();
    const auto needed = bytesNeeded(*shape, type->bytes);
    if (!needed) return needed.error();
    if (*needed != bytes.size())
        return damaged(cat("it holds ", bytes.size(), " bytes where ", *needed, " are needed"));
    const bool isFortran = order->starts_with("True");
    if (isFortran) std::ranges::reverse(*shape);
    const auto elements = static_cast<std::int64_t>(bytes.size() / type->bytes);
    at::Tensor array = tensorOf(bytes.data(), elements, type->type).reshape(*shape);
    if (!isFortran) return array;
    std::vector<std::int64_t> reversed;
    for (std::int64_t i = array.dim(); i-- > 0;) reversed.push_back(i);
    return array.permute(reversed).contiguous();
}

at::Tensor tensorOf(const char* bytes, std::int64_t elements, at::ScalarType type) {
    const auto stored = type == at::kBool ? at::kByte : type;
    at::Tensor tensor = at::empty({elements}, stored);
    // They may lie at any address; of no elements there is none.
    if (elements > 0) std::memcpy(tensor.mutable_data_ptr(), bytes, tensor.nbytes());
    return type == at::kBool ? tensor.ne(0) : tensor;
}

}  // namespace espalier::data
