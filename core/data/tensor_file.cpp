// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/tensor_file_torch.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>

#include "core/base/format.h"
#include "core/script/archive_pickle.h"
#include "core/script/archive_zip.h"

namespace espalier::data {
namespace {

constexpr std::uint64_t kLargestPickle = 64u << 20;
constexpr std::string_view kSaveTensors =
    "Save it with torch.save({'inputs': x, 'targets': y}, 'data.pt') or numpy.savez('data.npz', "
    "inputs=x, targets=y)";

struct Storage {
    std::string_view name;
    at::ScalarType type;
};

constexpr std::array<Storage, 12> kStorages{{{"torch.FloatStorage", at::kFloat},
                                             {"torch.DoubleStorage", at::kDouble},
                                             {"torch.HalfStorage", at::kHalf},
                                             {"torch.BFloat16Storage", at::kBFloat16},
                                             {"torch.LongStorage", at::kLong},
                                             {"torch.IntStorage", at::kInt},
                                             {"torch.ShortStorage", at::kShort},
                                             {"torch.CharStorage", at::kChar},
                                             {"torch.ByteStorage", at::kByte},
                                             {"torch.BoolStorage", at::kBool},
                                             {"torch.ComplexFloatStorage", at::kComplexFloat},
                                             {"torch.ComplexDoubleStorage", at::kComplexDouble}}};

const Storage* storageOf(std::string_view name) {
    const auto* found = std::ranges::find(kStorages, name, &Storage::name);
    return found == kStorages.end() ? nullptr : found;
}

bool isTensorGlobal(std::string_view name) {
    return name == "torch._utils._rebuild_tensor_v2" || name == "collections.OrderedDict" ||
           storageOf(name);
}

/// Reads one zip, whose members never unpack to more than a quarter of the memory together.
class TensorFile {
public:
    TensorFile(const script::ZipFile& zip, RunControl& control) : m_zip(zip), m_control(control) {}

    Result<std::vector<NamedTensor>> read() {
        constexpr double kShareOfMemory = 0.25;
        double total = 0;
        for (const auto& entry : m_zip.entries()) total += static_cast<double>(entry.bytes);
        const double most = kShareOfMemory * static_cast<double>(sysconf(_SC_PHYS_PAGES)) *
                            static_cast<double>(sysconf(_SC_PAGESIZE));
        if (total > most) {
            return Error{
                Error::Kind::Unsupported,
                {},
                cat("it unpacks to ", byteSize(total), ", more than a quarter of the memory"),
                "Split it into smaller files"};
        }
        const std::string root = rootOf();
        if (m_zip.find(root + "data.pkl")) return readPickled(root);
        return readArrays();
    }

private:
    /// The folder that all members of a PyTorch archive lie in, with its slash.
    std::string rootOf() const {
        if (m_zip.entries().empty()) return {};
        const std::string& first = m_zip.entries().front().name;
        const auto slash = first.find('/');
        return slash == std::string::npos ? std::string() : first.substr(0, slash + 1);
    }

    Result<std::vector<NamedTensor>> readArrays() {
        std::vector<NamedTensor> tensors;
        for (const auto& entry : m_zip.entries()) {
            if (!entry.name.ends_with(".npy")) continue;
            if (m_control.isStopRequested()) return cancelled();
            const std::string name = entry.name.substr(0, entry.name.size() - 4);
            const auto bytes = m_zip.read(entry, entry.bytes);
            if (!bytes) return bytes.error();
            auto tensor = parseNpy(*bytes);
            if (!tensor) return ofArray(name, tensor.error());
            tensors.push_back({name, std::move(*tensor)});
        }
        if (!tensors.empty()) return tensors;
        return Error{Error::Kind::Unsupported,
                     {},
                     "it is a zip file with neither tensors nor NumPy arrays",
                     std::string(kSaveTensors)};
    }

    Result<std::vector<NamedTensor>> readPickled(const std::string& root) {
        if (m_zip.find(root + "constants.pkl")) {
            return Error{Error::Kind::Unsupported,
                         {},
                         "it is a TorchScript model, not data",
                         std::string(kSaveTensors)};
        }
        if (const auto* order = m_zip.find(root + "byteorder")) {
            const auto text = m_zip.read(*order, 64);
            if (!text || *text != "little")
                return Error{Error::Kind::Unsupported,
                             {},
                             "its numbers are big-endian",
                             "Save it again on a little-endian machine"};
        }
        const auto bytes = m_zip.read(*m_zip.find(root + "data.pkl"), kLargestPickle);
        if (!bytes) return bytes.error();
        const auto report = script::scanPickle(*bytes);
        for (const std::string& global : report.globals) {
            if (isTensorGlobal(global)) continue;
            return Error{Error::Kind::Untrusted,
                         {},
                         cat("it refers to ", global,
                             ", which is no plain tensor and could run code when it is read"),
                         std::string(kSaveTensors)};
        }
        if (!report.problem.empty())
            return Error{Error::Kind::Damaged, {}, report.problem, "Save it again"};
        std::vector<NamedTensor> tensors;
        for (const auto& pickled : report.tensors) {
            if (m_control.isStopRequested()) return cancelled();
            auto tensor = viewed(root, pickled);
            if (!tensor) return ofArray(pickled.name, tensor.error());
            tensors.push_back({pickled.name, std::move(*tensor)});
        }
        if (!tensors.empty()) return tensors;
        return Error{
            Error::Kind::Unsupported, {}, "it holds no dict of tensors", std::string(kSaveTensors)};
    }

