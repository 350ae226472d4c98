// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/archive_pickle.h"

#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "core/base/format.h"

namespace espalier::script {

namespace {

/// Opcodes as Python's pickletools names them.
enum Opcode : unsigned char {
    kMark = '(', kStop = '.', kPop = '0', kPopMark = '1', kDup = '2', kBinInt = 'J', kBinInt1 = 'K', kBinInt2 = 'M',
    kNone = 'N', kBinPersId = 'Q', kReduce = 'R', kBinString = 'T', kShortBinString = 'U', kBinUnicode = 'X',
    kAppend = 'a', kBuild = 'b', kGlobal = 'c', kDict = 'd', kEmptyDict = '}', kAppends = 'e', kBinGet = 'h',
    kLongBinGet = 'j', kList = 'l', kEmptyList = ']', kBinPut = 'q', kLongBinPut = 'r', kSetItem = 's', kTuple = 't',
    kEmptyTuple = ')', kSetItems = 'u', kBinFloat = 'G', kBinBytes = 'B', kShortBinBytes = 'C',
    kProto = 0x80, kNewObj = 0x81, kTuple1 = 0x85, kTuple2 = 0x86, kTuple3 = 0x87, kNewTrue = 0x88, kNewFalse = 0x89,
    kLong1 = 0x8a, kLong4 = 0x8b, kShortBinUnicode = 0x8c, kBinUnicode8 = 0x8d, kBinBytes8 = 0x8e, kEmptySet = 0x8f,
    kAddItems = 0x90, kFrozenSet = 0x91, kNewObjEx = 0x92, kStackGlobal = 0x93, kMemoize = 0x94, kFrame = 0x95
};

/// A value, as far as it matters here: lists, dicts and objects are all `Other`. Small, since there may be millions.
struct Value {
    enum class Kind : std::uint32_t { Other, Mark, Integer, Text, Global, Tuple, Storage };
    Kind kind = Kind::Other;
    std::uint32_t length = 0;   // Text: bytes; Tuple: items
    std::int64_t payload = 0;   // Integer: itself; Text, Tuple: where it starts; Global: which; Storage: its elements
};

/// Thrown on what no reader of pickles would accept; ends in `PickleReport::problem`.
struct BadPickle : std::runtime_error {
    using std::runtime_error::runtime_error;
};

std::uint64_t itemBytes(std::string_view storageType) {
    static const std::unordered_map<std::string_view, std::uint64_t> kSizes = {
        {"DoubleStorage", 8}, {"FloatStorage", 4}, {"HalfStorage", 2}, {"BFloat16Storage", 2},
        {"LongStorage", 8}, {"IntStorage", 4}, {"ShortStorage", 2}, {"QInt32Storage", 4},
        {"ComplexHalfStorage", 4}, {"ComplexFloatStorage", 8}, {"ComplexDoubleStorage", 16}};
    const auto found = kSizes.find(storageType.substr(storageType.rfind('.') + 1));
    return found == kSizes.end() ? 1 : found->second;
}

class Scanner {
public:
    explicit Scanner(std::string_view bytes) : m_bytes(bytes) {}

    PickleReport run() {
        try {
            while (step(static_cast<unsigned char>(take(1)[0]))) {
            }
        } catch (const BadPickle& bad) {
            m_report.problem = bad.what();
        }
        return m_report;
    }

private:
    /// False at the end of the pickle.
    bool step(unsigned char opcode) {
        if (opcode == kStop) return false;
        if (!stepLiteral(opcode) && !stepContainer(opcode) && !stepMemo(opcode) && !stepObject(opcode)) {
            throw BadPickle(cat("it holds an instruction that no model needs (", static_cast<int>(opcode), ")"));
        }
        return true;
    }

    bool stepLiteral(unsigned char opcode) {
        switch (opcode) {
            case kNone: case kNewTrue: case kNewFalse: case kEmptyDict: case kEmptyList: case kEmptySet:
                pushOther();
                return true;
            case kBinInt: push(integer(static_cast<std::int32_t>(number(4)))); return true;
            case kBinInt1: push(integer(static_cast<std::int64_t>(number(1)))); return true;
            case kBinInt2: push(integer(static_cast<std::int64_t>(number(2)))); return true;
            case kLong1: push(integer(longInteger(number(1)))); return true;
            case kLong4: push(integer(longInteger(number(4)))); return true;
            case kBinFloat: take(8); pushOther(); return true;
            case kBinUnicode: push(text(number(4))); return true;
            case kShortBinUnicode: case kShortBinString: push(text(number(1))); return true;
            case kBinUnicode8: push(text(number(8))); return true;
            case kBinString: case kBinBytes: take(number(4)); pushOther(); return true;
            case kShortBinBytes: take(number(1)); pushOther(); return true;
            case kBinBytes8: take(number(8)); pushOther(); return true;
            default: return false;
        }
    }

