// SPDX-License-Identifier: MIT
//
// A real bridge behind a layer that breaks one rule on its way through: the proof that the guest, nesting and embed
// checks can fail. What the oracle's mutants are to an own loop.
#pragma once

#include <poe/loop_abi.h>

#include <string>

namespace poe::test {

/// The plug-in of a layer over `honest`; create() wants the options "inner" (the bridge's name) and "fault". One table
/// for each bridge: it carries the bridge's own capabilities.
poe_loop_plugin spoilt(const poe_loop_plugin& honest);

}  // namespace poe::test
