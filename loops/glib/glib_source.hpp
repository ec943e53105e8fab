// SPDX-License-Identifier: MIT
//
// A GSource that calls a C++ object, and what it polls. Loop thread only.
#pragma once

#include <glib.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "poe/loop_abi.h"

namespace poe::glib {

/// Whom a Source calls.
class Client {
 public:
  /// ms the source may be waited for, -1 without limit.
  virtual gint patience() noexcept = 0;
  virtual bool has_reports() const noexcept = 0;
  /// A deadline or a report is there. The source may be dropped inside.
  virtual void dispatch() = 0;
  /// The context dies with the source in it. The source is gone afterwards.
  virtual void lost() = 0;

 protected:
  ~Client() = default;
};

/// One GSource in a context, which holds the only reference to it: so we learn when the context dies.
class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  ~Source() { drop(); }

  void attach(GMainContext* context, int priority, const char* name, Client& client);
  /// Takes the source out of its context.
  void drop() noexcept;
  /// Forgets the source without a call into GLib: it stays where it is and does nothing.
  void forget() noexcept;
  /// The deadline in µs of g_get_monotonic_time(); 0: at once; -1: none. Context's thread only: the next iteration asks
  /// for it.
  ///
  /// Why not g_source_set_ready_time(): it wakes the context also from its own thread (GLib 2.74), three system calls.
  void set_ready_time(gint64 us) noexcept;
  /// True if the deadline has passed, by the clock of this iteration.
  bool due() const noexcept;
  GSource* get() const noexcept { return source_; }

 private:
  GSource* source_ = nullptr;
};

constexpr gushort to_glib(std::uint32_t interest) noexcept {
  return static_cast<gushort>((interest & POE_READ ? G_IO_IN : 0) | (interest & POE_WRITE ? G_IO_OUT : 0) |
                              (interest & POE_PRIORITY ? G_IO_PRI : 0));
}

constexpr std::uint32_t from_glib(gushort events) noexcept {
  return (events & G_IO_IN ? POE_READ : 0u) | (events & G_IO_OUT ? POE_WRITE : 0u) |
         (events & G_IO_PRI ? POE_PRIORITY : 0u) | (events & G_IO_ERR ? POE_ERROR : 0u) |
         (events & G_IO_HUP ? POE_HANGUP : 0u);
}

/// One watched descriptor. GLib polls what `poll` says, so a change of interest is a store.
///
/// Why not g_source_add_unix_fd(): to change its interest wakes the context, which costs two system calls and a round.
struct Watch {
  GPollFD poll{};
  std::uint64_t token = 0;
  std::uint32_t interest = 0;  // POE_*
  std::size_t place = 0;       // in Watches
};

class Watches {
 public:
  Watch* find(int fd) const noexcept {
    const auto i = static_cast<std::size_t>(fd);
    return i < by_fd_.size() ? by_fd_[i] : nullptr;
  }

  Watch& add(int fd) {
    const auto i = static_cast<std::size_t>(fd);
    if (i >= by_fd_.size()) by_fd_.resize(i + 1 > 2 * by_fd_.size() ? i + 1 : 2 * by_fd_.size());
    all_.push_back(std::make_unique<Watch>());
    Watch& watch = *all_.back();
    watch.poll.fd = fd;
    watch.place = all_.size() - 1;
    return *(by_fd_[i] = &watch);
  }

  void remove(Watch& watch) noexcept {
    by_fd_[static_cast<std::size_t>(watch.poll.fd)] = nullptr;
    const std::size_t place = watch.place;
    all_.back()->place = place;
    std::swap(all_[place], all_.back());
    all_.pop_back();
  }

  std::size_t size() const noexcept { return all_.size(); }
  Watch& operator[](std::size_t place) const noexcept { return *all_[place]; }

  bool has_reports() const noexcept {
    for (const auto& watch : all_)
      if (watch->poll.revents != 0) return true;
    return false;
  }

 private:
  std::vector<std::unique_ptr<Watch>> all_;  // without gaps: gone through at each iteration
  std::vector<Watch*> by_fd_;
};

}  // namespace poe::glib
