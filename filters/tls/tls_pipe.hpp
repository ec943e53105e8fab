// SPDX-License-Identifier: MIT
//
// Where OpenSSL reads from and writes to: the caller's octets and the caller's string. Why no memory BIO: it would copy
// all octets once more each way, and keep the memory of its largest moment.
#pragma once

#include <string>
#include <string_view>

#include "openssl_handles.hpp"

namespace poe {

struct TlsPipe {
  std::string_view in;         // not read yet
  std::string* out = nullptr;  // only during a call
};

/// Null when there is no memory. It must outlive the BIOs made of it.
BioMethod make_pipe_method();
/// A BIO over that pipe, which must outlive it. Null when there is no memory.
BioHandle open_pipe(const BIO_METHOD& method, TlsPipe& pipe);

}  // namespace poe
