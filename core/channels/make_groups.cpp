// SPDX-License-Identifier: GPL-3.0-or-later
// Classes that touch the same parameter axes form a group; words for what ties it together.
#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "core/base/format.h"
#include "core/channels/analysis_torch.h"

namespace espalier::channels {

namespace {

using AxisNumber = int;  // index into TagTable::axes

std::size_t at(std::int64_t index) {
    return static_cast<std::size_t>(index);
}

/// A class of atoms that some layer produces.
struct Class {
    Atom root = kNoAtom;
    std::vector<AxisNumber> axes;  ///< those it touches, ascending
    AxisNumber producer = -1;      ///< the first that produces it
    std::int64_t position = 0;     ///< its first place there
    int signature = 0;             ///< a number for what it has in common with its group
    std::vector<int> parts;        ///< the slices of values that hold it and not all of its group
};

/// What classes of one group have in common.
using Signature = std::tuple<std::vector<AxisNumber>, int, bool, std::vector<int>>;

std::string plainName(const torch::jit::Node& node) {
    std::string name = node.kind().toUnqualString();
    while (name.size() > 1 && name.back() == '_') name.pop_back();
    return name.starts_with('_') ? name.substr(1) : name;
}

/// "layer1.0.conv1.weight" → "layer1.0.conv1"; a parameter of the model itself keeps its name.
std::string modulePath(const std::string& parameter) {
    const auto dot = parameter.rfind('.');
    return dot == std::string::npos ? parameter : parameter.substr(0, dot);
}

class Sorter {
public:
    Sorter(const TagTable& tags, const Trace& trace) : m_tags(tags), m_trace(trace) {}

    GroupTable sort() {
        findClasses();
        findParts();
        std::map<Signature, std::vector<std::size_t>> bySignature;
        for (std::size_t i = 0; i < m_classes.size(); ++i) {
            bySignature[signatureOf(m_classes[i])].push_back(i);
        }
        std::vector<std::vector<std::size_t>> drafts;
        for (auto& [signature, classes] : bySignature) drafts.push_back(std::move(classes));
        std::ranges::sort(drafts, {}, [this](const std::vector<std::size_t>& classes) {
            const auto& first = m_classes[classes[0]];
            return std::pair(first.producer, first.position);
        });
        m_table.unitOf.assign(at(m_tags.atoms.size()), -1);
        readCouplings();
        for (const auto& classes : drafts) addGroup(classes);
        nameGroups();
        spreadUnits();
        explainFrozen();
        return std::move(m_table);
    }

private:
    void findClasses();
    void findParts();
    std::vector<std::int64_t> numberSignatures();
    std::vector<std::size_t> partOf(const std::vector<Atom>& axis) const;
    Signature signatureOf(const Class& item) const;
    void readCouplings();
    void addGroup(const std::vector<std::size_t>& classes);
    Member memberOf(AxisNumber number, const std::unordered_map<Atom, std::int64_t>& channels,
                    std::int64_t width) const;
    std::vector<std::string> couplingsOf(Group& group,
                                         const std::vector<std::size_t>& classes) const;
    void describe(Group& group, const std::vector<std::size_t>& classes) const;
    void nameGroups();
    void spreadUnits();
    void explainFrozen();

