// SPDX-License-Identifier: MIT
#include "poe/components/dns_client.hpp"

#include <utility>

#include "dns_core.hpp"
#include "poe/components/dns_awaits.hpp"

namespace poe {
namespace {

Error no_client(const char* operation, std::string what) {
  return {Errc::closed, operation, std::move(what), "the DnsClient is gone, or was never made"};
}

template <class Lookup, class... Args>
std::shared_ptr<DnsLookup> start_lookup(DnsCore& core, Args&&... args) {
  auto lookup = std::make_shared<Lookup>(core, std::forward<Args>(args)...);
  core.start(lookup);
  return lookup;
}

/// Keeps a look-up going for a Resolver, and cancels it when that lets go.
struct Lent {
  explicit Lent(std::shared_ptr<DnsLookup> its) noexcept : lookup(std::move(its)) {}
  Lent(const Lent&) = delete;
  Lent& operator=(const Lent&) = delete;
  ~Lent() {
    if (lookup->core() != nullptr) lookup->core()->drop(*lookup);
  }
  std::shared_ptr<DnsLookup> lookup;
};

}  // namespace

// ---- DnsCall

DnsCall::DnsCall() noexcept = default;
DnsCall::DnsCall(std::shared_ptr<DnsLookup> lookup) noexcept : lookup_(std::move(lookup)) {}
DnsCall::DnsCall(DnsCall&&) noexcept = default;
DnsCall& DnsCall::operator=(DnsCall&& other) noexcept {
  if (this != &other) {
    cancel();
    lookup_ = std::move(other.lookup_);
  }
  return *this;
}
DnsCall::~DnsCall() { cancel(); }
DnsCall::operator bool() const noexcept { return lookup_ != nullptr && lookup_->core() != nullptr; }
void DnsCall::cancel() noexcept {
  const auto lookup = std::move(lookup_);
  if (lookup != nullptr && lookup->core() != nullptr) lookup->core()->drop(*lookup);
}
void DnsCall::detach() && noexcept { lookup_.reset(); }

// ---- DnsClient

DnsClient::DnsClient() noexcept = default;
DnsClient::DnsClient(Self& self, DnsOptions options) : core_(std::make_shared<DnsCore>(self, std::move(options))) {}
DnsClient::DnsClient(DnsClient&&) noexcept = default;
DnsClient& DnsClient::operator=(DnsClient&& other) noexcept {
  if (this != &other) {
    const auto former = std::exchange(core_, std::move(other.core_));
    if (former != nullptr) former->close();
  }
  return *this;
}
DnsClient::~DnsClient() {
  if (core_ != nullptr) core_->close();  // which one of its callbacks may still hold
}

std::size_t DnsClient::lookups() const noexcept { return core_ != nullptr ? core_->size() : 0; }
std::vector<SocketAddress> DnsClient::servers() const {
  return core_ != nullptr ? core_->servers() : std::vector<SocketAddress>();
}

DnsCall DnsClient::query(std::string name, DnsType type, Fn<void(Answer)> done) {
  if (core_ == nullptr) return {};
  return DnsCall(start_lookup<DnsQuery>(*core_, std::move(name), type, std::move(done), false));
}

DnsCall DnsClient::query(std::string name, DnsType type, const Event<Answer>& event) {
  if (core_ == nullptr) return {};
  Self& self = core_->self();
  return query(std::move(name), type, [&self, &event](Answer answer) { self.yield(event, std::move(answer)); });
}

DnsCall DnsClient::addresses(ResolveQuery query, Fn<void(ResolveAnswer)> done) {
  if (core_ == nullptr) return {};
  return DnsCall(start_lookup<DnsHostLookup>(*core_, std::move(query), std::move(done), false));
}

DnsCall DnsClient::addresses(ResolveQuery query, const Event<ResolveAnswer>& event) {
  if (core_ == nullptr) return {};
  Self& self = core_->self();
  return addresses(std::move(query), [&self, &event](ResolveAnswer answer) { self.yield(event, std::move(answer)); });
}

DnsQueryAwait DnsClient::query(std::string name, DnsType type) { return {core_, std::move(name), type}; }
DnsAddressesAwait DnsClient::addresses(ResolveQuery query) { return {core_, std::move(query)}; }
DnsAddressesAwait DnsClient::addresses(std::string host, std::string service) {
  return {core_, ResolveQuery(std::move(host), std::move(service))};
}

std::shared_ptr<Resolver> DnsClient::resolver() const {
  return std::make_shared<Resolver>(Resolver::asynchronous(
      [weak = std::weak_ptr<DnsCore>(core_)](Self&, const ResolveQuery& query,
                                             Fn<void(ResolveAnswer)> done) -> std::shared_ptr<void> {
        const auto core = DnsCore::open(weak);
        if (core != nullptr)
          return std::make_shared<Lent>(start_lookup<DnsHostLookup>(*core, query, std::move(done), true));
        done(failure(no_client("getaddrinfo", query.to_string())));
        return nullptr;
      }));
}

// ---- awaits

bool DnsQueryAwait::begin() {
  const auto client = DnsCore::open(client_);
  if (client == nullptr) return refuse(no_client("query", what()));
  pend();
  call_ = DnsCall(start_lookup<DnsQuery>(
      *client, name_, type_,
      [this](DnsClient::Answer answer) {
        if (!answer) return fail(std::move(answer.error()));
        value_ = std::move(*answer);
        finish(Ending::done);
      },
      true));
  return true;
}
void DnsQueryAwait::end() noexcept { call_.cancel(); }
void DnsQueryAwait::forked() noexcept { fail(in_a_fork("query", what())); }
std::string DnsQueryAwait::what() const { return to_string(type_) + ' ' + name_; }
std::string DnsQueryAwait::describe() const { return "the name servers' answer to " + what(); }

bool DnsAddressesAwait::begin() {
  const auto client = DnsCore::open(client_);
  if (client == nullptr) return refuse(no_client("getaddrinfo", query_.to_string()));
  pend();
  call_ = DnsCall(start_lookup<DnsHostLookup>(
      *client, query_,
      [this](ResolveAnswer answer) {
        if (!answer) return fail(std::move(answer.error()));
        value_ = std::move(*answer);
        finish(Ending::done);
      },
      true));
  return true;
}
void DnsAddressesAwait::end() noexcept { call_.cancel(); }
void DnsAddressesAwait::forked() noexcept { fail(in_a_fork("getaddrinfo", query_.to_string())); }
std::string DnsAddressesAwait::describe() const { return "the addresses of " + query_.to_string(); }

}  // namespace poe
