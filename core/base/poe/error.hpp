// SPDX-License-Identifier: MIT
//
// Error and Result<T>: what the world may do to a call. A Result carries a value or an Error; only a bug in the
// caller's program throws. Errors are values: copy them, keep them, use them on any thread.
#pragma once

#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "poe/export.hpp"

namespace poe {

/// What kind of failure it was, for code that has to decide. Numbers are stable; new ones go at the end.
enum class Errc : int {
  system = 1,   ///< the operating system said no: see Error::number()
  end_of_file,  ///< the other side ended the stream in an orderly way
  cancelled,    ///< the session stops, or the caller withdrew the request
  timed_out,
  no_session,       ///< the session is gone, or never was (POE: "no such process", P023)
  wrong_kernel,     ///< the id belongs to another kernel
  wrong_thread,     ///< a loop-thread call from another thread
  closed,           ///< the kernel or the wheel has been closed
  forked,           ///< this process is a fork of the one that made the kernel: call has_forked() first
  already_running,  ///< we are inside the host's run: attach instead
  not_supported,    ///< this loop or platform has no such ability
  invalid_argument,
  alias_taken,     ///< another session has this name (P056)
  bad_arguments,   ///< dynamic arguments do not fit the event
  no_handler,      ///< the session has no handler for the event
  limit,           ///< a stated limit was reached; the data before it was delivered
  no_loop,         ///< no usable loop plug-in
  ambiguous_loop,  ///< two live hosts and no rule between them
  untrusted,       ///< the plug-in file or its folder may be changed by others; a certificate was not accepted
  not_a_plugin,
  abi_mismatch,
  host_gone,  ///< the host loop ended under us
  exception,  ///< a handler threw: see Error::exception()
  protocol,   ///< the peer's bytes do not follow the rules
  truncated,  ///< the stream was cut off: it ended although the other side had not said so
};

/// A stable lower-case name: "no_session".
POE_API std::string_view to_string(Errc code) noexcept;

/// What was tried, on what, why it failed and what to do next. Cheap to move and to copy (one shared pointer).
class POE_API Error {
 public:
  /// @param tried   the operation in the words of the caller: "bind", "load loop"
  /// @param on      what it was tried on: "127.0.0.1:80", "\"uv\""
  /// @param why     the reason
  /// @param advice  what to do next; may be empty
  Error(Errc code, std::string tried, std::string on = {}, std::string why = {}, std::string advice = {});

  /// From an errno value; `why` becomes its text.
  static Error from_errno(int number, std::string tried, std::string on = {}, std::string advice = {});

  /// From a thrown exception, which is kept.
  static Error from_exception(std::exception_ptr thrown, std::string tried, std::string on = {});

  Errc code() const noexcept;
  /// The errno value, or 0 if the system was not asked.
  int number() const noexcept;
  /// The operation that failed: POE's first element of an error event (`POE::Wheel::ReadWrite`).
  const std::string& operation() const noexcept;
  const std::string& subject() const noexcept;
  const std::string& reason() const noexcept;
  const std::string& advice() const noexcept;
  /// The exception a handler threw, or null.
  std::exception_ptr exception() const noexcept;

  /// Adds a labelled line to report(): with("file", path).
  Error& with(std::string label, std::string text);

  /// One line: "cannot bind 127.0.0.1:80: Permission denied".
  std::string message() const;
  /// message() and below it one indented line for each detail, the advice as "do:".
  std::string report() const;

 private:
  struct Details;
  std::shared_ptr<const Details> details_;
};

template <class T = void>
using Result = tl::expected<T, Error>;

/// `return failure(Errc::closed, "post", ...)`
template <class... A>
tl::unexpected<Error> failure(A&&... arguments) {
  return tl::unexpected<Error>(Error(std::forward<A>(arguments)...));
}

inline tl::unexpected<Error> failure(Error error) { return tl::unexpected<Error>(std::move(error)); }

/// `return system_failure(errno, "listen", address)`
template <class... A>
tl::unexpected<Error> system_failure(int number, A&&... arguments) {
  return tl::unexpected<Error>(Error::from_errno(number, std::forward<A>(arguments)...));
}

}  // namespace poe
