// SPDX-License-Identifier: MIT
#include "poe/log.hpp"

#include <unistd.h>

#include <string>

namespace poe {

LogSink::~LogSink() = default;

namespace {

class StderrLog final : public LogSink {
 public:
  void write(LogLevel, std::string_view line) noexcept override {
    try {
      const std::string whole = "poe: " + std::string(line) + "\n";
      [[maybe_unused]] const auto written = ::write(STDERR_FILENO, whole.data(), whole.size());
    } catch (...) {  // out of memory: the line is lost, the program goes on
    }
  }
};

}  // namespace

LogSink& stderr_log() noexcept {
  static StderrLog sink;  // has no state
  return sink;
}

}  // namespace poe
