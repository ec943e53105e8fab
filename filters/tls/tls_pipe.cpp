// SPDX-License-Identifier: MIT
#include "tls_pipe.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace poe {
namespace {

TlsPipe& pipe_of(BIO* bio) { return *static_cast<TlsPipe*>(BIO_get_data(bio)); }

int read_pipe(BIO* bio, char* into, std::size_t size, std::size_t* got) {
  TlsPipe& pipe = pipe_of(bio);
  BIO_clear_retry_flags(bio);
  if (pipe.in.empty()) {
    BIO_set_retry_read(bio);
    return 0;
  }
  *got = std::min(size, pipe.in.size());
  std::memcpy(into, pipe.in.data(), *got);
  pipe.in.remove_prefix(*got);
  return 1;
}

// OpenSSL is C: nothing may be thrown through it.
int write_pipe(BIO* bio, const char* from, std::size_t size, std::size_t* wrote) {
  TlsPipe& pipe = pipe_of(bio);
  BIO_clear_retry_flags(bio);
  if (pipe.out == nullptr) return 0;
  try {
    pipe.out->append(from, size);
  } catch (const std::bad_alloc&) {
    return 0;
  }
  *wrote = size;
  return 1;
}

long control_pipe(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

}  // namespace

BioMethod make_pipe_method() {
  BioMethod method(BIO_meth_new(BIO_TYPE_SOURCE_SINK, "poe"));
  if (!method) return method;
  BIO_meth_set_read_ex(method.get(), &read_pipe);
  BIO_meth_set_write_ex(method.get(), &write_pipe);
  BIO_meth_set_ctrl(method.get(), &control_pipe);
  return method;
}

BioHandle open_pipe(const BIO_METHOD& method, TlsPipe& pipe) {
  BioHandle bio(BIO_new(&method));
  if (!bio) return bio;
  BIO_set_data(bio.get(), &pipe);
  BIO_set_init(bio.get(), 1);
  return bio;
}

}  // namespace poe