    bool stepContainer(unsigned char opcode) {
        switch (opcode) {
            case kMark: push({Value::Kind::Mark, 0, 0}); return true;
            case kEmptyTuple: pushTuple({}); return true;
            case kTuple1: pushTuple(popMany(1)); return true;
            case kTuple2: pushTuple(popMany(2)); return true;
            case kTuple3: pushTuple(popMany(3)); return true;
            case kTuple: pushTuple(popToMark()); return true;
            case kDict: case kList: case kFrozenSet: popToMark(); pushOther(); return true;
            case kAppend: pop(); return true;
            case kSetItem: popMany(2); return true;
            case kAppends: case kSetItems: case kAddItems: case kPopMark: popToMark(); return true;
            case kPop: pop(); return true;
            default: return false;
        }
    }

    bool stepMemo(unsigned char opcode) {
        switch (opcode) {
            case kProto: take(1); return true;
            case kFrame: take(8); return true;
            case kDup: m_stack.push_back(top()); return true;
            case kBinPut: m_memo[number(1)] = top(); return true;
            case kLongBinPut: m_memo[number(4)] = top(); return true;
            case kMemoize: m_memo.emplace(m_memo.size(), top()); return true;
            case kBinGet: recall(number(1)); return true;
            case kLongBinGet: recall(number(4)); return true;
            default: return false;
        }
    }

    bool stepObject(unsigned char opcode) {
        switch (opcode) {
            case kGlobal: {
                const std::string_view module = takeLine();
                pushGlobal(module, takeLine());
                return true;
            }
            case kStackGlobal: {
                const auto parts = popMany(2);
                pushGlobal(textOf(parts[0]), textOf(parts[1]));
                return true;
            }
            case kReduce: {
                const auto call = popMany(2);
                checkCall(call[0], call[1]);
                pushOther();
                return true;
            }
            case kNewObj: popMany(2); pushOther(); return true;
            case kNewObjEx: popMany(3); pushOther(); return true;
            case kBuild: pop(); return true;
            case kBinPersId: pushStorage(); return true;
            default: return false;
        }
    }

    /// ('storage', type, key, location, number of elements)
    void pushStorage() {
        const auto id = itemsOf(pop());
        Value storage;
        if (id.size() >= 5) {
            const std::string_view type = textOf(id[1]);
            const Value& count = m_values[id[4]];
            std::uint64_t bytes = 0;
            if (count.kind != Value::Kind::Integer || count.payload < 0 ||
                __builtin_mul_overflow(static_cast<std::uint64_t>(count.payload), itemBytes(type), &bytes)) {
                throw BadPickle("a tensor has an impossible size");
            }
            storage = {Value::Kind::Storage, 0, count.payload};
            if (bytes > 0) m_report.storages.push_back({std::string(textOf(id[2])), bytes});
        }
        push(storage);
    }

    /// Tensors are views of storages; LibTorch does not check that they lie inside.
    void checkCall(std::uint32_t callee, std::uint32_t arguments) const {
        const auto name = textOf(callee);
        if (name != "torch._utils._rebuild_tensor_v2" && name != "torch._utils._rebuild_qtensor") return;
        const auto items = itemsOf(arguments);
        if (items.size() < 4) throw BadPickle("a tensor lacks its shape");
        const Value& storage = m_values[items[0]];
        if (storage.kind != Value::Kind::Storage) throw BadPickle("a tensor lacks its storage");
        const auto needed = extent(m_values[items[1]].payload, itemsOf(items[2]), itemsOf(items[3]));
        if (!needed) throw BadPickle("a tensor has an impossible shape");
        if (*needed > storage.payload) {
            throw BadPickle(cat("a tensor claims ", *needed, " numbers where ", storage.payload, " are stored"));
        }
    }

    /// One past the last element that a view touches.
    std::optional<std::int64_t> extent(std::int64_t offset, std::span<const std::uint32_t> sizes,
                                       std::span<const std::uint32_t> strides) const {
        constexpr std::size_t kMostDimensions = 64;  // torch's own limit
        if (offset < 0 || sizes.size() != strides.size() || sizes.size() > kMostDimensions) return std::nullopt;
        std::int64_t end = offset;
        bool isEmpty = false;
        for (std::size_t i = 0; i < sizes.size(); ++i) {
            const std::int64_t size = m_values[sizes[i]].payload;
            const std::int64_t stride = m_values[strides[i]].payload;
            if (size < 0 || stride < 0) return std::nullopt;
            isEmpty = isEmpty || size == 0;
            std::int64_t step = 0;
            if (size > 0 &&
                (__builtin_mul_overflow(size - 1, stride, &step) || __builtin_add_overflow(end, step, &end))) {
                return std::nullopt;
            }
        }
        if (isEmpty) return 0;
        return __builtin_add_overflow(end, 1, &end) ? std::nullopt : std::optional(end);
    }

