// SPDX-License-Identifier: MIT
#include "qt_events.hpp"

#include <QtCore/QEvent>
#include <QtCore/QTimerEvent>

#include "poe/loop/time.hpp"

namespace poe::qt {
namespace {

constexpr std::uint32_t kDirections[] = {POE_READ, POE_WRITE, POE_PRIORITY};

QSocketNotifier::Type type_of(std::uint32_t direction) noexcept {
  if (direction == POE_READ) return QSocketNotifier::Read;
  return direction == POE_WRITE ? QSocketNotifier::Write : QSocketNotifier::Exception;
}

}  // namespace

Notifier::Notifier(int fd, std::uint32_t direction, Client& client)
    : QSocketNotifier(fd, type_of(direction)), client_(client), direction_(direction) {}

bool Notifier::event(QEvent* event) {
  if (event->type() != QEvent::SockAct && event->type() != QEvent::SockClose) return QSocketNotifier::event(event);
  client_.on_ready(static_cast<int>(socket()), direction_);
  return true;
}

void Timers::start_deadline(std::int64_t wait_ns) {
  deadline_.start(poe::loop::poll_ms(wait_ns), Qt::PreciseTimer, this);
}

void Timers::start_limit(std::int64_t wait_ns) { limit_.start(poe::loop::poll_ms(wait_ns), Qt::PreciseTimer, this); }

void Timers::start_soon() {
  wanted_ = true;
  if (!soon_.isActive()) soon_.start(0, Qt::PreciseTimer, this);
}

void Timers::renew_soon() {
  if (wanted_) soon_.start(0, Qt::PreciseTimer, this);
}

void Timers::stop_soon() {
  wanted_ = false;
  soon_.stop();
}

void Timers::timerEvent(QTimerEvent* event) {
  if (event->timerId() == soon_.timerId()) {
    if (!wanted_) return soon_.stop();
    wanted_ = false;
    return client_.on_soon();
  }
  if (event->timerId() == limit_.timerId()) return limit_.stop();
  if (event->timerId() != deadline_.timerId()) return;
  deadline_.stop();
  client_.on_deadline();
}

Watch& Watches::put(int fd, std::uint32_t interest, std::uint64_t token, Client& client) {
  const auto i = static_cast<std::size_t>(fd);
  if (i >= by_fd_.size()) by_fd_.resize(i + 1 > 2 * by_fd_.size() ? i + 1 : 2 * by_fd_.size());
  if (!by_fd_[i]) by_fd_[i] = std::make_unique<Watch>();
  Watch& watch = *by_fd_[i];
  for (std::size_t d = 0; d < 3; ++d) {
    const bool asked = (interest & kDirections[d]) != 0;
    if (asked && !watch.notifiers[d]) watch.notifiers[d] = std::make_unique<Notifier>(fd, kDirections[d], client);
    if (!asked) retire(watch.notifiers[d]);
  }
  watch.token = token;
  watch.interest = interest;
  return watch;
}

void Watches::remove(int fd) {
  Watch* watch = find(fd);
  if (!watch) return;
  for (auto& notifier : watch->notifiers) retire(notifier);
  by_fd_[static_cast<std::size_t>(fd)].reset();
}

void Watches::clear() {
  for (std::size_t i = 0; i < by_fd_.size(); ++i) remove(static_cast<int>(i));
}

void Watches::retire(std::unique_ptr<Notifier>& notifier) {
  if (!notifier) return;
  notifier->setEnabled(false);
  retired_.push_back(std::move(notifier));
}

}  // namespace poe::qt
