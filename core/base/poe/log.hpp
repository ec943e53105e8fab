// SPDX-License-Identifier: MIT
//
// Where the library's own lines go. The kernel has no logging library inside: it writes to a LogSink, and
// poe::log puts spdlog behind one.
#pragma once

#include <string_view>

#include "poe/export.hpp"

namespace poe {

enum class LogLevel : int { debug = 0, info = 1, warning = 2, error = 3, off = 4 };

/// Takes one line at a time, without a newline. Called on loop threads; a sink shared by several kernels must be
/// thread-safe. Must not throw and must not call back into a kernel.
class POE_API LogSink {
 public:
  virtual ~LogSink();
  virtual void write(LogLevel level, std::string_view line) noexcept = 0;
  /// Lines below this level are not even composed.
  virtual LogLevel threshold() const noexcept { return LogLevel::warning; }
};

/// The default: warnings and errors to standard error, one write(2) a line, prefixed "poe: ".
POE_API LogSink& stderr_log() noexcept;

}  // namespace poe
