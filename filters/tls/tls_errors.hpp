// SPDX-License-Identifier: MIT
//
// OpenSSL's reasons in words: what failed, why, and what to do.
#pragma once

#include <string>
#include <string_view>

#include "openssl_handles.hpp"
#include "poe/error.hpp"

namespace poe {

/// What OpenSSL complained of first, and its queue emptied. Empty: of nothing.
std::string take_openssl_reason();

/// After a call on `ssl` that failed for good. `on`: whom we talk to. `refused`: what was wrong with the other side's
/// certificate, empty if nothing was.
Error tls_failure(const std::string& on, const std::string& refused, long verify_result);

/// "CN=host,O=somebody" (RFC 2253).
std::string subject_of(const X509* certificate);

/// "CN=host: expired on ...": which certificate the check stopped at, and what of it matters for that reason.
std::string describe_refused(X509_STORE_CTX* check);

/// Octets that are no TLS, for a message: printable ones, the first few.
std::string printable(std::string_view octets);

}  // namespace poe
