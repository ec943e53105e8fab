// SPDX-License-Identifier: MIT
#include "tls_errors.hpp"

#include <openssl/err.h>
#include <openssl/sslerr.h>

#include <algorithm>
#include <system_error>

namespace poe {
namespace {

// What an alert of the other side arrives as: SSL_AD_REASON_OFFSET and its number in RFC 8446.
constexpr int kAlerts = 1000;
constexpr int kCertificateAlerts[] = {42, 43, 44, 45, 46, 48, 116};  // bad_certificate ... unknown_ca, required

std::string text_of(BIO& memory) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(&memory, &text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

template <class Print>
std::string printed(Print print) {
  const BioHandle memory(BIO_new(BIO_s_mem()));
  if (!memory) return "(no memory)";
  print(memory.get());
  return text_of(*memory);
}

std::string date(const ASN1_TIME* time) {
  return printed([&](BIO* to) { ASN1_TIME_print(to, time); });
}

std::string text_of(const X509_NAME* name) {
  return printed([&](BIO* to) { X509_NAME_print_ex(to, name, 0, XN_FLAG_RFC2253); });
}

// The first few are enough to see the mistake; a certificate may have thousands.
std::string names(X509* certificate) {
  constexpr int kShown = 8;
  const NameList all(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (!all || sk_GENERAL_NAME_num(all.get()) == 0) return "for no host at all (it has no subjectAltName)";
  std::string text = "for ";
  for (int i = 0; i < sk_GENERAL_NAME_num(all.get()); ++i) {
    if (i == kShown) return text + " and others";
    if (i > 0) text += ", ";
    text += printed([&](BIO* to) { GENERAL_NAME_print(to, sk_GENERAL_NAME_value(all.get(), i)); });
  }
  return text;
}

struct Advice {
  int reason;
  const char* text;
};

constexpr Advice kVerifyAdvice[] = {
    {X509_V_ERR_HOSTNAME_MISMATCH, "connect by a name the certificate is made out for, or set TlsClientOptions::name"},
    {X509_V_ERR_IP_ADDRESS_MISMATCH,
     "connect by a name the certificate is made out for, or set TlsClientOptions::name"},
    {X509_V_ERR_CERT_HAS_EXPIRED, "renew the certificate, or look whether this machine's clock is right"},
    {X509_V_ERR_CERT_NOT_YET_VALID, "look whether this machine's clock is right"},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "trust it by putting it into the file of `authorities`"},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "put that root into the file of `authorities`, or into the system's store"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
     "put its issuer into the file of `authorities`, or into the system's store; does the other side send its whole "
     "chain?"},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, "does the other side send its whole chain?"},
};

constexpr Advice kAdvice[] = {
    {SSL_R_WRONG_VERSION_NUMBER, "does the other side speak TLS on this port?"},
    {SSL_R_UNSUPPORTED_PROTOCOL, "the other side must speak TLS 1.2 or newer"},
    {SSL_R_NO_SHARED_CIPHER, "does the kind of key fit what the other side can do?"},
    {SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, "give the client a certificate"},
    {SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, "the other side must speak TLS 1.2 or newer"},
    {SSL_R_NO_APPLICATION_PROTOCOL, "let both sides have one of `protocols` in common"},
    {kAlerts + 120, "let both sides have one of `protocols` in common"},
};

template <std::size_t n>
const char* advice_for(const Advice (&all)[n], int reason) {
  const auto* found = std::find_if(std::begin(all), std::end(all), [&](const Advice& a) { return a.reason == reason; });
  return found == std::end(all) ? "" : found->text;
}

}  // namespace

std::string subject_of(const X509* certificate) { return text_of(X509_get_subject_name(certificate)); }

std::string take_openssl_reason() {
  const unsigned long first = ERR_get_error();
  ERR_clear_error();
  if (first == 0) return "";
  if (ERR_SYSTEM_ERROR(first)) return std::generic_category().message(ERR_GET_REASON(first));
  if (const char* text = ERR_reason_error_string(first)) return text;
  return "OpenSSL's error " + std::to_string(first);
}

Error tls_failure(const std::string& on, const std::string& refused, long verify_result) {
  const unsigned long first = ERR_peek_error();
  const int reason = ERR_GET_LIB(first) == ERR_LIB_SSL ? ERR_GET_REASON(first) : 0;
  const std::string text = take_openssl_reason();
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    const char* why = X509_verify_cert_error_string(verify_result);
    return {Errc::untrusted, "secure", on,
            "its certificate is not accepted: " + std::string(why) + " (" + refused + ")",
            advice_for(kVerifyAdvice, static_cast<int>(verify_result))};
  }
  if (reason >= kAlerts) {
    const int alert = reason - kAlerts;
    const bool ours =
        std::find(std::begin(kCertificateAlerts), std::end(kCertificateAlerts), alert) != std::end(kCertificateAlerts);
    return {ours ? Errc::untrusted : Errc::protocol, "secure", on,
            "the other side refuses: " + std::string(SSL_alert_desc_string_long(alert)),
            ours ? "its log says what it does not like about our certificate" : advice_for(kAdvice, reason)};
  }
  return {reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE ? Errc::untrusted : Errc::protocol, "secure", on,
          text.empty() ? "OpenSSL gives no reason" : text, advice_for(kAdvice, reason)};
}

std::string describe_refused(X509_STORE_CTX* check) {
  X509* const certificate = X509_STORE_CTX_get_current_cert(check);
  if (certificate == nullptr) return "no certificate";
  const std::string who = subject_of(certificate);
  switch (X509_STORE_CTX_get_error(check)) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return who + ", " + names(certificate);
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return who + ", valid until " + date(X509_get0_notAfter(certificate));
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return who + ", valid from " + date(X509_get0_notBefore(certificate));
    default:
      return who + ", issued by " + text_of(X509_get_issuer_name(certificate));
  }
}

std::string printable(std::string_view octets) {
  constexpr std::size_t kShown = 40;
  std::string text;
  for (const char c : octets.substr(0, kShown)) text += c >= ' ' && c <= '~' ? c : '.';
  return text;
}

}  // namespace poe
