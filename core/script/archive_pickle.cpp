// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/archive_pickle.h"

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "core/base/format.h"
#include "core/script/archive_pickle_opcodes.h"

namespace espalier::script {

namespace {

constexpr unsigned char kStop = '.';
constexpr unsigned char kSetItem = 's';
constexpr unsigned char kSetItems = 'u';
constexpr std::string_view kRebuildTensor = "torch._utils._rebuild_tensor_v2";

/// A value, as far as it matters here: lists, dicts and objects are all `Other`. Small, since there
/// may be millions.
struct Value {
    enum class Kind : std::uint32_t { Other, Mark, Integer, Text, Global, Tuple, Storage, Tensor };
    Kind kind = Kind::Other;
    /// Text: bytes; Tuple: items; Storage: its identification, a Tuple.
    std::uint32_t length = 0;
    /// Integer: itself; Text, Tuple: where it starts; Global: which one; Storage: its elements;
    /// Tensor: what it was made of, a Tuple.
    std::int64_t payload = 0;
};

/// Thrown on what no reader of pickles would accept; ends in `PickleReport::problem`.
struct BadPickle : std::runtime_error {
    using std::runtime_error::runtime_error;
};

std::uint64_t itemBytes(std::string_view storageType) {
    static const std::unordered_map<std::string_view, std::uint64_t> kSizes = {
        {"DoubleStorage", 8},       {"FloatStorage", 4},         {"HalfStorage", 2},
        {"BFloat16Storage", 2},     {"LongStorage", 8},          {"IntStorage", 4},
        {"ShortStorage", 2},        {"QInt32Storage", 4},        {"ComplexHalfStorage", 4},
        {"ComplexFloatStorage", 8}, {"ComplexDoubleStorage", 16}};
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
        const auto found = std::lower_bound(kInstructions.begin(), kInstructions.end(), opcode,
                                            [](const Instruction& instruction, unsigned char code) {
                                                return instruction.opcode < code;
                                            });
        if (found == kInstructions.end() || found->opcode != opcode) {
            throw BadPickle(cat("it holds an instruction that no model needs (", int{opcode}, ")"));
        }
        const Value argument = readArgument(found->argument);
        const auto popped = found->pops == kToMark ? popToMark() : popMany(found->pops);
        switch (found->effect) {
            case Effect::Drop:
                if (opcode == kSetItem || opcode == kSetItems) nameTensors(popped);
                break;
            case Effect::Other:
                pushOther();
                break;
            case Effect::Tuple:
                pushTuple(popped);
                break;
            case Effect::Integer:
            case Effect::Text:
            case Effect::Global:
                push(argument);
                break;
            case Effect::Mark:
                push({Value::Kind::Mark, 0, 0});
                break;
            case Effect::Dup:
                m_stack.push_back(top());
                break;
            default:
                stepRare(found->effect, argument.payload);
        }
        return true;
    }

    void stepRare(Effect effect, std::int64_t argument) {
        switch (effect) {
            case Effect::Put:
                m_memo[argument] = top();
                break;
            case Effect::Get:
                recall(argument);
                break;
            case Effect::Memoize:
                m_memo.emplace(static_cast<std::int64_t>(m_memo.size()), top());
                break;
            case Effect::StackGlobal: {
                const auto parts = popMany(2);
                push(global(textOf(parts[0]), textOf(parts[1])));
                break;
            }
            case Effect::Reduce: {
                const auto call = popMany(2);
                checkCall(call[0], call[1]);
                if (textOf(call[0]) == kRebuildTensor) {
                    push({Value::Kind::Tensor, 0, call[1]});
                } else {
                    pushOther();
                }
                break;
            }
            default:
                pushStorage();
        }
    }

    Value readArgument(Argument argument) {
        switch (argument) {
            case Argument::None:
                break;
            case Argument::Number1:
                return integer(number(1));
            case Argument::Number2:
                return integer(number(2));
            case Argument::Number4:
                return integer(static_cast<std::uint64_t>(static_cast<std::int32_t>(number(4))));
            case Argument::Number8:
                return integer(number(8));
            case Argument::Long1:
                return integer(longNumber(number(1)));
            case Argument::Long4:
                return integer(longNumber(number(4)));
            case Argument::Text1:
                return text(number(1));
            case Argument::Text4:
                return text(number(4));
            case Argument::Text8:
                return text(number(8));
            case Argument::Lines: {
                const std::string_view module = takeLine();
                return global(module, takeLine());
            }
        }
        return {};
    }

    /// ('storage', type, key, location, number of elements)
    void pushStorage() {
        const auto identification = pop();
        const auto id = itemsOf(identification);
        Value storage;
        if (id.size() >= 5) {
            const std::string_view type = textOf(id[1]);
            const Value& count = m_values[id[4]];
            std::uint64_t bytes = 0;
            if (count.kind != Value::Kind::Integer || count.payload < 0 ||
                __builtin_mul_overflow(static_cast<std::uint64_t>(count.payload), itemBytes(type),
                                       &bytes)) {
                throw BadPickle("a tensor has an impossible size");
            }
            storage = {Value::Kind::Storage, identification, count.payload};
            if (bytes > 0) m_report.storages.push_back({std::string(textOf(id[2])), bytes});
        }
        push(storage);
    }

