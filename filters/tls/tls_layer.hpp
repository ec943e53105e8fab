// SPDX-License-Identifier: MIT
//
// One TLS connection: OpenSSL's state machine between two strings.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "openssl_handles.hpp"
#include "poe/filters/tls.hpp"
#include "tls_context.hpp"
#include "tls_pipe.hpp"

namespace poe {

class TlsLayer final : public StreamLayer {
 public:
  /// Throws std::bad_alloc.
  TlsLayer(std::shared_ptr<const TlsMaker> maker, std::string peer);
  TlsLayer(const TlsLayer&) = delete;
  TlsLayer& operator=(const TlsLayer&) = delete;
  ~TlsLayer() override;

  /// A client's: sends that name (SNI), and lets nobody else be the server.
  Result<void> expect(std::string name);
  /// From OpenSSL's check, in the middle of the handshake.
  void certificate_refused(X509_STORE_CTX* check) noexcept;
  TlsInfo info() const;

  Result<void> begin(std::string& answer) override;
  Result<std::size_t> decode(std::string_view wire, std::span<char> plain, std::string& answer) override;
  Result<void> encode(std::string_view plain, std::string& wire) override;
  void end(std::string& wire) override;
  bool is_open() const noexcept override { return open_; }
  bool input_ended() const noexcept override { return ended_; }
  Error cut_off() const override;
  Duration opening_limit() const noexcept override { return maker_->handshake_time(); }
  Error too_slow() const override;

 private:
  class Call;
  Result<void> shake_hands();
  Result<std::size_t> read_some(std::span<char> plain);
  bool wants_more(int result) const noexcept;
  tl::unexpected<Error> fail();
  std::string who() const { return (maker_->server() ? "the connection from " : "the connection to ") + peer_; }

  std::shared_ptr<const TlsMaker> maker_;  // outlives the two below
  TlsPipe pipe_;
  SslHandle ssl_;
  std::string peer_;
  std::string refused_;  // what is wrong with the other side's certificate
  std::optional<Error> failed_;
  bool heard_ = false;  // anything at all
  bool open_ = false;
  bool ended_ = false;
};

}  // namespace poe