    void pushGlobal(std::string_view module, std::string_view name) {
        const auto [found, isNew] = m_globals.emplace(cat(module, '.', name), m_report.globals.size());
        if (isNew) m_report.globals.push_back(found->first);
        push({Value::Kind::Global, 0, static_cast<std::int64_t>(found->second)});
    }

    /// Of a Text its bytes, of a Global its name, else nothing.
    std::string_view textOf(std::uint32_t index) const {
        const Value& value = m_values[index];
        const auto at = static_cast<std::size_t>(value.payload);
        if (value.kind == Value::Kind::Text) return m_bytes.substr(at, value.length);
        return value.kind == Value::Kind::Global ? std::string_view(m_report.globals[at]) : std::string_view();
    }
    std::span<const std::uint32_t> itemsOf(std::uint32_t index) const {
        const Value& value = m_values[index];
        if (value.kind != Value::Kind::Tuple) return {};
        return std::span(m_items).subspan(static_cast<std::size_t>(value.payload), value.length);
    }

    std::string_view take(std::uint64_t size) {
        if (size > m_bytes.size() - m_at) throw BadPickle("its description ends too early");
        const auto part = m_bytes.substr(m_at, size);
        m_at += size;
        return part;
    }
    std::string_view takeLine() {
        const auto end = m_bytes.find('\n', m_at);
        if (end == std::string_view::npos) throw BadPickle("its description ends too early");
        const auto line = take(end - m_at);
        take(1);
        return line;
    }
    std::uint64_t number(std::size_t size) {
        const auto bytes = take(size);
        std::uint64_t value = 0;
        for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
        return value;
    }
    /// Two's complement of any length; longer than 8 bytes means nothing here.
    std::int64_t longInteger(std::uint64_t size) {
        const auto bytes = take(size);
        if (size == 0 || size > 8) return 0;
        std::uint64_t value = static_cast<unsigned char>(bytes.back()) & 0x80 ? ~std::uint64_t{0} : 0;
        for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
        return static_cast<std::int64_t>(value);
    }
    Value integer(std::int64_t value) const { return {Value::Kind::Integer, 0, value}; }
    Value text(std::uint64_t size) {
        const auto at = static_cast<std::int64_t>(m_at);
        return {Value::Kind::Text, static_cast<std::uint32_t>(take(size).size()), at};
    }

    void push(const Value& value) {
        m_stack.push_back(static_cast<std::uint32_t>(m_values.size()));
        m_values.push_back(value);
    }
    /// All values of kind Other are the same one.
    void pushOther() { m_stack.push_back(0); }
    void pushTuple(const std::vector<std::uint32_t>& items) {
        const auto start = static_cast<std::int64_t>(m_items.size());
        m_items.insert(m_items.end(), items.begin(), items.end());
        push({Value::Kind::Tuple, static_cast<std::uint32_t>(items.size()), start});
    }
    std::uint32_t top() const {
        if (m_stack.empty()) throw BadPickle("its description is not in order");
        return m_stack.back();
    }
    std::uint32_t pop() {
        const auto value = top();
        m_stack.pop_back();
        return value;
    }
    std::vector<std::uint32_t> popMany(std::size_t count) {
        std::vector<std::uint32_t> items(count);
        for (std::size_t i = count; i-- > 0;) items[i] = pop();
        return items;
    }
    std::vector<std::uint32_t> popToMark() {
        std::size_t start = m_stack.size();
        while (start > 0 && m_values[m_stack[start - 1]].kind != Value::Kind::Mark) --start;
        if (start == 0) throw BadPickle("its description is not in order");
        const std::vector<std::uint32_t> items(m_stack.begin() + static_cast<std::ptrdiff_t>(start), m_stack.end());
        m_stack.resize(start - 1);
        return items;
    }
    void recall(std::uint64_t slot) {
        const auto found = m_memo.find(slot);
        if (found == m_memo.end()) throw BadPickle("its description is not in order");
        m_stack.push_back(found->second);
    }

    std::string_view m_bytes;
    std::size_t m_at = 0;
    std::vector<Value> m_values{1};  // by index, since a deeply nested value must not recurse; 0 is Other
    std::vector<std::uint32_t> m_items;
    std::vector<std::uint32_t> m_stack;
    std::unordered_map<std::uint64_t, std::uint32_t> m_memo;
    std::map<std::string, std::size_t> m_globals;
    PickleReport m_report;
};

}  // namespace

PickleReport scanPickle(std::string_view bytes) {
    return Scanner(bytes).run();
}

}  // namespace espalier::script
