// SPDX-License-Identifier: MIT
#include "tls_context.hpp"

#include <openssl/err.h>

#include <new>

#include "tls_errors.hpp"
#include "tls_layer.hpp"
#include "tls_pipe.hpp"

namespace poe {
namespace {

tl::unexpected<Error> bad_file(const char* what, const std::string& file, const char* advice) {
  std::string why = take_openssl_reason();
  return failure(Errc::invalid_argument, "load", std::string(what) + " " + file,
                 why.empty() ? "OpenSSL gives no reason" : std::move(why), advice);
}

tl::unexpected<Error> bad_option(const char* what, const char* why, const char* advice = "") {
  return failure(Errc::invalid_argument, "make", std::string("a TLS context: ") + what, why, advice);
}

// OpenSSL would ask for it on the terminal, and everything would wait.
int no_password(char*, int, int, void*) { return -1; }

int verify_certificate(int fine, X509_STORE_CTX* check) noexcept {
  if (fine == 1) return 1;
  auto* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(check, SSL_get_ex_data_X509_STORE_CTX_idx()));
  static_cast<TlsLayer*>(SSL_get_app_data(ssl))->certificate_refused(check);
  return 0;
}

// Our order decides, RFC 7301 3.2. `chosen` points into what the client sent, as OpenSSL wants it.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned int offered_size, void* maker) noexcept {
  const std::string& ours = static_cast<const TlsMaker*>(maker)->protocols();
  const std::string_view theirs(reinterpret_cast<const char*>(offered), offered_size);
  for (std::size_t i = 0; i < ours.size(); i += 1 + static_cast<unsigned char>(ours[i])) {
    const std::string_view one =
        std::string_view(ours).substr(i, 1 + static_cast<std::size_t>(static_cast<unsigned char>(ours[i])));
    for (std::size_t k = 0; k < theirs.size(); k += 1 + static_cast<unsigned char>(theirs[k])) {
      if (!theirs.substr(k).starts_with(one)) continue;
      *chosen = offered + k + 1;
      *size = static_cast<unsigned char>(one[0]);
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

Result<void> TlsMaker::prepare(const TlsOptions& options) {
  ERR_clear_error();
  handshake_time_ = options.handshake_time;
  pipe_method_ = make_pipe_method();
  context_.reset(SSL_CTX_new(server_ ? TLS_server_method() : TLS_client_method()));
  if (!pipe_method_ || !context_) throw std::bad_alloc();
  SSL_CTX_set_default_passwd_cb(context_.get(), &no_password);
  // A side that may renegotiate may make the other one compute without end.
  SSL_CTX_set_options(context_.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // An idle connection keeps no buffers: they are 34 KiB.
  SSL_CTX_set_mode(context_.get(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_OFF);  // clients keep their tickets themselves
  if (auto done = limit_versions(options); !done) return done;
  if (auto done = load_certificate(options); !done) return done;
  return set_protocols(options.protocols);
}

Result<void> TlsMaker::limit_versions(const TlsOptions& options) {
  const int lowest = options.min_version == TlsVersion::tls13 ? TLS1_3_VERSION : TLS1_2_VERSION;
  if (SSL_CTX_set_min_proto_version(context_.get(), lowest) == 1) return {};
  return bad_option("min_version", "OpenSSL does not know it");
}

Result<void> TlsMaker::load_certificate(const TlsOptions& options) {
  if (options.certificate.empty()) {
    if (!server_ && options.key.empty()) return {};
    return bad_option("certificate", "it is missing", "name a PEM file");
  }
  const std::string& key = options.key.empty() ? options.certificate : options.key;
  if (SSL_CTX_use_certificate_chain_file(context_.get(), options.certificate.c_str()) != 1) {
    return bad_file("the certificate", options.certificate, "it must be PEM, our own certificate first");
  }
  if (SSL_CTX_use_PrivateKey_file(context_.get(), key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return bad_file("the key", key, "it must be PEM, without a password, and belong to the certificate");
  }
  if (SSL_CTX_check_private_key(context_.get()) == 1) return {};
  return bad_file("the key", key, "it must belong to the certificate");
}

Result<void> TlsMaker::load_authorities(const std::string& file) {
  if (file.empty()) {
    if (SSL_CTX_set_default_verify_paths(context_.get()) == 1) return {};
    return bad_file("the system's store of", "certificates", "install ca-certificates, or set `authorities`");
  }
  if (SSL_CTX_load_verify_file(context_.get(), file.c_str()) == 1) return {};
  return bad_file("the authorities", file, "it must be PEM: one or more certificates");
}

Result<void> TlsMaker::set_protocols(const std::vector<std::string>& protocols) {
  for (const std::string& one : protocols) {
    if (one.empty() || one.size() > 255) return bad_option("protocols", "a name has 1 to 255 octets");
    protocols_ += static_cast<char>(static_cast<unsigned char>(one.size()));
    protocols_ += one;
  }
  if (protocols_.empty()) return {};
  if (protocols_.size() > 65535) return bad_option("protocols", "they do not fit into a handshake");
  if (server_) {
    SSL_CTX_set_alpn_select_cb(context_.get(), &choose_protocol, this);
    return {};
  }
  const auto* wire = reinterpret_cast<const unsigned char*>(protocols_.data());
  if (SSL_CTX_set_alpn_protos(context_.get(), wire, static_cast<unsigned>(protocols_.size())) == 0) return {};
  throw std::bad_alloc();
}

Result<std::unique_ptr<StreamLayer>> TlsMaker::make_layer(std::string_view peer) const {
  auto layer = std::make_unique<TlsLayer>(shared_from_this(), std::string(peer));
  if (server_) return layer;
  if (auto named = layer->expect(name_.empty() ? std::string(peer) : name_); !named) return failure(named.error());
  return layer;
}

Result<TlsContext> TlsContext::client(const TlsClientOptions& options) {
  const auto maker = std::make_shared<TlsMaker>(false);
  if (auto done = maker->prepare(options); !done) return failure(done.error());
  if (auto done = maker->verify_servers(options); !done) return failure(done.error());
  return TlsContext(maker);
}

Result<TlsContext> TlsContext::server(const TlsServerOptions& options) {
  const auto maker = std::make_shared<TlsMaker>(true);
  if (auto done = maker->prepare(options); !done) return failure(done.error());
  if (auto done = maker->verify_clients(options); !done) return failure(done.error());
  return TlsContext(maker);
}

Result<void> TlsMaker::verify_servers(const TlsClientOptions& options) {
  name_ = options.name;
  verify_ = options.verify;
  if (!verify_) return {};
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, &verify_certificate);
  return load_authorities(options.authorities);
}

Result<void> TlsMaker::verify_clients(const TlsServerOptions& options) {
  if (options.client_certificate == TlsClientCertificate::none) return {};
  if (options.authorities.empty()) {
    return bad_option("client_certificate", "nobody says whose certificates to accept", "set `authorities`");
  }
  verify_ = true;
  const bool required = options.client_certificate == TlsClientCertificate::required;
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                     &verify_certificate);
  constexpr unsigned char kScope[] = "poe";  // a ticket of another service of ours is none here
  SSL_CTX_set_session_id_context(context_.get(), kScope, sizeof kScope - 1);
  if (STACK_OF(X509_NAME)* wanted = SSL_load_client_CA_file(options.authorities.c_str())) {
    SSL_CTX_set_client_CA_list(context_.get(), wanted);  // so that a client knows which of its certificates to show
  }
  return load_authorities(options.authorities);
}

}  // namespace poe