    const TagTable& m_tags;
    const Trace& m_trace;
    std::vector<Class> m_classes;  // in order of their first producer and place there
    std::unordered_map<Atom, std::size_t> m_classOf;         // by root
    std::unordered_map<Atom, std::vector<int>> m_couplings;  // steps, by root
    std::unordered_map<Atom, std::int64_t> m_unitOfRoot;
    GroupTable m_table;
};

void Sorter::findClasses() {
    // Producers first, so that a class is met at its first producer's first place.
    for (AxisNumber number = 0; number < static_cast<AxisNumber>(m_tags.axes.size()); ++number) {
        const auto& axis = m_tags.axes[at(number)];
        if (axis.path.empty() || !axis.hasRole || axis.role != Role::Producer) continue;
        for (std::int64_t i = 0; i < axis.size; ++i) {
            const auto root = m_tags.atoms.root(axis.first + static_cast<Atom>(i));
            const auto [known, isNew] = m_classOf.try_emplace(root, m_classes.size());
            if (isNew) m_classes.push_back({root, {}, number, i, 0, {}});
        }
    }
    for (AxisNumber number = 0; number < static_cast<AxisNumber>(m_tags.axes.size()); ++number) {
        const auto& axis = m_tags.axes[at(number)];
        if (axis.path.empty()) continue;
        for (std::int64_t i = 0; i < axis.size; ++i) {
            const auto known = m_classOf.find(m_tags.atoms.root(axis.first + static_cast<Atom>(i)));
            if (known == m_classOf.end()) continue;
            auto& axes = m_classes[known->second].axes;
            if (axes.empty() || axes.back() != number) axes.push_back(number);
        }
    }
}

/// A value that holds some classes of a group and not others must keep one of them at least: those
/// classes become a group of their own.
void Sorter::findParts() {
    const auto sizes = numberSignatures();
    std::unordered_set<const void*> seen;
    std::vector<std::vector<std::size_t>> parts;
    for (const auto& value : m_tags.values) {
        for (const auto& axis : value.axes) {
            if (axis == nullptr || !seen.insert(axis.get()).second) continue;
            auto part = partOf(*axis);
            if (part.empty()) continue;
            const auto whole = sizes[at(m_classes[part[0]].signature)];
            if (static_cast<std::int64_t>(part.size()) < whole) parts.push_back(std::move(part));
        }
    }
    std::ranges::sort(parts);
    parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
    for (std::size_t number = 0; number < parts.size(); ++number) {
        for (const auto index : parts[number]) {
            m_classes[index].parts.push_back(static_cast<int>(number));
        }
    }
}

/// How many classes there are of each signature.
std::vector<std::int64_t> Sorter::numberSignatures() {
    std::map<Signature, int> numbers;
    std::vector<std::int64_t> sizes;
    for (auto& item : m_classes) {
        const auto [known, isNew] =
            numbers.try_emplace(signatureOf(item), static_cast<int>(numbers.size()));
        item.signature = known->second;
        if (isNew) sizes.push_back(0);
        ++sizes[at(item.signature)];
    }
    return sizes;
}

/// The classes along one axis, when all are of one signature and all may go; else none.
std::vector<std::size_t> Sorter::partOf(const std::vector<Atom>& axis) const {
    std::vector<std::size_t> part;
    for (const auto atom : axis) {
        if (atom == kNoAtom || m_tags.atoms.isFrozen(atom)) return {};
        const auto known = m_classOf.find(m_tags.atoms.root(atom));
        if (known == m_classOf.end()) return {};
        const auto first = part.empty() ? known->second : part[0];
        if (m_classes[known->second].signature != m_classes[first].signature) return {};
        part.push_back(known->second);
    }
    std::ranges::sort(part);
    part.erase(std::unique(part.begin(), part.end()), part.end());
    return part;
}

Signature Sorter::signatureOf(const Class& item) const {
    return {item.axes, m_tags.atoms.frozenBy(item.root), m_tags.atoms.inexactBy(item.root) >= 0,
            item.parts};
}

void Sorter::readCouplings() {
    for (const auto& coupling : m_tags.couplings) {
        m_couplings[m_tags.atoms.root(coupling.atom)].push_back(coupling.step);
    }
}

Member Sorter::memberOf(AxisNumber number, const std::unordered_map<Atom, std::int64_t>& channels,
                        std::int64_t width) const {
    const auto& axis = m_tags.axes[at(number)];
    std::vector<std::vector<std::int64_t>> places(at(width));
    for (std::int64_t i = 0; i < axis.size; ++i) {
        const auto known = channels.find(m_tags.atoms.root(axis.first + static_cast<Atom>(i)));
        if (known != channels.end()) places[at(known->second)].push_back(i);
    }
    Member member{axis.path, axis.axis, axis.hasRole ? axis.role : Role::Affine, {}, {0}};
    for (const auto& own : places) {
        member.indices.insert(member.indices.end(), own.begin(), own.end());
        member.offsets.push_back(static_cast<std::int64_t>(member.indices.size()));
    }
    return member;
}

void Sorter::addGroup(const std::vector<std::size_t>& classes) {
    Group group;
    group.id = GroupId{static_cast<int>(m_table.groups.size())};
    group.width = static_cast<std::int64_t>(classes.size());
    std::unordered_map<Atom, std::int64_t> channels;
    for (const auto index : classes) {
        const auto& item = m_classes[index];
        channels.emplace(item.root, static_cast<std::int64_t>(channels.size()));
        group.outputs.push_back(item.position);
        group.heads = std::max(group.heads, m_tags.atoms.heads(item.root));
    }
    for (const auto number : m_classes[classes[0]].axes) {
        group.members.push_back(memberOf(number, channels, group.width));
    }
    std::ranges::stable_sort(group.members, {}, [](const Member& member) {
        return member.role == Role::Producer ? 0 : 1;
    });
    describe(group, classes);
    for (const auto& [root, channel] : channels) {
        if (group.locked) continue;
        m_unitOfRoot.emplace(root, static_cast<std::int64_t>(m_table.units.size()));
        m_table.units.push_back({group.id, channel});
    }
    m_table.groups.push_back(std::move(group));
}

/// The operators that tie the group's classes together, and in which modules they are.
std::vector<std::string> Sorter::couplingsOf(Group& group,
                                             const std::vector<std::size_t>& classes) const {
    std::set<int> steps;
    for (const auto index : classes) {
        const auto known = m_couplings.find(m_classes[index].root);
        if (known != m_couplings.end()) steps.insert(known->second.begin(), known->second.end());
    }
    std::vector<std::string> places;
    for (const auto step : steps) {
        const auto& node = *m_trace.steps[at(step)].node;
        const auto name = plainName(node);
        if (std::ranges::find(group.through, name) == group.through.end()) {
            group.through.push_back(name);
        }
        const auto path = modulePathOf(node);
        const auto place = path.empty() ? name : cat(name, " in ", path);
        if (std::ranges::find(places, place) == places.end()) places.push_back(place);
    }
    return places;
}

void Sorter::describe(Group& group, const std::vector<std::size_t>& classes) const {
    const auto places = couplingsOf(group, classes);
    const auto root = m_classes[classes[0]].root;
    const int frozen = m_tags.atoms.frozenBy(root);
    const int inexact = m_tags.atoms.inexactBy(root);
    group.exact = inexact < 0;
    group.locked = frozen >= 0 || group.width < 2;
    if (frozen >= 0) {
        group.reason = m_tags.atoms.text(frozen);
        return;
    }
    std::set<std::string> layers;
    for (const auto& member : group.members) {
        if (member.role == Role::Producer) layers.insert(modulePath(member.parameter));
    }
    std::string where;
    for (std::size_t i = 0; i < places.size() && i < 3; ++i)
        where += (i > 0 ? ", " : "") + places[i];
    if (places.size() > 3) where += cat(", and ", places.size() - 3, " more");
    if (layers.size() == 1) {
        group.reason = where.empty() ? "1 layer on its own" : cat("1 layer, tied by ", where);
    } else {
        group.reason =
            cat(layers.size(), " layers move together", where.empty() ? "" : ": ", where);
    }
    if (group.width < 2)
        group.reason = cat("all its channels can only go together: ", group.reason);
    if (!group.exact) group.reason += cat("; inexact: ", m_tags.atoms.text(inexact));
}

/// Keys: the first producer's module, with a range where it feeds several groups.
void Sorter::nameGroups() {
    std::map<std::pair<std::string, int>, int> uses;
    for (const auto& group : m_table.groups) {
        ++uses[{group.members[0].parameter, group.members[0].axis}];
    }
    std::set<std::string> taken;
    for (auto& group : m_table.groups) {
        const auto& parameter = group.members[0].parameter;
        std::string range;
        if (uses[{parameter, group.members[0].axis}] > 1) {
            const auto [low, high] = std::ranges::minmax(group.outputs);
            range = cat("[", low, ":", high + 1, "]");
        }
        group.key = modulePath(parameter) + range;
        if (!taken.insert(group.key).second) {
            std::string key = parameter + range;
            for (int i = 2; !taken.insert(key).second; ++i) key = cat(parameter, range, "#", i);
            group.key = std::move(key);
        }
    }
}

void Sorter::spreadUnits() {
    for (Atom atom = 0; atom < static_cast<Atom>(m_tags.atoms.size()); ++atom) {
        const auto known = m_unitOfRoot.find(m_tags.atoms.root(atom));
        if (known != m_unitOfRoot.end()) m_table.unitOf[at(atom)] = static_cast<int>(known->second);
    }
}

void Sorter::explainFrozen() {
    for (const auto& axis : m_tags.axes) {
        for (std::int64_t i = 0; i < axis.size && !axis.path.empty(); ++i) {
            const int reason = m_tags.atoms.frozenBy(axis.first + static_cast<Atom>(i));
            if (reason < 0) continue;
            m_table.frozen.try_emplace(axis.path, m_tags.atoms.text(reason));
            break;
        }
    }
}

}  // namespace

GroupTable makeGroups(const TagTable& tags, const Trace& trace) {
    return Sorter(tags, trace).sort();
}

}  // namespace espalier::channels
