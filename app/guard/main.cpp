// SPDX-License-Identifier: GPL-3.0-or-later
// Loads one unknown model file under tight limits, and exits with what came of it.
#include "core/script/load_guard.h"

int main(int argc, char** argv) {
    return espalier::script::loadGuardMain(argc, argv);
}
