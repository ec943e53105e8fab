// SPDX-License-Identifier: MIT
#include "poe/spdlog_sink.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

namespace poe {

namespace {

spdlog::level::level_enum as_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::off:
      break;
  }
  return spdlog::level::off;
}

class SpdlogSink final : public LogSink {
 public:
  SpdlogSink(std::string name, LogLevel threshold)
      : logger_(std::move(name), std::make_shared<spdlog::sinks::stderr_color_sink_mt>()), threshold_(threshold) {
    logger_.set_level(as_spdlog(threshold));
  }
  void write(LogLevel level, std::string_view line) noexcept override { logger_.log(as_spdlog(level), line); }
  LogLevel threshold() const noexcept override { return threshold_; }

 private:
  spdlog::logger logger_;
  LogLevel threshold_;
};

}  // namespace

std::unique_ptr<LogSink> spdlog_sink(std::string name, LogLevel threshold) {
  return std::make_unique<SpdlogSink>(std::move(name), threshold);
}

}  // namespace poe
