// SPDX-License-Identifier: MIT
//
// HttpInput: an HttpdFilter that tells when octets come. Why: a wheel tells of whole records alone, and a client that
// sends its head an octet a minute must be noticed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "poe/filters/httpd.hpp"

namespace poe {

class HttpInput final : public Filter {
 public:
  class Listener {
   public:
    virtual void octets_came() = 0;

   protected:
    ~Listener() = default;
  };

  explicit HttpInput(const HttpLimits& limits) : Filter(&kNoEnding), http_(limits), limits_(limits) {}

  HttpdFilter& http() noexcept { return http_; }
  /// Borrowed; nullptr: nobody.
  void listen(Listener* listener) noexcept { listener_ = listener; }
  /// Whether nothing waits but line ends, if anything: they may stand before a request (RFC 9112, 2.2) and begin none.
  bool only_line_ends() const noexcept { return http_.pending_size() <= line_ends_; }

  void feed(std::string_view bytes) override {
    const std::size_t last = bytes.find_last_not_of("\r\n");
    line_ends_ = last == std::string_view::npos ? line_ends_ + bytes.size() : bytes.size() - last - 1;
    http_.feed(bytes);
    if (listener_ != nullptr) listener_->octets_came();
  }
  void keep() override { http_.keep(); }
  Result<std::optional<std::string_view>> next() override { return http_.next(); }
  Result<std::optional<std::string_view>> finish() override { return http_.finish(); }
  Result<void> encode(std::string_view record, std::string& out) override { return http_.encode(record, out); }
  std::string take_pending() override { return http_.take_pending(); }
  std::size_t pending_size() const noexcept override { return http_.pending_size(); }
  std::unique_ptr<Filter> clone() const override { return std::make_unique<HttpInput>(limits_); }
  void reset() noexcept override { http_.reset(); }

 private:
  HttpdFilter http_;
  HttpLimits limits_;
  std::size_t line_ends_ = 0;  // octets of CR and LF at the end of all that was fed
  Listener* listener_ = nullptr;
};

}  // namespace poe
