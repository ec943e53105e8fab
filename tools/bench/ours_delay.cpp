// SPDX-License-Identifier: MIT
#include "ours.hpp"
namespace poe::bench { void our_delay(Run&) { throw std::runtime_error("later"); } }
