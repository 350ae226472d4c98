// SPDX-License-Identifier: GPL-3.0-or-later
// What a pickle speaks of, found without building any of its objects or running any of its code.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace espalier::script {

/// Bytes that the pickle expects in a record of its own.
struct PickledStorage {
    std::string key;          ///< the record: "0" for data/0
    std::uint64_t bytes = 0;  ///< what its tensors need at least
};

/// A tensor that is a value of a dict.
struct PickledTensor {
    std::string name;         ///< its key in the dict
    std::string storageType;  ///< "torch.FloatStorage"
    std::string key;          ///< of the record it is a view of
    std::int64_t offset = 0;  ///< elements, as the strides
    std::vector<std::int64_t> sizes;
    std::vector<std::int64_t> strides;
};

/// What `scanPickle` found.
struct PickleReport {
    std::vector<std::string> globals;  ///< "torch._utils._rebuild_tensor_v2", each once, in order
    std::vector<PickledStorage> storages;
    std::vector<PickledTensor> tensors;  ///< in the order of the dicts; each inside its storage
    std::string problem;  ///< empty, or why it cannot be right: an unknown opcode, a tensor larger
                          ///< than its storage
};

/// Walks a pickle of protocol 2 to 4 up to its end or its first problem. Takes time and memory
/// linear in its size.
PickleReport scanPickle(std::string_view bytes);

}  // namespace espalier::script
