// SPDX-License-Identifier: MIT
//
// HttpTokeniser: llhttp, in strict mode, behind the few calls that the filters need. It is given whole heads, whole
// trailers, and chunks line by line. Not thread-safe; stays where it is, for llhttp points back at it.
#pragma once

#include <llhttp.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "poe/filters/http_message.hpp"

namespace poe {

class HttpTokeniser {
 public:
  enum class Chunk : std::uint8_t { more, header, bad };

  /// @param request  heads are those of requests, else of responses
  HttpTokeniser(bool request, std::size_t max_fields) noexcept;
  HttpTokeniser(const HttpTokeniser&) = delete;
  HttpTokeniser& operator=(const HttpTokeniser&) = delete;

  /// Begins a message with its whole head, the empty line included.
  std::optional<HttpRefusal> head(std::string_view section);
  /// Of the head read last. The views belong to the tokeniser.
  int major() const noexcept { return parser_.http_major; }
  int minor() const noexcept { return parser_.http_minor; }
  int status() const noexcept { return parser_.status_code; }
  std::string& method() noexcept { return method_; }
  std::string& target() noexcept { return target_; }
  std::string& reason() noexcept { return reason_; }
  HttpFields& fields() noexcept { return fields_; }

  /// Reads up to the end of a chunk's first line; says how many octets that took.
  Chunk chunk_line(std::string_view text, std::size_t& used);
  std::uint64_t chunk_size() const noexcept { return parser_.content_length; }
  /// Octets of a chunk, no more than are left of it.
  void chunk_data(std::string_view text);
  /// After a chunk of size 0: all trailers with the empty line. They are in fields() then.
  std::optional<HttpRefusal> trailers(std::string_view section);
  /// Why the last call found something bad.
  std::string why() const;

 private:
  static HttpTokeniser& self(llhttp_t* parser) noexcept { return *static_cast<HttpTokeniser*>(parser->data); }
  static const llhttp_settings_t& settings() noexcept;
  llhttp_errno_t execute(std::string_view text) noexcept;
  int finish_field();
  std::optional<HttpRefusal> refusal() const;

  llhttp_t parser_{};
  std::size_t max_fields_;
  bool too_many_ = false;
  bool bad_name_ = false;
  std::string method_;
  std::string target_;
  std::string reason_;
  std::string name_;
  std::string value_;
  HttpFields fields_;
};

}  // namespace poe
