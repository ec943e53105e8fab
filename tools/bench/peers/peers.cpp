// SPDX-License-Identifier: MIT
#include "peers.hpp"

namespace poe::bench {

std::vector<Pairing> pairings() {
  std::vector<Pairing> pairs;
  pairs.push_back({"epoll", raw_epoll_subject()});
  pairs.push_back({"poll", raw_poll_subject()});
  pairs.push_back({"select", raw_select_subject()});
#if POE_BENCH_UV
  pairs.push_back({"uv", uv_subject()});
#endif
#if POE_BENCH_EVENT
  pairs.push_back({"event", event_subject()});
#endif
#if POE_BENCH_GLIB
  pairs.push_back({"glib", glib_subject()});
#endif
#if POE_BENCH_QT
  pairs.push_back({"qt", qt_subject()});
#endif
  return pairs;
}

std::vector<Subject> common_peers() {
#if POE_BENCH_ASIO
  return {asio_subject()};
#else
  return {};
#endif
}

std::vector<Subject> kernel_peers() {
  std::vector<Subject> peers = common_peers();
  peers.push_back(raw_epoll_subject());
#if POE_BENCH_UV
  peers.push_back(uv_subject());
#endif
#if POE_BENCH_EV
  peers.push_back(ev_subject());
#endif
#if POE_BENCH_CAF
  peers.push_back(caf_subject());
#endif
  peers.push_back(perl_subject());
  for (Subject& bound : bound_subjects()) peers.push_back(std::move(bound));
  return peers;
}

std::vector<Subject> host_peers() {
  std::vector<Subject> peers;
  for (Pairing& pairing : pairings()) peers.push_back(std::move(pairing.direct));
  peers.push_back(our_epoll_subject());
  for (Subject& bound : bound_subjects()) peers.push_back(std::move(bound));
  return peers;
}

std::vector<Subject> net_peers() {
  std::vector<Subject> peers = common_peers();
  peers.push_back(raw_epoll_subject());
#if POE_BENCH_UV
  peers.push_back(uv_subject());
#endif
#if POE_BENCH_EVENT
  peers.push_back(bufferevent_subject());
#endif
#if POE_BENCH_EVHTTP
  peers.push_back(evhttp_subject());
#endif
#if POE_BENCH_BEAST
  peers.push_back(beast_subject());
#endif
  peers.push_back(perl_subject());
  if (have_nginx()) peers.push_back(nginx_subject());
  for (Subject& bound : bound_subjects()) peers.push_back(std::move(bound));
  return peers;
}

std::vector<std::string_view> missing_peers() {
  std::vector<std::string_view> missing;
#if !POE_BENCH_UV
  missing.push_back("libuv");
#endif
#if !POE_BENCH_EVENT
  missing.push_back("libevent");
#endif
#if !POE_BENCH_ASIO
  missing.push_back("asio");
#endif
#if !POE_BENCH_GLIB
  missing.push_back("glib");
#endif
#if !POE_BENCH_QT
  missing.push_back("qt");
#endif
#if !POE_BENCH_EV
  missing.push_back("libev");
#endif
#if !POE_BENCH_CAF
  missing.push_back("caf");
#endif
#if !POE_BENCH_EVHTTP
  missing.push_back("evhttp");
#endif
#if !POE_BENCH_BEAST
  missing.push_back("beast");
#endif
  return missing;
}

}  // namespace poe::bench
