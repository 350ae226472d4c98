// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exchange/checkpoint_file.h"

#include <memory>
#include <stdexcept>
#include <utility>

#include "core/base/files.h"
#include "core/base/format.h"
#include "core/exchange/checkpoint_values_torch.h"
#include "core/exchange/recipe_file.h"

namespace espalier::exchange {

namespace fs = std::filesystem;

namespace {

using Json = nlohmann::ordered_json;

constexpr ValueFormat kFormat{.name = "espalier-checkpoint",
                              .version = 1,
                              .noun = "checkpoint of a fine-tuning",
                              .ifOther = "Give the folder of a run's checkpoints (--checkpoints)",
                              .ifMissing = "Check the path, or start the run anew",
                              .ifDamaged = "Start the run anew"};

Error damaged(std::string why) {
    return {Error::Kind::Damaged, "", std::move(why), std::string(kFormat.ifDamaged)};
}

Json headerOf(const train::Checkpoint& checkpoint, const std::string& source) {
    return {{"source", source},
            {"epochs", checkpoint.epochs},
            {"identity",
             {{"model", checkpoint.identity.model},
              {"masks", checkpoint.identity.masks},
              {"data", checkpoint.identity.data}}},
            {"recipe", Json::parse(recipeToJson(checkpoint.recipe))}};
}

Result<CheckpointAbout> aboutOf(const Json& header) {
    CheckpointAbout about;
    header.at("source").get_to(about.source);
    header.at("epochs").get_to(about.epochs);
    const Json& identity = header.at("identity");
    identity.at("model").get_to(about.identity.model);
    identity.at("masks").get_to(about.identity.masks);
    identity.at("data").get_to(about.identity.data);
    auto recipe = recipeFromJson(header.at("recipe").dump());
    if (!recipe) return damaged(recipe.error().why);
    about.recipe = *recipe;
    return about;
}

/// What `use` makes of a file's values; what goes wrong as an Error that names `path`.
template <class Out, class Use>
Result<Out> readFrom(const fs::path& path, ValueFilePart part, Use&& use) {
    const std::string what = cat("Cannot continue from ", path.string());
    const auto named = [&what](Error error) {
        error.what = what;
        return error;
    };
    const auto file = readValueFile(path, kFormat, part);
    if (!file) return named(file.error());
    try {
        Result<Out> out = use(*file);
        return out ? std::move(out) : named(out.error());
    } catch (const Json::exception&) {
        return named(damaged("its description cannot be read"));
    } catch (const std::runtime_error& problem) {
        return named(damaged(problem.what()));
    }
}

}  // namespace

fs::path checkpointIn(const fs::path& folder) {
    return folder / "run.espalier-checkpoint";
}

Result<void> writeCheckpoint(const train::Checkpoint& checkpoint, const std::string& source,
                             const fs::path& file) {
    return writeAtomically(file, [&](const fs::path& temporary) -> Result<void> {
        writeValueFile(temporary, kFormat, headerOf(checkpoint, source), valuesOf(checkpoint));
        return {};
    });
}

Result<SavedRun> readCheckpoint(const fs::path& file) {
    using Part = ValueFilePart;
    return readFrom<SavedRun>(file, Part::All, [](const ValueFile& read) -> Result<SavedRun> {
        const auto about = aboutOf(read.header);
        if (!about) return about.error();
        auto checkpoint = std::make_shared<train::Checkpoint>(
            train::Checkpoint{about->identity, about->recipe, about->epochs, {}, {}});
        setValues(*checkpoint, read.values);
        return SavedRun{about->source, std::move(checkpoint)};
    });
}

Result<CheckpointAbout> readCheckpointAbout(const fs::path& file) {
    return readFrom<CheckpointAbout>(file, ValueFilePart::Header,
                                     [](const ValueFile& read) { return aboutOf(read.header); });
}

}  // namespace espalier::exchange
