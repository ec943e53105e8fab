// SPDX-License-Identifier: MIT
#include "poe/wheels/resolver.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

#include "poe/signals_blocked.hpp"
#include "poe/system.hpp"

namespace poe {
namespace {

std::optional<std::uint16_t> numeric_port(std::string_view text) {
  if (text.empty()) return std::uint16_t{0};
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool all_digits(std::string_view text) { return text.find_first_not_of("0123456789") == std::string_view::npos; }

/// P132 gives a text that is no address of its family the number 99.
tl::unexpected<Error> wrong_family(const ResolveQuery& query) {
  const bool four = query.family == AF_INET;
  std::string advice = std::string("write an ") + (four ? "IPv4" : "IPv6") + " address or a host name";
  if (query.family != 0) advice += ", or choose the other domain";
  return system_failure(EADDRNOTAVAIL, four ? "inet_aton" : "getaddrinfo", query.to_string(), std::move(advice));
}

ResolveAnswer without_host(const ResolveQuery& query, std::uint16_t port) {
  const int family = query.family == 0 ? AF_INET : query.family;
  const SocketAddress address =
      query.passive ? SocketAddress::any(family, port) : SocketAddress::loopback(family, port);
  return std::vector<SocketAddress>{address};
}

/// What a look-up that is not ours has answered: no address at all is no answer.
ResolveAnswer sound(ResolveAnswer answer, const ResolveQuery& query) {
  if (!answer || !answer->empty()) return answer;
  return failure(Errc::system, "getaddrinfo", query.to_string(), "the look-up has found no address",
                 "answer with an error instead");
}

/// "localhost" in a world of its own: both loopback addresses, as in a hosts file.
ResolveAnswer simulated_lookup(const ResolveQuery& query) {
  const auto port = numeric_port(query.service);
  if (!port) {
    return failure(Errc::not_supported, "getservbyname", query.service, "a simulated world has no service names",
                   "use the number");
  }
  if (query.host != "localhost") {
    return failure(Errc::not_supported, "getaddrinfo", query.to_string(), "a simulated world has no name servers",
                   "use a numeric address or \"localhost\", or give the Resolver a look-up of your own");
  }
  std::vector<SocketAddress> found;
  if (query.family != AF_INET6) found.push_back(SocketAddress::loopback(AF_INET, *port));
  if (query.family != AF_INET) found.push_back(SocketAddress::loopback(AF_INET6, *port));
  return found;
}

}  // namespace

std::string ResolveQuery::to_string() const {
  std::string text = host.find(':') == std::string::npos ? host : '[' + host + ']';
  if (host.empty()) text = passive ? "*" : "localhost";
  return service.empty() ? text : text + ':' + service;
}

/// The loop's side of a look-up: made, used and destroyed on the loop thread. Helper threads hold it weakly, and only
/// pass that on.
struct Resolution::Request {
  Fn<void(ResolveAnswer)> done;
  KeepAlive session;
  std::shared_ptr<void> under_way;  // of an asynchronous look-up
  bool open = true;
};

Resolution::Resolution() noexcept = default;
Resolution::Resolution(std::shared_ptr<Request> request) noexcept : request_(std::move(request)) {}
Resolution::Resolution(Resolution&&) noexcept = default;
Resolution& Resolution::operator=(Resolution&& other) noexcept {
  if (this != &other) {
    cancel();
    request_ = std::move(other.request_);
  }
  return *this;
}
Resolution::~Resolution() { cancel(); }
Resolution::operator bool() const noexcept { return request_ != nullptr && request_->open; }
void Resolution::cancel() noexcept {
  const auto request = std::move(request_);
  if (request == nullptr) return;
  request->open = false;
  request->under_way.reset();
}

/// The threads' side: shared by the Resolver and whichever threads run.
struct Resolver::Pool {
  struct Job {
    ResolveQuery query;
    std::weak_ptr<Resolution::Request> request;
    Address to;
  };

  Pool(unsigned limit, Lookup with) : max_threads(limit == 0 ? 1 : limit), lookup(std::move(with)) {}

  static void deliver(std::weak_ptr<Resolution::Request> request, ResolveAnswer answer) {
    const auto alive = request.lock();
    if (alive == nullptr || !alive->open) return;
    alive->open = false;
    const KeepAlive session = std::move(alive->session);  // until the callback has returned
    alive->done(std::move(answer));
  }

  static void send(const Address& to, std::weak_ptr<Resolution::Request> request, ResolveAnswer answer) {
    // Fails once the kernel is gone; then there is nobody to tell.
    static_cast<void>(to.defer([request = std::move(request), result = std::move(answer)]() mutable {
      deliver(std::move(request), std::move(result));
    }));
  }

