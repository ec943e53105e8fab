// SPDX-License-Identifier: MIT
//
// POE's trace flags (`TRACE_EVENTS` and the rest): an observer that writes a line for each thing it was asked for.
#pragma once

#include <cstdint>

#include "poe/kernel.hpp"
#include "poe/log.hpp"
#include "poe/observer.hpp"
#include "poe/trace.hpp"

namespace poe {

/// Writes at level info, whatever the sink's threshold: it was asked for.
class POE_API Tracer final : public Observer {
 public:
  Tracer(const Kernel& kernel, LogSink& log, Trace what) : kernel_(kernel), log_(log), what_(what) {}

  void posted(const Dispatch& dispatch) noexcept override;
  void before(const Dispatch& dispatch) noexcept override;
  void started(SessionId session, SessionId parent) noexcept override;
  void stopped(SessionId session) noexcept override;
  void references(SessionId session, std::uint32_t count) noexcept override;
  void signalled(SessionId to, const char* name) noexcept override;
  void turn_began(std::uint64_t events) noexcept override;

 private:
  template <class... Part>
  void write(const Part&... parts) noexcept;
  const Kernel& kernel_;
  LogSink& log_;
  Trace what_;
};

}  // namespace poe
