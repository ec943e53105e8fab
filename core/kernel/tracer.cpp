// SPDX-License-Identifier: MIT
#include "poe/tracer.hpp"

#include <string>

namespace poe {

template <class... Part>
void Tracer::write(const Part&... parts) noexcept {
  try {
    std::string line = "trace: ";
    (line.append(parts), ...);
    log_.write(LogLevel::info, line);
  } catch (...) {  // no memory for the line: the program matters more
  }
}

void Tracer::posted(const Dispatch& d) noexcept {
  if (has(what_, Trace::events)) {
    write("\"", d.event, "\" queued for ", kernel_.describe(d.session), " by ", kernel_.describe(d.sender));
  }
}

void Tracer::before(const Dispatch& d) noexcept {
  if (has(what_, Trace::events)) {
    write(kernel_.describe(d.session), " handles \"", d.event, "\" from ",
          d.sender == d.session ? "itself" : kernel_.describe(d.sender));
  }
}

void Tracer::started(SessionId session, SessionId parent) noexcept {
  if (has(what_, Trace::sessions)) write(kernel_.describe(session), " is born to ", kernel_.describe(parent));
}

void Tracer::stopped(SessionId session) noexcept {
  if (has(what_, Trace::sessions)) write(kernel_.describe(session), " has ended");
}

void Tracer::references(SessionId session, std::uint32_t count) noexcept {
  if (has(what_, Trace::refs)) write(kernel_.describe(session), " has ", std::to_string(count), " references");
}

void Tracer::signalled(SessionId to, const char* name) noexcept {
  if (has(what_, Trace::signalling)) write("signal ", name, " sent to ", kernel_.describe(to));
}

void Tracer::turn_began(std::uint64_t events) noexcept {
  if (has(what_, Trace::turns)) write("a turn begins, ", std::to_string(events), " events are queued");
}

}  // namespace poe
