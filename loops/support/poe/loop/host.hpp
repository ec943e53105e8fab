// SPDX-License-Identifier: MIT
//
// Host: what a bridge may ask of the kernel, as a small copyable C++ face on poe_host. It also keeps the books every
// bridge would otherwise keep: how many calls were made, whether we are inside one, whether close() was called, and
// when the loop object may be freed. Loop thread only.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include "poe/loop_abi.h"

namespace poe::loop {

/// The books of one loop. The table (table.hpp) owns them; bridges see only Host.
struct Ledger {
  const poe_host* host = nullptr;
  void (*destroy)(Ledger*) noexcept = nullptr;  // frees the loop object and these books
  std::uint32_t frames = 0;                     // calls into the bridge that are on the stack; see Host::enter()
  std::uint32_t callbacks = 0;                  // ready() and turn() that are on the stack
  std::int32_t delivered = 0;                   // ready() and turn() ever made; wraps
  bool unturned = false;         // a ready() or a watch's error() went out that no turn() has followed yet
  bool closing = false;          // close() was called: nothing but closed() may follow
  bool beginning_close = false;  // the bridge's close() is on the stack
  bool finished = false;         // the bridge has ended: free it as soon as no frame is left
  bool abandoned = false;        // abandon() was called: the kernel is gone, call nothing
  bool explained = false;        // the op under way has called error()
};

/// Frees the loop, then says closed(): the books and the bridge are gone when this returns.
inline void release(Ledger& books) {
  const poe_host* host = books.host;
  const bool silent = books.abandoned;
  books.destroy(&books);
  if (!silent) host->closed(host->ctx);
}

/// One visit from outside (a step, or a callback of the foreign loop). While it lives the bridge is not freed; the
/// last one to end frees a bridge that has finished meanwhile. See Host::enter().
class Entered {
 public:
  explicit Entered(Ledger& books) noexcept : books_(&books) { ++books_->frames; }
  ~Entered() { leave(); }
  Entered(const Entered&) = delete;
  Entered& operator=(const Entered&) = delete;

  /// Ends the visit early. True: the bridge is gone and closed() has been called.
  bool leave() {
    Ledger* books = std::exchange(books_, nullptr);
    if (!books || --books->frames != 0 || !books->finished) return false;
    const bool says_closed = !books->abandoned;
    release(*books);
    return says_closed;
  }

 private:
  Ledger* books_;
};

class Host {
 public:
  explicit Host(Ledger& books) noexcept : books_(&books) {}

  /// The descriptor watched under `token` is ready. Collects only. Does nothing after close().
  void ready(std::uint64_t token, std::uint32_t events) const {
    if (silent()) return;
    ++books_->delivered;
    books_->unturned = true;
    const InCallback here(*books_);
    books_->host->ready(books_->host->ctx, token, events);
  }

  /// Runs the kernel's work. Call it at the end of every batch with what else holds of POE_TURN_DEADLINE, _WOKEN and
  /// _NESTED, 0 for nothing: POE_TURN_READY is set here, if a ready() went out since the last turn (one inside a
  /// nested step counts), and with no reason at all nothing is called. User handlers run inside, and may call any op
  /// but step() and run(), close() too, so look at closing() afterwards. Does nothing after close().
  void turn(std::uint32_t reasons) const {
    reasons = (reasons & ~POE_TURN_READY) | (books_->unturned ? POE_TURN_READY : 0u);
    if (silent() || (reasons & ~POE_TURN_NESTED) == 0) return;
    books_->unturned = false;
    ++books_->delivered;
    const InCallback here(*books_);
    books_->host->turn(books_->host->ctx, reasons);
  }

  /// The bridge has ended: it is freed and closed() follows, at once if no Entered lives, else when the last one
  /// ends. Call it once, after close(), never inside it; touch no member of the bridge afterwards.
  void finish() const {
    books_->finished = true;
    if (books_->frames == 0 && !books_->beginning_close) release(*books_);
  }

  /// The foreign loop is being destroyed under us. The kernel answers with abandon(): touch no member afterwards
  /// unless an Entered lives.
  void host_gone() const {
    if (!silent() && books_->host->host_gone) books_->host->host_gone(books_->host->ctx);
  }

  /// Says why an op fails (token 0), or that a watch broke later, which counts as a ready(). At most once for each op.
  /// `code` is what the op returns, `os_error` an errno or 0; `text`: what was tried, on what, why it failed, what to
  /// do.
  void error(std::uint64_t token, std::int32_t code, std::int32_t os_error, const char* text) const {
    books_->explained = true;
    if (token != 0 && !silent()) books_->unturned = true;  // the kernel has queued it as a report
    if (!books_->abandoned && books_->host->error) books_->host->error(books_->host->ctx, token, code, os_error, text);
  }

  /// One line for the program's log; `level` is POE_LOG_*.
  void log(std::int32_t level, const std::string& text) const {
    if (!books_->abandoned && books_->host->log) books_->host->log(books_->host->ctx, level, text.c_str());
  }

  /// A table of the kernel's by name, or nullptr. Valid until closed().
  const void* extension(const char* name) const {
    return books_->host->extension ? books_->host->extension(books_->host->ctx, name) : nullptr;
  }

  /// Open one at the top of every callback from a foreign loop that may call ready(), turn() or finish(), and touch
  /// nothing after it ends. step() and run() have one already.
  [[nodiscard]] Entered enter() const { return Entered(*books_); }

  /// close() or abandon() has been called: stop delivering.
  bool closing() const noexcept { return silent(); }

  /// We are inside ready() or turn().
  bool in_callback() const noexcept { return books_->callbacks != 0; }

  /// ready() and turn() calls made so far; compare two values to learn whether something was delivered.
  std::int32_t delivered() const noexcept { return books_->delivered; }

 private:
  struct InCallback {
    explicit InCallback(Ledger& b) noexcept : books(b) { ++books.callbacks; }
    ~InCallback() { --books.callbacks; }
    Ledger& books;
  };
  bool silent() const noexcept { return books_->closing || books_->abandoned; }

  Ledger* books_;
};

/// Thrown by a bridge to make an op return `code` (a -errno or POE_E*) with a text of its own. A std::system_error
/// does as well where the code is an errno.
class Refusal : public std::runtime_error {
 public:
  Refusal(std::int32_t code, const std::string& text) : std::runtime_error(text), code_(code) {}
  std::int32_t code() const noexcept { return code_; }

 private:
  std::int32_t code_;
};

}  // namespace poe::loop
