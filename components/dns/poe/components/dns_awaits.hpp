// SPDX-License-Identifier: MIT
//
// DnsClient for coroutines: co_await dns.query(name, type), co_await dns.addresses(host, service), either with
// .within(limit). Part of poe::dns.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "poe/components/dns_client.hpp"
#include "poe/coroutine.hpp"

namespace poe {

/// See DnsClient::query(). The look-up begins with the await, and is cancelled with it.
class POE_API DnsQueryAwait final : public AwaitOf<DnsQueryAwait, DnsAnswer> {
 private:
  friend class DnsClient;
  DnsQueryAwait(std::weak_ptr<DnsCore> client, std::string name, DnsType type) noexcept
      : client_(std::move(client)), name_(std::move(name)), type_(type) {}
  bool begin() override;
  void end() noexcept override;
  void forked() noexcept override;
  std::string describe() const override;
  std::string what() const;

  // Weak: the client may go between the making of this and its co_await.
  std::weak_ptr<DnsCore> client_;
  std::string name_;
  DnsType type_;
  DnsCall call_{};
};

/// See DnsClient::addresses().
class POE_API DnsAddressesAwait final : public AwaitOf<DnsAddressesAwait, std::vector<SocketAddress>> {
 private:
  friend class DnsClient;
  DnsAddressesAwait(std::weak_ptr<DnsCore> client, ResolveQuery query) noexcept
      : client_(std::move(client)), query_(std::move(query)) {}
  bool begin() override;
  void end() noexcept override;
  void forked() noexcept override;
  std::string describe() const override;

  std::weak_ptr<DnsCore> client_;
  ResolveQuery query_;
  DnsCall call_{};
};

}  // namespace poe
