// SPDX-License-Identifier: MIT
#include "http_sender.hpp"

#include <array>
#include <charconv>
#include <utility>

#include "http_text.hpp"

namespace poe {

namespace {

void write_chunk_size(std::size_t size, std::string& out) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16).ptr;
  out.append(digits.data(), end).append("\r\n");
}

}  // namespace

void HttpSender::begin(HttpFraming framing, bool written) noexcept {
  framing_ = framing;
  written_ = written;
  busy_ = true;
}

Result<void> HttpSender::write(std::string_view piece, std::string& out) {
  if (!busy_) return misuse("no body was begun", "begin the message first");
  if (piece.empty()) return {};  // a chunk of size 0 would be the end
  if (framing_.kind == HttpFraming::Kind::none) return misuse("a message of this kind has no body", "leave it out");
  if (framing_.kind == HttpFraming::Kind::length) {
    if (piece.size() > framing_.size) return misuse("there is more of the body than its Content-Length says", "");
    framing_.size -= piece.size();
  }
  if (!written_) return {};
  const bool chunked = framing_.kind == HttpFraming::Kind::chunked;
  if (chunked) write_chunk_size(piece.size(), out);
  out.append(piece);
  if (chunked) out.append("\r\n");
  return {};
}

Result<void> HttpSender::pass(std::uint64_t octets) {
  if (!busy_) return misuse("no body was begun", "begin the message first");
  if (framing_.kind != HttpFraming::Kind::length) return misuse("its body has no stated length", "add Content-Length");
  if (octets > framing_.size) return misuse("there is more of the body than its Content-Length says", "");
  framing_.size -= octets;
  return {};
}

Result<void> HttpSender::end(const HttpFields& trailers, std::string& out) {
  if (!busy_) return misuse("no body was begun", "begin the message first");
  if (written_ && framing_.kind == HttpFraming::Kind::length && framing_.size > 0) {
    return misuse(std::to_string(framing_.size) + " octets of its Content-Length are missing",
                  "write them, or close the connection");
  }
  if (written_ && framing_.kind == HttpFraming::Kind::chunked) {
    std::string text = "0\r\n";
    if (auto done = write_fields(trailers, text); !done) return done;
    out.append(text).append("\r\n");
  }
  busy_ = false;
  return {};
}

Result<std::optional<std::uint64_t>> stated_length(const HttpFields& fields) {
  if (fields.count("Transfer-Encoding") > 0) {
    return misuse("its fields have a Transfer-Encoding", "leave that out: the filter writes it where it is right");
  }
  const std::size_t lengths = fields.count("Content-Length");
  if (lengths == 0) return std::nullopt;
  const auto size = whole_number(*fields.find("Content-Length"));
  if (lengths == 1 && size) return *size;
  return misuse("its Content-Length is not one whole number", "give one, or leave it to the filter");
}

Result<void> write_head(std::string_view first_line, const HttpFields& fields, bool length_stated,
                        const HttpFraming& framing, std::string_view connection, std::string& out) {
  const std::size_t before = out.size();
  out.append(first_line).append("\r\n");
  if (auto done = write_fields(fields, out); !done) {
    out.resize(before);
    return done;
  }
  if (framing.kind == HttpFraming::Kind::length && !length_stated) {
    out.append("Content-Length: ").append(std::to_string(framing.size)).append("\r\n");
  }
  if (framing.kind == HttpFraming::Kind::chunked) out.append("Transfer-Encoding: chunked\r\n");
  if (!connection.empty()) out.append("Connection: ").append(connection).append("\r\n");
  out.append("\r\n");
  return {};
}

}  // namespace poe
