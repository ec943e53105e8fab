// SPDX-License-Identifier: MIT
//
// The certificates of these tests, made when the first one needs them.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>

#include "poe/filters/tls.hpp"

namespace poe::test {

/// The path of one of the files that make_certificates.sh makes.
inline std::string pem(const std::string& name) {
  static const bool made = [] {
    const std::string command = std::string(POE_TEST_MAKE_CERTIFICATES) + " " + POE_TEST_CERTIFICATES;
    if (std::system(command.c_str()) != 0) throw std::runtime_error("cannot make certificates: " + command);
    return true;
  }();
  return (made ? std::string(POE_TEST_CERTIFICATES) : "") + "/" + name;
}

inline TlsServerOptions server_identity(const std::string& name = "good") {
  return {pem(name + ".pem"), pem(name + ".key")};
}

inline TlsContext must(const Result<TlsContext>& made) {
  if (!made) throw std::runtime_error(made.error().report());
  return *made;
}
inline TlsContext server_context(const std::string& name = "good") {
  return must(TlsContext::server(server_identity(name)));
}
/// Trusts the authority that signs most of them.
inline TlsContext client_context() { return must(TlsContext::client(TlsClientOptions(pem("authority.pem")))); }

inline std::unique_ptr<StreamLayer> layer_of(const TlsContext& context, const std::string& peer = "good.example") {
  auto layer = context.make_layer(peer);
  if (!layer) throw std::runtime_error(layer.error().report());
  return std::move(*layer);
}

}  // namespace poe::test