    Result<at::Tensor> viewed(const std::string& root, const script::PickledTensor& pickled) {
        const Storage* storage = storageOf(pickled.storageType);
        if (!storage) {
            return Error{Error::Kind::Unsupported,
                         {},
                         cat("its elements are of type ", pickled.storageType),
                         "Save it as float32 or int64"};
        }
        const auto record = recordOf(root, pickled.key);
        if (!record) return record.error();
        const auto elements =
            static_cast<std::int64_t>((*record)->size() / at::elementSize(storage->type));
        if (extentOf(pickled) > elements || countOf(pickled) > static_cast<double>(elements)) {
            return Error{Error::Kind::Damaged,
                         {},
                         "it is longer than what is stored for it",
                         "Save it again with .contiguous()"};
        }
        return tensorOf((*record)->data(), elements, storage->type)
            .as_strided(pickled.sizes, pickled.strides, pickled.offset)
            .contiguous();
    }

    static double countOf(const script::PickledTensor& pickled) {
        double count = 1;
        for (const std::int64_t size : pickled.sizes) count *= static_cast<double>(size);
        return count;
    }

    /// One past the last element of its storage that it touches; the scan has made sure that this
    /// does not overflow.
    static std::int64_t extentOf(const script::PickledTensor& pickled) {
        std::int64_t last = pickled.offset;
        for (std::size_t i = 0; i < pickled.sizes.size(); ++i) {
            if (pickled.sizes[i] == 0) return 0;
            last += (pickled.sizes[i] - 1) * pickled.strides[i];
        }
        return last + 1;
    }

    /// Several tensors may be views of one record.
    Result<const std::string*> recordOf(const std::string& root, const std::string& key) {
        if (const auto found = m_records.find(key); found != m_records.end()) return &found->second;
        const auto* entry = m_zip.find(cat(root, "data/", key));
        if (!entry)
            return Error{
                Error::Kind::Damaged, {}, cat("data/", key, " is missing"), "Save it again"};
        auto bytes = m_zip.read(*entry, entry->bytes);
        if (!bytes) return bytes.error();
        return &(m_records[key] = std::move(*bytes));
    }

    static Error ofArray(const std::string& name, const Error& error) {
        return {error.kind, {}, cat(name, ": ", error.why), error.hint};
    }
    static Error cancelled() { return {Error::Kind::Cancelled, {}, "it was cancelled", {}}; }

    const script::ZipFile& m_zip;
    RunControl& m_control;
    std::map<std::string, std::string> m_records;
};

Result<std::vector<NamedTensor>> readAny(const std::filesystem::path& path, RunControl& control) {
    std::error_code failed;
    if (!std::filesystem::exists(path, failed))
        return Error{Error::Kind::NotFound, {}, "there is no such file", "Check the path"};
    std::ifstream file(path, std::ios::binary);
    std::array<char, 4> start{};
    file.read(start.data(), start.size());
    if (!file && !file.eof())
        return Error{Error::Kind::Unreadable, {}, "it may not be read", "Check its permissions"};
    if (std::string_view(start.data(), 2) != "PK") {
        return Error{Error::Kind::Unsupported,
                     {},
                     "it is neither a zip of torch.save (PyTorch 1.6 or newer) nor an .npz file",
                     std::string(kSaveTensors)};
    }
    const auto zip = script::ZipFile::open(path);
    if (!zip) return zip.error();
    return TensorFile(*zip, control).read();
}

}  // namespace

Result<std::vector<NamedTensor>> readTensorFile(const std::filesystem::path& path,
                                                RunControl& control) {
    const std::string what = cat("Cannot open the data in ", path.filename().string());
    return guarded(what, [&]() -> Result<std::vector<NamedTensor>> {
        auto tensors = readAny(path, control);
        if (tensors) return tensors;
        Error error = tensors.error();
        error.what = what;
        return error;
    });
}

}  // namespace espalier::data
