// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/gui/actions.h"

namespace espalier::gui {
namespace {

using style::Icon;

constexpr unsigned kNeedEditing = NeedModel | NeedIdle;

// QT_TRANSLATE_NOOP marks what Actions translates.
#define TEXT(text) QT_TRANSLATE_NOOP("Actions", text)

// One action takes two or three lines, its words first.
// clang-format off
const ActionSpec kTable[] = {
    {"file.open", "File", 0, TEXT("&Open…"), "Ctrl+O",
     TEXT("Opens a TorchScript file, as written by torch.jit.save, or a session"), Icon::Open},
    {"file.open_with_input", "File", 0, TEXT("Open model with &input shape…"), "Ctrl+Alt+O",
     TEXT("Opens a model whose input shape cannot be guessed, or should be another one")},
    {"file.example", "File", 0, TEXT("Open e&xample"), "Ctrl+Shift+O",
     TEXT("Opens the LeNet-5 that comes with the program, with its MNIST data")},
    {"file.save_session", "File", 1, TEXT("&Save session"), "Ctrl+S",
     TEXT("Keeps the model's history, plans, weights and measurements as a file to go on from"),
     Icon::Save, NeedModel},
    {"file.save_session_as", "File", 1, TEXT("Sa&ve session as…"), "Ctrl+Shift+S",
     TEXT("Saves the session under another name; the file it was opened from stays as it is"), {},
     NeedModel},
    {"file.attach_data", "File", 2, TEXT("&Attach data…"), "Ctrl+D",
     TEXT("Chooses the data that accuracy is measured on and that fine-tuning learns from"),
     Icon::Data},
    {"file.open_plan", "File", 2, TEXT("Open &plan…"), "Ctrl+L",
     TEXT("Applies a plan file to this model, as one step that can be undone"), {}, kNeedEditing},
    {"file.export_masked", "File", 3, TEXT("Export &masked model…"), "Ctrl+E",
     TEXT("Writes a TorchScript file with the original shapes and zeros where weights are removed"),
     Icon::Export, kNeedEditing},
    {"file.export_cut", "File", 3, TEXT("Export &cut model…"), "Ctrl+Shift+E",
     TEXT("Writes a smaller TorchScript file: removed channels are cut out, and the result is proved"),
     Icon::Cut, kNeedEditing | NeedGroups},
    {"file.export_onnx", "File", 3, TEXT("Export O&NNX…"), "Ctrl+Alt+E",
     TEXT("Writes the model as ONNX (opset 17): removed channels are cut out, removed weights are zero"),
     {}, kNeedEditing},
    {"file.export_safetensors", "File", 3, TEXT("Export weights as sa&fetensors…"), "Ctrl+Alt+S",
     TEXT("Writes the weights alone, under their names in state_dict"), {}, kNeedEditing},
    {"file.export_plan", "File", 3, TEXT("&Export plan…"), "Ctrl+Alt+L",
     TEXT("Writes what you decided for each layer as JSON, which the command line takes as well"),
     Icon::Save, NeedModel},
    {"file.export_report", "File", 3, TEXT("Expor&t report…"), "Ctrl+Alt+R",
     TEXT("Writes one page about what is shown: what it costs, how good it was measured to be, layer "
          "by layer, with the proof and the plan; its figures as JSON beside it"),
     Icon::Info, NeedModel},
    {"file.close", "File", 4, TEXT("C&lose model"), "Ctrl+W",
     TEXT("Closes the model and shows the start page"), Icon::Close, kNeedEditing},
    {"file.quit", "File", 4, TEXT("&Quit"), "Ctrl+Q",
     TEXT("Closes the window; a training keeps its best so far")},

    {"edit.undo", "Edit", 0, TEXT("&Undo"), "Ctrl+Z",
     TEXT("Takes the last change back"), Icon::Undo, NeedUndo | NeedModel},
    {"edit.redo", "Edit", 0, TEXT("&Redo"), "Ctrl+Shift+Z",
     TEXT("Makes the change again"), Icon::Redo, NeedRedo | NeedModel},
    {"edit.reset_layer", "Edit", 1, TEXT("Re&set layer"), "Ctrl+R",
     TEXT("Takes the rules of the selected layers away: their weights and channels come back"),
     {}, kNeedEditing | NeedSelection},
    {"edit.toggle_lock", "Edit", 1, TEXT("&Lock or unlock layer"), "Ctrl+Shift+K",
     TEXT("A locked layer stays whole whatever its rule says"),
     Icon::Lock, kNeedEditing | NeedSelection},
    {"edit.shortcuts", "Edit", 2, TEXT("&Keyboard shortcuts…"), "Ctrl+F1",
     TEXT("Shows the keys of every command and lets you choose others"), Icon::Settings},

    {"view.weights", "View", 0, TEXT("&Weights"), "Ctrl+1",
     TEXT("Shows the histogram with the cut"), Icon::Histogram, NeedModel},
    {"view.heatmap", "View", 0, TEXT("&Heatmap"), "Ctrl+2",
     TEXT("Shows the selected layer's weights as colours"), Icon::Heatmap, NeedModel},
    {"view.channels", "View", 0, TEXT("&Channels"), "Ctrl+3",
     TEXT("Shows the channels of the selected layer's group, ranked, with the cut"), Icon::Group,
     NeedModel},
    {"view.overview", "View", 0, TEXT("&Overview"), "Ctrl+4",
     TEXT("Shows the sparsity of all layers"), Icon::Compare, NeedModel},
    {"view.sensitivity", "View", 0, TEXT("Sensiti&vity"), "Ctrl+5",
     TEXT("Shows what pruning each layer alone costs"), Icon::Sensitivity, NeedModel},
    {"view.compare", "View", 0, TEXT("Com&pare"), "Ctrl+6",
     TEXT("Shows two states of the model side by side"), Icon::Compare, NeedModel},
    {"view.layers", "View", 1, TEXT("&Layers"), "F5",
     TEXT("Shows or hides the list of layers"), {}, NeedModel, Kind::Toggle},
    {"view.settings", "View", 1, TEXT("Layer &settings"), "F4",
     TEXT("Shows or hides the settings of the layer"), {}, NeedModel, Kind::Toggle},
    {"view.history", "View", 1, TEXT("H&istory"), "F7",
     TEXT("Shows or hides the tree of what was done"), {}, NeedModel, Kind::Toggle},
    {"view.training", "View", 1, TEXT("&Training"), "F8",
     TEXT("Shows or hides recipe and live curves"), {}, NeedModel, Kind::Toggle},
    {"view.pareto", "View", 1, TEXT("Pa&reto"), "F12",
     TEXT("Shows or hides accuracy against size, a point for each state that was measured"), {},
     NeedModel, Kind::Toggle},
    {"view.log", "View", 1, TEXT("Lo&g"), "F9",
     TEXT("Shows or hides the log"), {}, NeedModel, Kind::Toggle},
    {"view.theme_system", "View/Theme", 2, TEXT("&As the desktop"), "",
     TEXT("Light or dark as the desktop is"), {}, NeedNothing, Kind::Choice},
    {"view.theme_light", "View/Theme", 2, TEXT("&Light"), "",
     TEXT("Dark text on light"), {}, NeedNothing, Kind::Choice},
    {"view.theme_dark", "View/Theme", 2, TEXT("&Dark"), "",
     TEXT("Light text on dark"), {}, NeedNothing, Kind::Choice},
    {"view.layout_explore", "View/Layouts", 2, TEXT("&Explore"), "Ctrl+Shift+1",
     TEXT("Room for layers, plots and settings"), {}, NeedModel},
    {"view.layout_tune", "View/Layouts", 2, TEXT("&Tune"), "Ctrl+Shift+2",
     TEXT("Room for the training curves"), {}, NeedModel},
    {"view.layout_compare", "View/Layouts", 2, TEXT("&Compare"), "Ctrl+Shift+3",
     TEXT("Room for two states side by side, and for the Pareto points"), {}, NeedModel},
    {"view.layout_reset", "View/Layouts", 2, TEXT("&Reset"), "Ctrl+Shift+0",
     TEXT("Every panel where it was in the beginning"), {}, NeedModel},
    {"view.next_panel", "View", 3, TEXT("&Next panel"), "F6",
     TEXT("Takes the keyboard to the next panel that is seen: layers, plots, settings, training"), {},
     NeedModel},
    {"view.previous_panel", "View", 3, TEXT("Previo&us panel"), "Shift+F6",
     TEXT("Takes the keyboard to the panel before"), {}, NeedModel},
    {"view.filter", "View", 3, TEXT("&Filter layers"), "Ctrl+F",
     TEXT("Takes the keyboard to the field above the list of layers"), Icon::Filter, NeedModel},
    {"view.zoom_reset", "View", 3, TEXT("Reset &zoom"), "Ctrl+0",
     TEXT("Shows everything in all plots again"), Icon::ZoomReset, NeedModel},
    {"view.palette", "View", 3, TEXT("Co&mmand palette…"), "Ctrl+K",
     TEXT("Finds a command, a layer or a group by a few letters of its name"), Icon::Search},

    {"prune.everywhere", "Prune", 0, TEXT("&Prune everywhere…"), "Ctrl+P",
     TEXT("One sparsity for the whole model, spread over its layers"), Icon::Cut, kNeedEditing},
    {"prune.channels", "Prune", 0, TEXT("Prune &channels everywhere…"), "Ctrl+Shift+P",
     TEXT("One share of channels for the whole model, spread over its groups"), Icon::Group,
     kNeedEditing | NeedGroups},
    {"prune.goal", "Prune", 0, TEXT("Prune to a &goal…"), "Ctrl+G",
     TEXT("How much of the non-zeros, MACs or size may be left; a plan that reaches it"), {},
     kNeedEditing},
    {"prune.reset_all", "Prune", 0, TEXT("&Reset all layers"), "Ctrl+Shift+R",
     TEXT("Takes the rules and marks of all layers and groups away; locks stay"), {},
     kNeedEditing},
    {"prune.keep_zeros", "Prune", 1, TEXT("&Keep zeros of the file"), "",
     TEXT("Weights that are zero in the opened file count as removed and stay zero in fine-tuning; "
          "otherwise they are weights like any other"),
     {}, kNeedEditing | NeedZeros, Kind::Toggle},
    {"prune.live_probe", "Prune", 2, TEXT("&Live probe"), "Ctrl+Shift+L",
     TEXT("While the cut of a layer or of a channel group moves, measures the accuracy on a few samples "
          "of the attached data; the card above says on how many"),
     {}, NeedNothing, Kind::Toggle},
    {"prune.probe_256", "Prune/Probe samples", 2, TEXT("&256"), "",
     TEXT("The live probe looks at 256 samples: quick and rough"),
     {}, NeedNothing, Kind::Choice},
    {"prune.probe_512", "Prune/Probe samples", 2, TEXT("&512"), "",
     TEXT("The live probe looks at 512 samples"), {}, NeedNothing, Kind::Choice},
    {"prune.probe_1024", "Prune/Probe samples", 2, TEXT("&1024"), "",
     TEXT("The live probe looks at 1 024 samples"), {}, NeedNothing, Kind::Choice},
    {"prune.probe_2048", "Prune/Probe samples", 2, TEXT("2&048"), "",
     TEXT("The live probe looks at 2 048 samples: steady, and slow for a large model"),
     {}, NeedNothing, Kind::Choice},

    {"train.prune_and_tune", "Train", 0, TEXT("Prune and &fine-tune…"), "Ctrl+Shift+F",
     TEXT("Prunes to a sparsity that it asks for and trains what is left with the recipe of the "
          "Training panel, as one step that can be undone; a plan that is there is taken as it is"),
     Icon::Cut, kNeedEditing | NeedData},
    {"train.start", "Train", 0, TEXT("&Start fine-tuning"), "Ctrl+T",
     TEXT("Trains what is left with the recipe of the Training panel; removed weights stay zero"),
     Icon::Train, kNeedEditing | NeedData},
    {"train.pause", "Train", 0, TEXT("&Pause fine-tuning"), "Ctrl+Alt+P",
     TEXT("Halts the training after the step under way, or goes on with it; a checkpoint is kept"),
     Icon::Pause, NeedTraining, Kind::Toggle},
    {"train.stop", "Train", 0, TEXT("Stop and &keep the best"), "Ctrl+Shift+T",
     TEXT("Ends the training; its best epoch becomes the model"), Icon::Stop, NeedTraining},
    {"train.batch_norms", "Train", 1, TEXT("Re-estimate &batch norms"), "",
     TEXT("Takes the statistics of batch norms anew on training batches and keeps them where they "
          "are better on the validation split; no weight changes"),
     {}, kNeedEditing | NeedData},
    {"train.copy_command", "Train", 1, TEXT("&Copy as command line…"), "Ctrl+Alt+C",
     TEXT("The command of espalier-cli that prunes and fine-tunes as the plan and the recipe say, with "
          "both as files"),
     Icon::Copy, NeedModel | NeedData},

    {"tools.measure_accuracy", "Tools", 0, TEXT("&Measure accuracy"), "Ctrl+M",
     TEXT("Runs the model as it is pruned now on the validation split"),
     Icon::Measure, kNeedEditing | NeedData},
    {"tools.measure_test", "Tools", 0, TEXT("Measure on &test data"), "Ctrl+Alt+M",
     TEXT("Runs the model as it is pruned now on the test split, which is used for no choice: once, "
          "at the end"),
     Icon::Measure, kNeedEditing | NeedData},
    {"tools.measure_latency", "Tools", 0, TEXT("Measure &latency"), "Ctrl+Shift+M",
     TEXT("Times one forward pass, in turns with the dense model"), Icon::Latency, kNeedEditing},
    {"tools.report", "Tools", 1, TEXT("Prunability &report…"), "Ctrl+I",
     TEXT("Lists for each layer whether weights and channels can go, and if not, why"), Icon::Info,
     NeedModel},
    {"tools.pin", "Tools", 1, TEXT("&Pin current state…"), "Ctrl+B",
     TEXT("Keeps this state in the history under a name"), Icon::Pin, NeedModel},
    {"tools.remember", "Tools", 1, TEXT("Remember this p&oint"), "Ctrl+Shift+B",
     TEXT("Measures what is shown and keeps its plan and figures as a trial on the Pareto panel"),
     Icon::Add, kNeedEditing | NeedData},
    {"tools.baseline", "Tools", 1, TEXT("Add &uniform baseline"), "Ctrl+Shift+U",
     TEXT("Measures the plan of the same size that takes the same share of each layer"), {},
     kNeedEditing | NeedData},

    {"help.shortcuts", "Help", 0, TEXT("&Shortcuts"), "F1",
     TEXT("Lists every action with its keys"), Icon::Help},
    {"help.documentation", "Help", 0, TEXT("&Documentation"), "Shift+F1",
     TEXT("Opens the pages that come with the program: how-tos, terms, file formats")},
    {"help.log_file", "Help", 0, TEXT("Open &log file"), "",
     TEXT("Shows what the program has noted, errors with all their details")},
    {"help.about", "Help", 1, TEXT("&About Espalier"), "",
     TEXT("Version, libraries and licence"), Icon::Info},
};

const MenuSpec kMenus[] = {
    {"File", TEXT("&File")},   {"Edit", TEXT("&Edit")},    {"View", TEXT("&View")},
    {"Theme", TEXT("Th&eme")}, {"Layouts", TEXT("La&youts")}, {"Prune", TEXT("&Prune")},
    {"Probe samples", TEXT("Probe &samples")},
    {"Train", TEXT("&Train")}, {"Tools", TEXT("T&ools")},  {"Help", TEXT("&Help")},
};

const PanelKeys kPanelKeys[] = {
    {TEXT("Layers"), TEXT("Lock or unlock"), "L"},
    {TEXT("Layers"), TEXT("Keep all weights"), "Del"},
    {TEXT("Layers"), TEXT("Copy names"), "Ctrl+C"},
    {TEXT("Filter of the layers"), TEXT("Go to the first layer that matches"), "↓, Enter"},
    {TEXT("Weights"), TEXT("Move the cut one bin"), "← →"},
    {TEXT("Weights"), TEXT("Move the cut ten bins"), "Shift+← →"},
    {TEXT("Weights"), TEXT("Move the cut to the next tenth of sparsity"), "Ctrl+← →"},
    {TEXT("Weights"), TEXT("Remove nothing, remove all"), "Ctrl+Home, Ctrl+End"},
    {TEXT("Channels"), TEXT("Keep one channel more or less"), "← →"},
    {TEXT("Channels"), TEXT("Keep ten channels more or less"), "Shift+← →"},
    {TEXT("Channels"), TEXT("Keep the fewest, keep all"), "Ctrl+Home, Ctrl+End"},
    {TEXT("Channels"), TEXT("Keep that many channels"), "0 … 9, Enter"},
    {TEXT("Channels"), TEXT("Walk along the bars"), "Ctrl+← →"},
    {TEXT("Channels"), TEXT("Mark the bar: keep, remove, none"), "Space, click"},
    {TEXT("History"), TEXT("Return to the state"), "Enter"},
    {TEXT("History"), TEXT("Rename"), "F2"},
    {TEXT("History"), TEXT("Pin or unpin"), "P"},
    {TEXT("History"), TEXT("Delete"), "Del"},
    {TEXT("Pareto"), TEXT("Walk from point to point"), "← →"},
    {TEXT("Pareto"), TEXT("Return to the state of the point"), "Enter, click"},
    {TEXT("Compare"), TEXT("Copy the table as CSV"), "Ctrl+C"},
    {TEXT("Messages"), TEXT("Dismiss"), "Esc"},
    {TEXT("Plots"), TEXT("Zoom"), "+ −, wheel"},
    {TEXT("Plots"), TEXT("Show everything"), "Home, double click"},
    {TEXT("Curves"), TEXT("Show or hide a series"), "1 … 9"},
};
// clang-format on

#undef TEXT

}  // namespace

std::span<const ActionSpec> actionTable() {
    return kTable;
}

std::span<const MenuSpec> menuTable() {
    return kMenus;
}

std::span<const PanelKeys> panelKeys() {
    return kPanelKeys;
}

}  // namespace espalier::gui
