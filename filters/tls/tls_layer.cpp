// SPDX-License-Identifier: MIT
#include "tls_layer.hpp"

#include <openssl/err.h>

#include <cstdio>
#include <new>

#include "tls_errors.hpp"

namespace poe {
namespace {

constexpr char kHandshake = 22;  // kinds of records, RFC 8446 5.1
constexpr char kAlert = 21;

bool is_address(const std::string& name) {
  const std::unique_ptr<ASN1_OCTET_STRING, FreeWith<&ASN1_OCTET_STRING_free>> octets(a2i_IPADDRESS(name.c_str()));
  return octets != nullptr;
}

}  // namespace

/// OpenSSL may be called: where its words go is known, and no older error is mistaken for one of this call.
class TlsLayer::Call {
 public:
  Call(TlsPipe& pipe, std::string& out) noexcept : pipe_(pipe) {
    pipe_.out = &out;
    ERR_clear_error();
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() { pipe_.out = nullptr; }

 private:
  TlsPipe& pipe_;
};

TlsLayer::TlsLayer(std::shared_ptr<const TlsMaker> maker, std::string peer)
    : maker_(std::move(maker)), ssl_(SSL_new(&maker_->context())), peer_(std::move(peer)) {
  BioHandle bio = ssl_ ? open_pipe(maker_->pipe_method(), pipe_) : nullptr;
  if (!bio) throw std::bad_alloc();
  BIO* const both = bio.release();
  SSL_set_bio(ssl_.get(), both, both);
  SSL_set_app_data(ssl_.get(), this);
  if (peer_.empty()) peer_ = maker_->server() ? "a client" : "a server";
  maker_->server() ? SSL_set_accept_state(ssl_.get()) : SSL_set_connect_state(ssl_.get());
}

TlsLayer::~TlsLayer() = default;

Result<void> TlsLayer::expect(std::string name) {
  if (name.ends_with('.')) name.pop_back();  // a DNS name's root, which no certificate spells out
  if (!name.empty()) peer_ = name;
  const auto unusable = [&](const char* why) {
    return failure(Errc::invalid_argument, "secure", "the connection to \"" + name + "\"", why,
                   "set TlsClientOptions::name to a name in the server's certificate");
  };
  if (name.find('\0') != std::string::npos) return unusable("a name has no NUL in it");
  if (name.starts_with('.')) return unusable("OpenSSL would take any host below that domain for it");
  if (name.empty())
    return maker_->verifies() ? Result<void>(unusable("whose certificate to expect is not known")) : Result<void>();
  ERR_clear_error();
  const bool address = is_address(name);
  if (!address && SSL_set_tlsext_host_name(ssl_.get(), name.c_str()) != 1) return unusable("no server has such a name");
  if (!maker_->verifies()) return {};
  // RFC 9525: names are in the subjectAltName; a common name is none.
  X509_VERIFY_PARAM* const check = SSL_get0_param(ssl_.get());
  X509_VERIFY_PARAM_set_hostflags(check, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  const int set = address ? X509_VERIFY_PARAM_set1_ip_asc(check, name.c_str())
                          : X509_VERIFY_PARAM_set1_host(check, name.data(), name.size());
  if (set != 1) return unusable("no certificate can be checked for it");
  return {};
}

void TlsLayer::certificate_refused(X509_STORE_CTX* check) noexcept {
  try {
    if (refused_.empty()) refused_ = describe_refused(check);
  } catch (const std::bad_alloc&) {  // the reason is told without it
  }
}

Result<void> TlsLayer::begin(std::string& answer) {
  const Call call(pipe_, answer);
  return maker_->server() ? Result<void>() : shake_hands();
}

Result<std::size_t> TlsLayer::decode(std::string_view wire, std::span<char> plain, std::string& answer) {
  if (failed_) return failure(*failed_);
  if (ended_) return std::size_t{0};
  if (!wire.empty() && !std::exchange(heard_, true) && wire[0] != kHandshake && wire[0] != kAlert) {
    failed_ =
        Error(Errc::protocol, "secure", who(), "it speaks plain text: \"" + printable(wire) + "\"",
              "does it expect TLS on this port, and at this moment? Behind a STARTTLS: somebody has put text into "
              "the connection");
    return failure(*failed_);
  }
  if (!wire.empty()) pipe_.in = wire;
  const Call call(pipe_, answer);
  if (!open_) {
    if (auto done = shake_hands(); !done) return failure(done.error());
    if (!open_) return std::size_t{0};
  }
  return plain.empty() ? std::size_t{0} : read_some(plain);
}

bool TlsLayer::wants_more(int result) const noexcept {
  return SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ;
}

Result<void> TlsLayer::shake_hands() {
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) open_ = true;
  if (result == 1 || wants_more(result)) return {};
  return fail();
}

Result<std::size_t> TlsLayer::read_some(std::span<char> plain) {
  std::size_t got = 0;
  const int result = SSL_read_ex(ssl_.get(), plain.data(), plain.size(), &got);
  if (result == 1) return got;
  if (wants_more(result)) return std::size_t{0};
  if (SSL_get_error(ssl_.get(), result) != SSL_ERROR_ZERO_RETURN) return fail();
  ended_ = true;
  pipe_.in = {};  // nothing counts behind the end
  return std::size_t{0};
}

tl::unexpected<Error> TlsLayer::fail() {
  pipe_.in = {};
  failed_ = tls_failure(who(), refused_, SSL_get_verify_result(ssl_.get()));
  return failure(*failed_);
}

Result<void> TlsLayer::encode(std::string_view plain, std::string& wire) {
  if (failed_) return failure(*failed_);
  if (plain.empty()) return {};
  const Call call(pipe_, wire);
  std::size_t took = 0;
  if (SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &took) == 1)
    return {};  // all, or nothing: pipes do not block
  return fail();
}

void TlsLayer::end(std::string& wire) {
  if (!open_ || failed_) return;
  const Call call(pipe_, wire);
  SSL_shutdown(ssl_.get());
}

Error TlsLayer::cut_off() const {
  const char* why = open_ ? "the stream was cut off: it ended without the other side saying so (no close_notify)"
                          : "the other side closed it during the handshake";
  return {Errc::protocol, "secure", who(), why, open_ ? "do not take what came for complete" : "its log may say why"};
}

Error TlsLayer::too_slow() const {
  const double seconds = std::chrono::duration<double>(maker_->handshake_time()).count();
  char text[64];
  std::snprintf(text, sizeof text, "no handshake within %g s", seconds);
  return {Errc::timed_out, "secure", who(), text,
          heard_ ? "" : "the other side says nothing: does it expect TLS on this port?"};
}

}  // namespace poe
