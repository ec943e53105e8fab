// SPDX-License-Identifier: MIT
//
// poe::log: spdlog behind the LogSink of a kernel. A target of its own, because linking spdlog costs start-up time
// that a kernel without it need not pay.
#pragma once

#include <memory>
#include <string>

#include "poe/export.hpp"
#include "poe/log.hpp"

namespace poe {

/// A sink that writes to standard error through spdlog, with time and level, in colour on a terminal. `name` stands in
/// each line. Thread-safe: kernels may share one. Keep it as long as they live.
POE_API std::unique_ptr<LogSink> spdlog_sink(std::string name = "poe", LogLevel threshold = LogLevel::info);

}  // namespace poe
