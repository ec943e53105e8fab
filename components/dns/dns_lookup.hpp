// SPDX-License-Identifier: MIT
//
// One look-up of a DnsClient: from the question to what its user is told. c-ares calls back with a plain pointer to it,
// so the core keeps it until then, also when its user has dropped it.
#pragma once

#include <ares.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "poe/components/dns_client.hpp"
#include "poe/error.hpp"
#include "poe/fn.hpp"
#include "poe/session.hpp"

namespace poe {

/// What a look-up says in the child of a fork.
Error in_a_fork(const char* operation, std::string what);

class DnsLookup : public std::enable_shared_from_this<DnsLookup> {
 public:
  /// `what`: "MX example.org". `always_told`: also that the client has gone.
  DnsLookup(DnsCore& core, const char* operation, std::string what, bool always_told);
  DnsLookup(const DnsLookup&) = delete;
  DnsLookup& operator=(const DnsLookup&) = delete;
  virtual ~DnsLookup() = default;

  /// Asks c-ares, which may call back before this returns. Or settles what asks nobody.
  virtual void start(ares_channel channel) = 0;
  virtual void settle(Error error) = 0;
  virtual bool settled() const noexcept = 0;
  /// Tells the user, once. May throw what the user throws.
  virtual void deliver() = 0;
  /// Nobody wants to be told: lets the callback go.
  virtual void forget() noexcept = 0;

  /// Null: it is over.
  DnsCore* core() const noexcept { return core_; }
  bool always_told() const noexcept { return always_told_; }
  /// It is no part of the client any more, and keeps the session no longer.
  void let_go() noexcept {
    core_ = nullptr;
    hold_.cancel();
  }
  Error error(Errc code, std::string why, std::string advice = {}) const {
    return {code, operation_, what_, std::move(why), std::move(advice)};
  }
  Error error_of(int status) const;
  Error forked() const { return in_a_fork(operation_, what_); }

  bool in_flight = false;  // c-ares will call back
  bool queued = false;     // to be told

 private:
  DnsCore* core_;
  const char* operation_;
  std::string what_;
  bool always_told_;
  KeepAlive hold_;
};

/// What both kinds share: the outcome, and who is told.
template <class Outcome>
class DnsLookupOf : public DnsLookup {
 public:
  using Done = Fn<void(Outcome)>;
  DnsLookupOf(DnsCore& core, const char* operation, std::string what, Done done, bool always_told)
      : DnsLookup(core, operation, std::move(what), always_told), done_(std::move(done)) {}

  void settle(Error error) override { settle_with(failure(std::move(error))); }
  bool settled() const noexcept override { return outcome_.has_value(); }
  void deliver() override {
    Done done = std::exchange(done_, nullptr);
    if (done) done(std::move(*outcome_));
  }
  void forget() noexcept override { const Done gone = std::exchange(done_, nullptr); }

 protected:
  void settle_with(Outcome outcome) {
    if (!outcome_) outcome_.emplace(std::move(outcome));
  }

 private:
  Done done_;
  std::optional<Outcome> outcome_{};
};

class DnsQuery final : public DnsLookupOf<DnsClient::Answer> {
 public:
  DnsQuery(DnsCore& core, std::string name, DnsType type, Done done, bool always_told);
  void start(ares_channel channel) override;

 private:
  static void called(void* query, int status, int timeouts, unsigned char* bytes, int size) noexcept;
  DnsClient::Answer read(int status, const unsigned char* bytes, int size) const;
  std::string name_;
  DnsType type_;
};

class DnsHostLookup final : public DnsLookupOf<ResolveAnswer> {
 public:
  DnsHostLookup(DnsCore& core, ResolveQuery query, Done done, bool always_told);
  void start(ares_channel channel) override;

 private:
  static void called(void* lookup, int status, int timeouts, ares_addrinfo* found) noexcept;
  ResolveAnswer read(int status, const ares_addrinfo* found) const;
  ResolveQuery query_;
  std::uint16_t port_ = 0;
};

}  // namespace poe
