// SPDX-License-Identifier: MIT
//
// The heads of HTTP/1.1 messages (RFC 9110, 9112): what was read, or what is to be written. Bodies travel beside them.
// Values: copy them, keep them, use them on any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "poe/export.hpp"

namespace poe {

/// One header field. Views into the HttpFields it came from.
struct HttpField {
  std::string_view name;
  std::string_view value;
};

/// Header or trailer fields in their order. Names compare without regard to case.
class POE_API HttpFields {
 public:
  HttpFields() = default;

  /// Appends a field. It is checked when it is written.
  HttpFields& add(std::string_view name, std::string_view value);
  void clear() noexcept;

  std::size_t size() const noexcept { return slices_.size(); }
  bool empty() const noexcept { return slices_.empty(); }
  /// @param index  less than size()
  HttpField operator[](std::size_t index) const noexcept;
  /// The value of the first field of that name, or nothing.
  std::optional<std::string_view> find(std::string_view name) const noexcept;
  /// How many fields have that name.
  std::size_t count(std::string_view name) const noexcept;
  /// Whether a field of that name lists the token, as "Connection: keep-alive, Upgrade" does.
  bool lists(std::string_view name, std::string_view token) const noexcept;

 private:
  struct Slice {
    std::uint32_t name;  // offsets into text_; the value follows the name
    std::uint32_t value;
    std::uint32_t end;
  };
  std::string text_;  // names and values one behind another: one allocation for all
  std::vector<Slice> slices_;
};

struct HttpRequestHead {
  HttpRequestHead() = default;
  HttpRequestHead(std::string_view how, std::string_view what) : method(how), target(what) {}

  std::string method = "GET";
  /// As it stands in the request line: "/path?query", "*", "host:port", "http://host/path". Never changed, not decoded.
  std::string target = "/";
  int minor = 1;  ///< of the version 1.x
  HttpFields fields;
  bool keep_alive = true;         ///< the sender wants to go on with this connection; read only
  bool expects_continue = false;  ///< it waits for "100 Continue" before it sends the body; read only
  /// It offers to leave HTTP ("Upgrade", or the method is CONNECT); read only.
  bool upgrade = false;
};

struct HttpResponseHead {
  HttpResponseHead() = default;
  explicit HttpResponseHead(int code) : status(code) {}

  int status = 200;
  std::string reason;  ///< empty when written: the usual one for the status
  int minor = 1;
  HttpFields fields;
  bool keep_alive = true;  ///< another exchange may follow; read only
  bool upgrade = false;    ///< what follows is no HTTP (101, or 2xx to CONNECT); read only
};

/// What a record of an HTTP filter is.
enum class HttpPart : std::uint8_t {
  message,  ///< a whole message: the record is its body
  expect,   ///< a head whose sender waits for "100 Continue"; the message follows later
  head,     ///< streaming: a head; the record is empty
  body,     ///< streaming: a piece of the body
  end,      ///< streaming: the message is complete, trailers are known; the record is empty
};

/// Sizes are octets.
struct HttpLimits {
  HttpLimits() = default;

  /// false: a message is one record, with its body. true: head, body in pieces as they come, end.
  bool streaming = false;
  std::size_t max_head = std::size_t{64} << 10;   ///< request or status line and fields: 431
  std::size_t max_target = std::size_t{8} << 10;  ///< 414
  std::size_t max_fields = 100;                   ///< fields of a head, and of trailers: 431
  std::uint64_t max_body = std::size_t{1} << 20;  ///< 413, as soon as it is announced. POE's MaxContent
  std::size_t max_trailers = std::size_t{8} << 10;
  std::size_t max_chunk_line = 1024;  ///< a chunk's size and its extensions, which are ignored (R20)
  /// Messages without an answer. 0: not counted, and an answer belongs to the message delivered last.
  std::size_t max_pipelined = 128;
  /// Kept when messages are not fetched in time (Filter::keep()); at least one message fits.
  std::size_t max_buffer = std::size_t{1} << 20;
};

/// Why a message was refused.
struct HttpRefusal {
  int status = 400;    ///< what a server answers
  std::string reason;  ///< one sentence without a full stop
};

/// The usual reason phrase of a status code, or "".
POE_API std::string_view http_reason(int status) noexcept;

}  // namespace poe
