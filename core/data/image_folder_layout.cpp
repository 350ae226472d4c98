// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/data/image_folder_layout.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <optional>

#include "core/base/format.h"

namespace espalier::data {
namespace {

namespace fs = std::filesystem;

enum class Part { Train, Validation, Test };

/// What folder names mean, in lower case.
constexpr std::array<std::pair<std::string_view, Part>, 6> kParts{{{"train", Part::Train},
                                                                   {"training", Part::Train},
                                                                   {"val", Part::Validation},
                                                                   {"valid", Part::Validation},
                                                                   {"validation", Part::Validation},
                                                                   {"test", Part::Test}}};
constexpr std::size_t kMostNames = 20000;  // looked at to recognise a folder
constexpr std::array<std::string_view, 3> kEndings{".jpg", ".jpeg", ".png"};

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

std::optional<Part> partOf(const fs::path& folder) {
    const std::string name = lower(folder.filename().string());
    const auto* found = std::ranges::find(kParts, name, &std::pair<std::string_view, Part>::first);
    if (found == kParts.end()) return {};
    return found->second;
}

/// Folders of splits and classes are often links to where the images are.
constexpr auto kFollow = fs::directory_options::follow_directory_symlink;

bool isHidden(const fs::path& path) {
    return path.filename().string().starts_with('.');
}

bool isImageName(const fs::path& path) {
    return !isHidden(path) &&
           std::ranges::find(kEndings, lower(path.extension().string())) != kEndings.end();
}

std::vector<fs::path> foldersIn(const fs::path& folder) {
    std::vector<fs::path> folders;
    std::error_code failed;
    for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end;
         entry.increment(failed)) {
        std::error_code ignored;
        if (!isHidden(entry->path()) && entry->is_directory(ignored))
            folders.push_back(entry->path());
    }
    std::ranges::sort(folders);
    return folders;
}

/// Whether an image lies in `folder`; gives up when it has looked at `budget` names.
bool holdsImages(const fs::path& folder, std::size_t& budget) {
    std::error_code failed;
    for (fs::recursive_directory_iterator entry(folder, kFollow, failed), end;
         !failed && entry != end && budget > 0; entry.increment(failed), --budget) {
        std::error_code ignored;
        if (isImageName(entry->path()) && entry->is_regular_file(ignored)) return true;
    }
    return false;
}

bool holdsClasses(const fs::path& folder, std::size_t& budget) {
    return std::ranges::any_of(
        foldersIn(folder), [&budget](const fs::path& inner) { return holdsImages(inner, budget); });
}

struct ClassFolder {
    fs::path path;
    Part part = Part::Train;

    std::string name() const { return path.filename().string(); }
};

/// The folders of classes with the split they belong to; without split folders, all in `whole`.
std::vector<ClassFolder> classFolders(const fs::path& root, Part whole) {
    std::vector<ClassFolder> splits;
    std::vector<ClassFolder> oneLevel;
    for (const fs::path& folder : foldersIn(root)) {
        oneLevel.push_back({folder, whole});
        const auto part = partOf(folder);
        std::size_t budget = kMostNames;
        if (!part || !holdsClasses(folder, budget)) continue;
        for (const fs::path& inner : foldersIn(folder)) splits.push_back({inner, *part});
    }
    return splits.empty() ? oneLevel : splits;
}

std::vector<ImageFile>& filesOf(ImageFolderLayout& layout, Part part) {
    switch (part) {
        case Part::Train:
            return layout.train;
        case Part::Validation:
            return layout.validation;
        case Part::Test:
            break;
    }
    return layout.test;
}

Error cancelled(const fs::path& root) {
    return {Error::Kind::Cancelled, cat("Cannot open the data in ", root.string()),
            "it was cancelled", ""};
}

/// The images under `folder`, ascending.
Result<std::vector<fs::path>> imagesIn(const fs::path& folder, RunControl& control) {
    std::vector<fs::path> paths;
    std::error_code failed;
    fs::recursive_directory_iterator entry(folder, kFollow, failed);
    for (const fs::recursive_directory_iterator end; !failed && entry != end;
         entry.increment(failed)) {
        if (!control.keepGoing()) return cancelled(folder);
        std::error_code ignored;
        if (isImageName(entry->path()) && entry->is_regular_file(ignored))
            paths.push_back(entry->path());
    }
    if (failed) {
        return Error{Error::Kind::Unreadable, cat("Cannot open the folder ", folder.string()),
                     failed.message(), "Check its permissions"};
    }
    std::ranges::sort(paths);
    return paths;
}

/// The images in `folder` itself, ascending.
std::vector<fs::path> imagesBeside(const fs::path& folder) {
    std::vector<fs::path> paths;
    std::error_code failed;
    for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end;
         entry.increment(failed)) {
        std::error_code ignored;
        if (isImageName(entry->path()) && entry->is_regular_file(ignored))
            paths.push_back(entry->path());
    }
    std::ranges::sort(paths);
    return paths;
}

