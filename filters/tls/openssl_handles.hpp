// SPDX-License-Identifier: MIT
//
// OpenSSL's objects as owners. Needs libssl 3.
#pragma once

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>

namespace poe {

template <auto free>
struct FreeWith {
  template <class T>
  void operator()(T* object) const noexcept {
    free(object);
  }
};

using SslContext = std::unique_ptr<SSL_CTX, FreeWith<&SSL_CTX_free>>;
using SslHandle = std::unique_ptr<SSL, FreeWith<&SSL_free>>;
using BioMethod = std::unique_ptr<BIO_METHOD, FreeWith<&BIO_meth_free>>;
using BioHandle = std::unique_ptr<BIO, FreeWith<&BIO_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<&X509_free>>;
using NameList = std::unique_ptr<GENERAL_NAMES, FreeWith<&GENERAL_NAMES_free>>;

}  // namespace poe
