// SPDX-License-Identifier: MIT
//
// StreamLayer: what lies between a descriptor and the filters of a wheel, turns octets into other octets both ways, and
// has things of its own to say: TLS (poe/filters/tls.hpp). Why it is no Filter: a filter never speaks by itself, and
// those above a layer are swapped, looked at and cast without knowing of it. It does no I/O and knows no clock.
// Not thread-safe: one layer serves one stream.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "poe/error.hpp"
#include "poe/export.hpp"
#include "poe/time.hpp"

namespace poe {

/// `wire` is what travels, `plain` what the filters see. What has to go out is appended to a string; it must leave
/// before anything said later, and also when the call fails: it tells the other side why.
class POE_API StreamLayer {
 public:
  /// Octets of an unfinished unit of the wire that a layer holds back, at most.
  static constexpr std::size_t kMaxHeld = std::size_t{18} << 10;

  virtual ~StreamLayer();

  /// Once, before all else: what is to be said first.
  virtual Result<void> begin(std::string& answer) = 0;

  /// Takes what came, and gives what it amounts to. Call it again with an empty `wire` until it gives 0; `wire` must
  /// stay where it is until then. One unit more than `plain` holds comes with the next call.
  /// @return  octets put into `plain`; never more, all calls together, than came on the wire. 0: it needs more.
  /// Errors: what ends the stream, both ways and for good.
  [[nodiscard]] virtual Result<std::size_t> decode(std::string_view wire, std::span<char> plain,
                                                   std::string& answer) = 0;
  /// Only while is_open(). Errors: as decode().
  [[nodiscard]] virtual Result<void> encode(std::string_view plain, std::string& wire) = 0;
  /// Says that nothing more follows; the other direction goes on.
  virtual void end(std::string& wire) = 0;

  /// Both sides have agreed: before that nothing can be encoded.
  [[nodiscard]] virtual bool is_open() const noexcept = 0;
  /// The other side has said that nothing more follows.
  [[nodiscard]] virtual bool input_ended() const noexcept = 0;
  /// What it means that the wire has ended although the other side has not said so. While it opens, this is the error;
  /// later the wheel tells it as Errc::truncated.
  [[nodiscard]] virtual Error cut_off() const = 0;
  /// How long the other side may take until is_open(), and what it means that it took longer.
  [[nodiscard]] virtual Duration opening_limit() const noexcept = 0;
  [[nodiscard]] virtual Error too_slow() const = 0;

 protected:
  StreamLayer() = default;
  StreamLayer(const StreamLayer&) = default;
  StreamLayer& operator=(const StreamLayer&) = default;
};

/// Makes a layer for each connection of a server or a client; may be shared by threads.
class POE_API StreamLayerMaker {
 public:
  virtual ~StreamLayerMaker();
  /// @param peer  a client's: the host it means to reach; a server's: who came, for its messages
  [[nodiscard]] virtual Result<std::unique_ptr<StreamLayer>> make_layer(std::string_view peer) const = 0;

 protected:
  StreamLayerMaker() = default;
  StreamLayerMaker(const StreamLayerMaker&) = default;
  StreamLayerMaker& operator=(const StreamLayerMaker&) = default;
};

}  // namespace poe
