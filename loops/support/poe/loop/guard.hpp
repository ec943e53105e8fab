// SPDX-License-Identifier: MIT
//
// The border between C++ and the C table: what is thrown inside becomes a code and one text.
#pragma once

#include <cerrno>
#include <cstdint>
#include <exception>
#include <new>
#include <system_error>
#include <type_traits>
#include <utility>
#ifdef __GLIBCXX__
#include <cxxabi.h>
#endif

#include "poe/loop/host.hpp"
#include "poe/loop_abi.h"

namespace poe::loop {

/// Says why an op fails, if it has not been said, and returns the code.
inline int refuse(Ledger& books, std::int32_t code, const char* text) {
  if (!books.explained) Host(books).error(0, code, code > -4096 ? -code : 0, text);
  return code;
}

/// Remembers, while one op runs, whether it has said why it fails; ops nest, each with its own answer.
class Explaining {
 public:
  explicit Explaining(Ledger& books) noexcept : books_(books), outer_(std::exchange(books.explained, false)) {}
  ~Explaining() { books_.explained = outer_; }

 private:
  Ledger& books_;
  bool outer_;
};

template <class F>
int as_code(F&& f) {
  if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
    f();
    return 0;
  } else {
    return f();
  }
}

/// Runs `f` (void or int) and turns what it throws into a code and a text.
/// UBSan's look at the exceptions is off: it needs a pipe for it, and what is told may be that no descriptor is left.
template <class F>
__attribute__((no_sanitize("vptr"))) int guarded(Ledger& books, F&& f) {
  const Explaining op(books);
  try {
    return as_code(f);
  } catch (const Refusal& e) {
    return refuse(books, e.code(), e.what());
  } catch (const std::system_error& e) {
    const int value = e.code().value();
    const bool is_errno =
        e.code().category() == std::generic_category() || e.code().category() == std::system_category();
    return refuse(books, is_errno && value > 0 && value < 4096 ? -value : -EIO, e.what());
  } catch (const std::bad_alloc&) {
    return refuse(books, -ENOMEM, "out of memory in the loop plug-in");
  } catch (const std::exception& e) {
    return refuse(books, -EIO, e.what());
#ifdef __GLIBCXX__
  } catch (const abi::__forced_unwind&) {
    throw;  // the thread is being cancelled: not ours to stop
#endif
  } catch (...) {
    return refuse(books, -EIO, "the loop plug-in threw something that is no std::exception");
  }
}

}  // namespace poe::loop