/// Images in no folder of a class: the splits of ROOT, or ROOT alone as `whole`.
ImageFolderLayout withoutLabels(const fs::path& root, Part whole, bool isSplit) {
    ImageFolderLayout layout;
    for (const fs::path& folder : foldersIn(root)) {
        const auto part = partOf(folder);
        if (!part) continue;
        for (fs::path& path : imagesBeside(folder))
            filesOf(layout, *part).push_back({std::move(path), 0});
    }
    const bool hasSplits =
        !layout.train.empty() || !layout.validation.empty() || !layout.test.empty();
    if (hasSplits) return layout;
    for (fs::path& path : imagesBeside(root))
        filesOf(layout, whole).push_back({std::move(path), 0});
    layout.isOneLevel = !isSplit;
    return layout;
}

/// Folders of splits alone, with images directly in them, are no classes.
bool hasClassFolders(const fs::path& root) {
    std::size_t budget = kMostNames;
    for (const fs::path& folder : foldersIn(root)) {
        if (partOf(folder) ? holdsClasses(folder, budget) : holdsImages(folder, budget))
            return true;
    }
    return false;
}

}  // namespace

bool looksLikeImageFolder(const fs::path& folder) {
    std::error_code ignored;
    std::size_t budget = kMostNames;
    return fs::is_directory(folder, ignored) && holdsImages(folder, budget);
}

Result<ImageFolderLayout> readImageFolderLayout(const fs::path& root, RunControl& control) {
    const auto part = partOf(root);
    if (!hasClassFolders(root)) {
        ImageFolderLayout layout =
            withoutLabels(root, part.value_or(Part::Train), part.has_value());
        if (layout.test.empty()) layout.test.swap(layout.validation);
        return layout;
    }
    const std::vector<ClassFolder> folders = classFolders(root, part.value_or(Part::Train));
    ImageFolderLayout layout;
    layout.isOneLevel = !part && !folders.empty() && folders.front().path.parent_path() == root;
    std::map<std::string, std::vector<std::pair<Part, fs::path>>> classes;
    for (const ClassFolder& folder : folders) {
        auto paths = imagesIn(folder.path, control);
        if (!paths) return paths.error();
        if (paths->empty()) layout.empty.insert(folder.name());
        for (fs::path& path : *paths)
            classes[folder.name()].emplace_back(folder.part, std::move(path));
    }
    for (auto& [name, images] : classes) {
        const std::int64_t label = std::ssize(layout.classes);
        layout.classes.push_back(name);
        for (auto& [split, path] : images)
            filesOf(layout, split).push_back({std::move(path), label});
    }
    std::erase_if(layout.empty, [&](const std::string& name) { return classes.contains(name); });
    if (layout.test.empty()) layout.test.swap(layout.validation);
    return layout;
}

}  // namespace espalier::data