    /// Tensors are views of storages; LibTorch does not check that they lie inside.
    void checkCall(std::uint32_t callee, std::uint32_t arguments) const {
        const auto name = textOf(callee);
        if (name != kRebuildTensor && name != "torch._utils._rebuild_qtensor") return;
        const auto items = itemsOf(arguments);
        if (items.size() < 4) throw BadPickle("a tensor lacks its shape");
        const Value& storage = m_values[items[0]];
        if (storage.kind != Value::Kind::Storage) throw BadPickle("a tensor lacks its storage");
        const auto needed =
            extent(m_values[items[1]].payload, itemsOf(items[2]), itemsOf(items[3]));
        if (!needed) throw BadPickle("a tensor has an impossible shape");
        if (*needed > storage.payload) {
            throw BadPickle(cat("a tensor claims ", *needed, " numbers where ", storage.payload,
                                " are stored"));
        }
    }

    /// From the keys and values of a dict, in turn.
    void nameTensors(std::span<const std::uint32_t> items) {
        for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
            const Value& value = m_values[items[i + 1]];
            const bool isNamed = m_values[items[i]].kind == Value::Kind::Text;
            if (!isNamed || value.kind != Value::Kind::Tensor) continue;
            const auto made = itemsOf(static_cast<std::uint32_t>(value.payload));
            const auto storage = itemsOf(m_values[made[0]].length);
            m_report.tensors.push_back({std::string(textOf(items[i])),
                                        std::string(textOf(storage[1])),
                                        std::string(textOf(storage[2])), m_values[made[1]].payload,
                                        numbersOf(made[2]), numbersOf(made[3])});
        }
    }

    std::vector<std::int64_t> numbersOf(std::uint32_t tuple) const {
        std::vector<std::int64_t> numbers;
        for (const std::uint32_t item : itemsOf(tuple)) numbers.push_back(m_values[item].payload);
        return numbers;
    }

    /// One past the last element that a view touches.
    std::optional<std::int64_t> extent(std::int64_t offset, std::span<const std::uint32_t> sizes,
                                       std::span<const std::uint32_t> strides) const {
        constexpr std::size_t kMostDimensions = 64;  // torch's own limit
        if (offset < 0 || sizes.size() != strides.size() || sizes.size() > kMostDimensions)
            return std::nullopt;
        std::int64_t end = offset;
        bool isEmpty = false;
        for (std::size_t i = 0; i < sizes.size(); ++i) {
            const std::int64_t size = m_values[sizes[i]].payload;
            const std::int64_t stride = m_values[strides[i]].payload;
            if (size < 0 || stride < 0) return std::nullopt;
            isEmpty = isEmpty || size == 0;
            std::int64_t step = 0;
            if (size > 0 && (__builtin_mul_overflow(size - 1, stride, &step) ||
                             __builtin_add_overflow(end, step, &end))) {
                return std::nullopt;
            }
        }
        if (isEmpty) return 0;
        return __builtin_add_overflow(end, 1, &end) ? std::nullopt : std::optional(end);
    }

    Value global(std::string_view module, std::string_view name) {
        const auto [found, isNew] =
            m_globals.emplace(cat(module, '.', name), m_report.globals.size());
        if (isNew) m_report.globals.push_back(found->first);
        return {Value::Kind::Global, 0, static_cast<std::int64_t>(found->second)};
    }

    /// Of a Text its bytes, of a Global its name, else nothing.
    std::string_view textOf(std::uint32_t index) const {
        const Value& value = m_values[index];
        const auto at = static_cast<std::size_t>(value.payload);
        if (value.kind == Value::Kind::Text) return m_bytes.substr(at, value.length);
        return value.kind == Value::Kind::Global ? std::string_view(m_report.globals[at])
                                                 : std::string_view();
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
        for (std::size_t i = size; i-- > 0;)
            value = value << 8 | static_cast<unsigned char>(bytes[i]);
        return value;
    }
    /// Two's complement of any length; longer than 8 bytes means nothing here.
    std::uint64_t longNumber(std::uint64_t size) {
        const auto bytes = take(size);
        if (size == 0 || size > 8) return 0;
        std::uint64_t value =
            static_cast<unsigned char>(bytes.back()) & 0x80 ? ~std::uint64_t{0} : 0;
        for (std::size_t i = size; i-- > 0;)
            value = value << 8 | static_cast<unsigned char>(bytes[i]);
        return value;
    }
    static Value integer(std::uint64_t value) {
        return {Value::Kind::Integer, 0, static_cast<std::int64_t>(value)};
    }
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
        const std::vector<std::uint32_t> items(m_stack.begin() + static_cast<std::ptrdiff_t>(start),
                                               m_stack.end());
        m_stack.resize(start - 1);
        return items;
    }
    void recall(std::int64_t slot) {
        const auto found = m_memo.find(slot);
        if (found == m_memo.end()) throw BadPickle("its description is not in order");
        m_stack.push_back(found->second);
    }

    std::string_view m_bytes;
    std::size_t m_at = 0;
    std::vector<Value> m_values{
        1};  // by index, since a deeply nested value must not recurse; 0 is Other
    std::vector<std::uint32_t> m_items;
    std::vector<std::uint32_t> m_stack;
    std::unordered_map<std::int64_t, std::uint32_t> m_memo;
    std::map<std::string, std::size_t> m_globals;
    PickleReport m_report;
};

}  // namespace

PickleReport scanPickle(std::string_view bytes) {
    return Scanner(bytes).run();
}

}  // namespace espalier::script
