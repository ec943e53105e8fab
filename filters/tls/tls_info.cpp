// SPDX-License-Identifier: MIT
#include <openssl/evp.h>

#include "tls_errors.hpp"
#include "tls_layer.hpp"

namespace poe {
namespace {

std::string fingerprint(const X509* certificate) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest, &size) != 1) return "";
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    text += kDigits[digest[i] >> 4];
    text += kDigits[digest[i] & 15];
  }
  return text;
}

}  // namespace

TlsInfo TlsLayer::info() const {
  TlsInfo info;
  info.version = SSL_get_version(ssl_.get());
  info.cipher = SSL_get_cipher_name(ssl_.get());
  const unsigned char* protocol = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &protocol, &size);
  if (size > 0) info.protocol.assign(reinterpret_cast<const char*>(protocol), size);
  if (const char* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name)) info.name = name;
  if (X509* const certificate = SSL_get0_peer_certificate(ssl_.get())) {
    info.subject = subject_of(certificate);
    info.sha256 = fingerprint(certificate);
    info.verified = maker_->verifies() && SSL_get_verify_result(ssl_.get()) == X509_V_OK;
  }
  info.resumed = SSL_session_reused(ssl_.get()) == 1;
  return info;
}

std::optional<TlsInfo> tls_info(const StreamLayer* layer) {
  const auto* tls = dynamic_cast<const TlsLayer*>(layer);
  if (tls == nullptr || !tls->is_open()) return std::nullopt;
  return tls->info();
}

}  // namespace poe
