// SPDX-License-Identifier: MIT
//
// Line servers: each line goes back as the view that the wheel gives, or as a string that is an event of its own.
#include <string>

#include "ours_server.hpp"
#include "poe/filters/line.hpp"
#include "poe/wheels/read_write.hpp"

namespace poe::bench {

namespace {

class ViewConnection : public Session {
 public:
  ViewConnection(Birth birth, Fd socket) : Session(std::move(birth)), io_(*this, wiring(std::move(socket))) {}
  static void handlers(Handlers<ViewConnection>&) {}

 private:
  ReadWriteOptions wiring(Fd socket) {
    ReadWriteOptions options(std::move(socket));
    options.filter = LineFilter(LineOptions("\n"));
    options.on_record = [this](std::string_view line) { static_cast<void>(io_.put(line)); };
    options.on_error = [this](const Error&) { request_stop(); };
    return options;
  }
  ReadWrite io_;
};

inline constexpr Event<std::string> got_line{"got_line"};

class StringConnection : public Session {
 public:
  StringConnection(Birth birth, Fd socket) : Session(std::move(birth)), io_(*this, wiring(std::move(socket))) {}
  static void handlers(Handlers<StringConnection>& h) { h.on(got_line, &StringConnection::answer); }

 private:
  ReadWriteOptions wiring(Fd socket) {
    ReadWriteOptions options(std::move(socket));
    options.filter = LineFilter(LineOptions("\n"));
    options.on_record = [this](std::string_view line) { yield(got_line, std::string(line)); };
    options.on_error = [this](const Error&) { request_stop(); };
    return options;
  }
  void answer(const std::string& line) { static_cast<void>(io_.put(line)); }
  ReadWrite io_;
};

}  // namespace

void our_line_views(Run& run) { serve<ViewConnection>(run); }
void our_line_strings(Run& run) { serve<StringConnection>(run); }

}  // namespace poe::bench