  ResolveAnswer ask(const ResolveQuery& query) const {
    try {
      return sound(lookup ? lookup(query) : system_lookup(query), query);
    } catch (...) {
      return failure(Error::from_exception(std::current_exception(), "getaddrinfo", query.to_string()));
    }
  }

  std::optional<Job> next() {
    const std::lock_guard lock(mutex);
    while (!jobs.empty() && jobs.front().request.expired()) jobs.pop_front();  // cancelled while it waited
    if (jobs.empty()) {
      --threads;
      return std::nullopt;
    }
    Job job = std::move(jobs.front());
    jobs.pop_front();
    return job;
  }

  static void work(const std::shared_ptr<Pool>& pool) {
    while (auto job = pool->next()) {
      ResolveAnswer answer = pool->ask(job->query);
      send(job->to, std::move(job->request), std::move(answer));
    }
  }

  /// 0, or the errno that keeps the job from ever being done.
  static int submit(const std::shared_ptr<Pool>& pool, Job job) {
    const std::lock_guard lock(pool->mutex);
    pool->jobs.push_back(std::move(job));
    if (pool->threads == pool->max_threads) return 0;
    try {
      const SignalsBlocked blocked;
      std::thread([pool] { work(pool); }).detach();
      ++pool->threads;
    } catch (const std::system_error& error) {
      if (pool->threads > 0) return 0;  // one of those will come to it
      pool->jobs.pop_back();
      return error.code().value();
    }
    return 0;
  }

  const unsigned max_threads;
  const Lookup lookup;
  std::mutex mutex;
  std::deque<Job> jobs;  // guarded by mutex
  unsigned threads = 0;  // guarded by mutex
};

Resolver::Resolver(unsigned max_threads, Lookup lookup)
    : pool_(std::make_shared<Pool>(max_threads, std::move(lookup))) {}
Resolver Resolver::asynchronous(AsyncLookup lookup) {
  if (!lookup) throw std::invalid_argument("Resolver: an asynchronous one needs a look-up");
  Resolver resolver(1);
  resolver.asynchronous_ = std::move(lookup);
  return resolver;
}
Resolver::Resolver(Resolver&&) noexcept = default;
Resolver& Resolver::operator=(Resolver&&) noexcept = default;
Resolver::~Resolver() = default;

std::optional<ResolveAnswer> Resolver::at_once(const ResolveQuery& query) {
  const auto port = numeric_port(query.service);
  if (!port && all_digits(query.service)) {
    return failure(Errc::invalid_argument, "getservbyname", query.service, "a port is at most 65535");
  }
  if (query.host.empty()) return port ? std::optional(without_host(query, *port)) : std::nullopt;
  const auto address = SocketAddress::ip(query.host, port.value_or(0));
  const bool looks_like_ipv6 = query.host.find(':') != std::string::npos;
  if (!address) return looks_like_ipv6 ? std::optional<ResolveAnswer>(wrong_family(query)) : std::nullopt;
  if (query.family != 0 && query.family != address->family()) return wrong_family(query);
  return port ? std::optional<ResolveAnswer>(std::vector<SocketAddress>{*address}) : std::nullopt;
}

/// The answer takes the way of the threads' answers, so that it is heard later, and as the session that has asked.
void Resolver::begin(const AsyncLookup& lookup, Self& self, const ResolveQuery& query,
                     const std::shared_ptr<Resolution::Request>& request) {
  std::weak_ptr<Resolution::Request> weak = request;
  const Address to = self.address();
  try {
    request->under_way = lookup(self, query, [weak, to, query](ResolveAnswer answer) {
      Pool::send(to, weak, sound(std::move(answer), query));
    });
  } catch (...) {
    Pool::send(to, weak, failure(Error::from_exception(std::current_exception(), "getaddrinfo", query.to_string())));
  }
}

Resolution Resolver::resolve(Self& self, ResolveQuery query, Fn<void(ResolveAnswer)> done) {
  auto request = std::make_shared<Resolution::Request>();
  request->done = std::move(done);
  request->session = self.keep_alive("looking up " + query.to_string());
  std::weak_ptr<Resolution::Request> weak = request;
  auto answer = at_once(query);
  if (!answer && asynchronous_) {
    begin(asynchronous_, self, query, request);
    return Resolution(std::move(request));
  }
  if (!answer && !pool_->lookup && !is_real(self.system())) answer = simulated_lookup(query);
  if (!answer) {
    std::string what = query.to_string();
    const int failed = Pool::submit(pool_, Pool::Job{std::move(query), weak, self.address()});
    if (failed == 0) return Resolution(std::move(request));
    answer = system_failure(failed, "getaddrinfo", std::move(what), "no helper thread could be started");
  }
  self.defer([weak = std::move(weak), result = std::move(*answer)]() mutable {
    Pool::deliver(std::move(weak), std::move(result));
  });
  return Resolution(std::move(request));
}

}  // namespace poe
