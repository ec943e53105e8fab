// SPDX-License-Identifier: MIT
//
// Fuzz target: TLS, both roles. Needs poe::tls. The first octet says what a peer does: it sends the rest of the input,
// or shakes hands and talks while the rest of the input damages what it sends.
#include <array>

#include "certificates.hpp"
#include "cut_check.hpp"
#include "tls_side.hpp"

namespace {

using poe::fuzz::require;
using poe::test::Side;

std::unique_ptr<poe::StreamLayer> layer_for(bool is_client) {
  static const poe::TlsContext server = poe::test::server_context();
  static const poe::TlsContext client = poe::test::client_context();
  return poe::test::layer_of(is_client ? client : server);
}

// Hears a piece, unless an error has ended the stream; what comes out is counted.
void hear(Side& side, std::string_view wire, std::size_t& wire_octets) {
  if (side.error) return;
  wire_octets += wire.size();
  side.hear(wire);
  require(side.heard.size() <= wire_octets, "more plain octets than came on the wire");
  require(side.error || side.layer->is_open() || side.heard.empty(), "it delivers before the handshake is done");
}

// A stranger's octets: never an open layer, never a plain octet, a bounded answer.
void listen_to_a_stranger(bool is_client, std::string_view bytes, std::string_view cuts) {
  Side side(layer_for(is_client));
  side.begin();
  std::size_t wire = 0;
  for (std::size_t turn = 0; !bytes.empty(); ++turn) {
    const std::size_t size = static_cast<std::uint8_t>(cuts[turn % cuts.size()]) + 1U;
    const auto piece = std::make_unique<std::string>(bytes.substr(0, size));  // freed before the next one
    bytes.remove_prefix(piece->size());
    hear(side, *piece, wire);
  }
  require(!side.layer->is_open() && side.heard.empty(), "a stranger's octets were taken for a handshake");
  require(side.said.size() < (std::size_t{64} << 10), "the answers are without bound");
  if (!side.error) require(!side.layer->cut_off().message().empty(), "no reason");
}

// Three octets of the input are one blow: how far on, and what to do to the octet there.
class Damage {
 public:
  explicit Damage(std::string_view plan) : plan_(plan) {}
  bool done() const { return done_; }

  std::string apply(std::string wire) {
    while (plan_.size() >= 3 && left() < wire.size()) {
      const std::size_t at = left();
      if (plan_[2] == 0) {
        wire.erase(at, 1);
      } else {
        wire[at] = static_cast<char>(wire[at] ^ plan_[2]);
      }
      done_ = true;
      passed_ = 0;
      plan_.remove_prefix(3);
    }
    passed_ += wire.size();
    return wire;
  }

 private:
  std::size_t left() const {
    const std::size_t target =
        static_cast<std::uint8_t>(plan_[0]) + std::size_t{256} * (static_cast<std::uint8_t>(plan_[1]) % 16U);
    return target > passed_ ? target - passed_ : 0;
  }

  std::string_view plan_;
  std::size_t passed_ = 0;
  bool done_ = false;
};

// Whatever is done to what one side sends, the other hears the beginning of it or nothing.
void talk_over_a_bad_line(bool client_is_hit, std::string_view plan) {
  const std::string text(3000, 't');
  Side client(layer_for(true));
  Side server(layer_for(false));
  Side& from = client_is_hit ? client : server;
  Side& to = client_is_hit ? server : client;
  Damage damage(plan);
  std::size_t wire = 0;
  std::size_t wire_back = 0;
  bool said = false;
  client.begin();
  server.begin();
  for (int turn = 0; turn < 12; ++turn) {
    if (from.layer->is_open() && !from.error && !std::exchange(said, true)) from.say(text);
    hear(to, damage.apply(std::exchange(from.said, {})), wire);
    hear(from, std::exchange(to.said, {}), wire_back);
  }
  require(text.starts_with(to.heard), "what was heard is not what was said");
  require(damage.done() || to.heard == text, "an undamaged line does not carry");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kHeader = 4;
  if (size < kHeader) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const bool is_client = (data[0] & 1U) != 0;
  if ((data[0] & 2U) != 0) {
    talk_over_a_bad_line(is_client, input.substr(1));
  } else {
    listen_to_a_stranger(is_client, input.substr(kHeader), input.substr(1, kHeader - 1));
  }
  return 0;
}
