// SPDX-License-Identifier: MIT
//
// The inside of a TlsContext: OpenSSL's SSL_CTX and what its layers share. Not changed once it is made; OpenSSL counts
// the references to it with atomics, so threads may share it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "openssl_handles.hpp"
#include "poe/filters/tls.hpp"

namespace poe {

class TlsMaker final : public StreamLayerMaker, public std::enable_shared_from_this<TlsMaker> {
 public:
  explicit TlsMaker(bool server) noexcept : server_(server) {}
  Result<void> prepare(const TlsOptions& options);
  Result<void> verify_servers(const TlsClientOptions& options);
  Result<void> verify_clients(const TlsServerOptions& options);
  Result<std::unique_ptr<StreamLayer>> make_layer(std::string_view peer) const override;

  bool server() const noexcept { return server_; }
  bool verifies() const noexcept { return verify_; }
  Duration handshake_time() const noexcept { return handshake_time_; }
  /// By ALPN, on the wire: each behind its length.
  const std::string& protocols() const noexcept { return protocols_; }
  SSL_CTX& context() const noexcept { return *context_; }
  const BIO_METHOD& pipe_method() const noexcept { return *pipe_method_; }

 private:
  Result<void> limit_versions(const TlsOptions& options);
  Result<void> load_certificate(const TlsOptions& options);
  Result<void> load_authorities(const std::string& file);
  Result<void> set_protocols(const std::vector<std::string>& protocols);

  BioMethod pipe_method_;
  SslContext context_;
  std::string protocols_;
  std::string name_;
  Duration handshake_time_{};
  bool server_;
  bool verify_ = false;
};

}  // namespace poe
