// SPDX-License-Identifier: MIT
#include "net.hpp"

namespace poe::bench {

namespace {

constexpr double kNothingBroken = 4.0;  // must, where only the goal is meant

Case made(const char* name, Kind kind, std::uint64_t operations, unsigned size, unsigned active) {
  return {"net", name, kind, Count::fixed, operations, size, active, false};
}

std::vector<Rival> echo_rivals(const Case& which) {
  const double must = which.size == 1 ? 1.15 : 1.10;
  return {{"asio", {must, 1.0}},
          {"libuv", {kNothingBroken, 1.0}},
          {"bufferevent", {0.85, 0.7}},
          {"raw-epoll", {kNothingBroken, 1.12}}};
}

}  // namespace

bool is_server(Kind kind) {
  switch (kind) {
    case Kind::echo:
    case Kind::line_views:
    case Kind::line_strings:
    case Kind::http:
    case Kind::idle_bytes:
    case Kind::file:
    case Kind::file_wall:
      return true;
    default:
      return false;
  }
}

std::vector<Case> net_cases() {
  constexpr std::uint64_t kLines = 1 << 21;
  return {
      made("tcp_echo_c1", Kind::echo, 10'000, 1, 1),
      made("tcp_echo_c64", Kind::echo, 60'000, 64, 64),
      made("tcp_echo_c1000", Kind::echo, 60'000, 1000, 1000),
      made("lines_as_views", Kind::line_views, kLines, 4, 512),
      made("lines_as_strings", Kind::line_strings, kLines / 8, 4, 512),
      made("http_hello_c64", Kind::http, 40'000, 64, 1),
      made("http_hello_p16", Kind::http, 160'000, 64, 16),
      made("idle_connection_10k", Kind::idle_bytes, 10'000, 10'000, 1),
      made("file_10mb", Kind::file, 150, 1, 1),
      made("file_10mb_wall", Kind::file_wall, 150, 1, 1),
  };
}

std::vector<Rival> net_rivals(const Case& which) {
  switch (which.kind) {
    case Kind::echo:
      return echo_rivals(which);
    case Kind::line_views:
      return {{"asio", {1.3, 1.0}}, {"bufferevent", {0.4, 0.3}}, {"raw-epoll", {kNothingBroken, 1.2}}};
    case Kind::line_strings:
      return {{"bufferevent", {0.6, 0.4}}, {"perl-poe", {1.0 / 60, 1.0 / 120}}};
    case Kind::http:
      if (which.active > 1) return {{"beast", {0.7, 0.5}}};
      return {{"beast", {1.1, 0.85}},
              {"evhttp", {0.75, 0.6}},
              {"raw-epoll", {kNothingBroken, 1.35}},
              {"perl-poe", {1.0 / 4, 1.0 / 8}}};
    case Kind::idle_bytes:
      return {{"bound-1126b", {1.0, 0.5}}, {"bufferevent", {1.0, 0.5}}};
    case Kind::file:
    case Kind::file_wall:
      return {{"nginx", {1.25, 1.0}}};  // the throughput is 0.8 of nginx's, or as much
    default:
      return {};
  }
}

}  // namespace poe::bench
