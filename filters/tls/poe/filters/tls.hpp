// SPDX-License-Identifier: MIT
//
// TLS 1.2 and 1.3 as a layer under any filter; part of poe::tls, which needs OpenSSL.
//
//     auto tls = poe::TlsContext::server({"chain.pem", "key.pem"});
//     poe::TcpServerOptions options("", 7007);
//     if (!tls) return complain(tls.error().report());           // which file is no good, and why
//     options.tls = *tls;                                        // or in any wheel:
//     wheel_options.layer = tls->make_layer(peer).value();       // from the start
//     wheel.secure(tls->make_layer(peer).value());               // STARTTLS
//
// A client checks by itself that the certificate is trusted, valid now, and made out for the host it means to reach.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "poe/error.hpp"
#include "poe/export.hpp"
#include "poe/filters/stream_layer.hpp"
#include "poe/time.hpp"

namespace poe {

enum class TlsVersion { tls12, tls13 };

/// What clients and servers are told alike. All files are PEM, and are read once, when the context is made.
class TlsOptions {
 public:
  /// Our certificate, and behind it those that lead to a root; of a client usually none.
  std::string certificate;
  /// Its key, without a password; empty: it is in the file of the certificate.
  std::string key;
  /// Whom to trust; empty: the system's store.
  std::string authorities;
  /// Protocols to agree on (ALPN), dearest first: {"http/1.1"}. A server takes the first one that the client offers
  /// too, and refuses a client that offers others only. Empty: not spoken of.
  std::vector<std::string> protocols;
  /// TLS 1.1 and what is older are refused in any case.
  TlsVersion min_version = TlsVersion::tls12;
  /// For the handshake, from the first octet to the last.
  Duration handshake_time = std::chrono::seconds(10);
};

class TlsClientOptions : public TlsOptions {
 public:
  TlsClientOptions() = default;
  /// Trusts those alone.
  explicit TlsClientOptions(std::string trusted) { authorities = std::move(trusted); }

  /// Whose certificate the server must have, a host name or an address; empty: the peer given to make_layer().
  std::string name;
  /// Without it, anybody may read and change what is sent. For tests only: prefer `authorities`.
  bool verify = true;
};

/// Whether a server asks its clients for a certificate; one that it does not trust is refused in both cases. A client
/// of TLS 1.3 hears of that only after its own handshake is done.
enum class TlsClientCertificate { none, optional, required };

class TlsServerOptions : public TlsOptions {
 public:
  TlsServerOptions(std::string its_certificate, std::string its_key = {}) {
    certificate = std::move(its_certificate);
    key = std::move(its_key);
  }
  /// Needs `authorities`: those the clients' certificates come from. The system's store would let in half the world.
  TlsClientCertificate client_certificate = TlsClientCertificate::none;
};

/// What makes layers: certificates, trust, limits. Cheap to copy; does not change; may be used by several threads.
class POE_API TlsContext {
 public:
  /// Errors: Errc::invalid_argument, which says what is wrong with which file or option.
  static Result<TlsContext> client(const TlsClientOptions& options = TlsClientOptions());
  static Result<TlsContext> server(const TlsServerOptions& options);

  /// For one connection. `peer`: a client's is the host to reach, whose name is sent (SNI) and checked; a server's
  /// is for messages only.
  ///
  /// Its errors have the operation "secure". Errc::untrusted: the certificate was not accepted, by us or, as far as it
  /// says, by the other side. Errc::protocol: no agreement, no TLS, or damaged. Errc::timed_out. The
  /// end of an open connection is told as the input's, operation "read": Errc::end_of_file, or Errc::truncated if the
  /// other side has not said that this is the end.
  /// Errors of this call: Errc::invalid_argument, a client without a name to check.
  Result<std::unique_ptr<StreamLayer>> make_layer(std::string_view peer) const { return maker_->make_layer(peer); }

  /// What `options.tls` of servers and clients takes.
  operator std::shared_ptr<const StreamLayerMaker>() const noexcept { return maker_; }

 private:
  explicit TlsContext(std::shared_ptr<const StreamLayerMaker> maker) noexcept : maker_(std::move(maker)) {}
  std::shared_ptr<const StreamLayerMaker> maker_;
};

/// What the two sides have agreed on.
struct TlsInfo {
  std::string version;    ///< "TLSv1.3"
  std::string cipher;     ///< "TLS_AES_256_GCM_SHA384"
  std::string protocol;   ///< by ALPN; empty: none
  std::string name;       ///< the host the client asked for (SNI); empty: none
  std::string subject;    ///< of the other side's certificate, RFC 2253; empty: it showed none
  std::string sha256;     ///< of that certificate, 64 hexadecimal digits, for pinning
  bool verified = false;  ///< the other side's certificate was checked and accepted
  bool resumed = false;
};

/// Nothing: no layer, another kind, or not open yet. Ask with ReadWrite::layer().
POE_API std::optional<TlsInfo> tls_info(const StreamLayer* layer);

}  // namespace poe
