// SPDX-License-Identifier: MIT
//
// The QObjects of a loop: notifiers and timers that call it from their event(), without signals and so without moc.
// They live on the loop thread and have no parent: the application's children are the program's own.
//
// No exception of ours passes through Qt: what these events call (ready, turn, finish) throws none by contract.
#pragma once

#include <QtCore/QBasicTimer>
#include <QtCore/QObject>
#include <QtCore/QSocketNotifier>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "poe/loop_abi.h"

namespace poe::qt {

/// Whom the events call. May be destroyed inside any of them.
class Client {
 public:
  virtual void on_ready(int fd, std::uint32_t direction) = 0;  // one of POE_READ, POE_WRITE, POE_PRIORITY
  virtual void on_deadline() = 0;
  virtual void on_soon() = 0;
  virtual void on_application_gone() = 0;

 protected:
  ~Client() = default;
};

/// One direction of one descriptor.
class Notifier final : public QSocketNotifier {
 public:
  Notifier(int fd, std::uint32_t direction, Client& client);

 protected:
  bool event(QEvent* event) override;

 private:
  Client& client_;
  const std::uint32_t direction_;
};

/// The deadline, and a turn as soon as Qt has had its own.
class Timers final : public QObject {
 public:
  explicit Timers(Client& client) noexcept : client_(client) {}
  void start_deadline(std::int64_t wait_ns);
  void stop_deadline() { deadline_.stop(); }
  void start_soon();
  void stop_soon();
  /// Before a step or a loop inside a turn: Qt fires no timer whose event is being handled, so a new one takes its
  /// place.
  void renew_soon();
  void stop_limit() { limit_.stop(); }
  /// Makes a waiting processEvents() return; nobody is called.
  void start_limit(std::int64_t wait_ns);

 protected:
  void timerEvent(QTimerEvent* event) override;

 private:
  Client& client_;
  QBasicTimer deadline_;
  QBasicTimer soon_;  // runs on between two turns that follow each other at once
  QBasicTimer limit_;
  bool wanted_ = false;  // soon_ has a turn to bring
};

struct Watch {
  std::uint64_t token = 0;
  std::uint32_t interest = 0;              // POE_*
  std::unique_ptr<Notifier> notifiers[3];  // read, write, priority; only those asked for
};

/// The watched descriptors. A notifier that goes while an event is being delivered may be the one that delivers: it is
/// disabled at once and destroyed by sweep().
class Watches {
 public:
  Watch* find(int fd) const noexcept {
    const auto i = static_cast<std::size_t>(fd);
    return i < by_fd_.size() ? by_fd_[i].get() : nullptr;
  }
  Watch& put(int fd, std::uint32_t interest, std::uint64_t token, Client& client);
  void remove(int fd);
  void clear();
  /// Not inside an event of ours.
  void sweep() noexcept { retired_.clear(); }

 private:
  void retire(std::unique_ptr<Notifier>& notifier);

  std::vector<std::unique_ptr<Watch>> by_fd_;
  std::vector<std::unique_ptr<Notifier>> retired_;
};

}  // namespace poe::qt
