// SPDX-License-Identifier: MIT
//
// Everything for sessions that are coroutines. kernel.hpp and open.hpp do without, so others do not pay for it.
#pragma once

#include "poe/ask.hpp"
#include "poe/await_queue.hpp"
#include "poe/awaits.hpp"
#include "poe/scope.hpp"
#include "poe/send.hpp"
#include "poe/stopping.hpp"
#include "poe/task.hpp"
