// SPDX-License-Identifier: MIT
//
// A wheel on one end of a socket pair, and on the other a bare TLS layer that the test turns by hand.
#pragma once

#include "certificates.hpp"
#include "poe/wheels/read_write_awaits.hpp"
#include "read_write_bench.hpp"
#include "tls_side.hpp"

namespace poe::test {

/// Its Tasks are functions of no class: all is public.
class TlsWheelTest : public testing::TestWithParam<std::string>, public ReadWriteRig {
 public:
  TlsWheelTest() : ReadWriteRig(GetParam()) {}

  ReadWriteOptions logging_tls() { return logging_tls(ReadWriteOptions(std::move(near))); }
  ReadWriteOptions logging_tls(ReadWriteOptions options) {
    options = logging(std::move(options));
    options.on_secured = [this] { note("secured"); };
    options.on_error = [this](const Error& error) {
      last_error = error.message();
      note("error " + error.operation() + " " + std::to_string(error.number()) + " " +
           std::string(to_string(error.code())));
    };
    return options;
  }
  /// The server is the wheel.
  ReadWriteOptions serving(const TlsContext& context = server_context()) {
    ReadWriteOptions options = logging_tls();
    options.layer = layer_of(context, "the test");
    return options;
  }
  void client_begins() {
    side.emplace(layer_of(client_context()));
    side->begin();
  }

  /// One exchange: what the bare side says, `most` octets at a time, and what it hears. Whether anything moved.
  bool carry(std::size_t most = 1 << 20) {
    const std::string some = side->said.substr(0, most);
    const std::int64_t took = say(some);
    side->said.erase(0, static_cast<std::size_t>(std::max<std::int64_t>(took, 0)));
    const auto ran = kernel.run_one_timeslice(std::chrono::milliseconds(0));
    EXPECT_TRUE(ran);
    const std::string came = hear();
    if (!came.empty()) side->hear(came);
    return took > 0 || !came.empty();
  }
  void talk(std::size_t most = 1 << 20) {
    for (int quiet = 0; quiet < 3; ++quiet) {
      if (carry(most)) quiet = -1;
      if (most == std::size_t{1} << 20) settle();
    }
    settle();
  }
  void open_as_server(ReadWriteOptions options) {
    make(std::move(options));
    client_begins();
    talk();
    ASSERT_TRUE(side->layer->is_open()) << side->why() << "; " << last_error;
  }
  void open_as_server() { open_as_server(serving()); }
  template <class P>
  void until(P done) {
    ASSERT_TRUE(kernel.run_while([&] { return !done(); }));
  }
  bool said(const std::string& what) const { return std::find(log.begin(), log.end(), what) != log.end(); }

  std::optional<Side> side;
  std::string last_error;
};

}  // namespace poe::test
