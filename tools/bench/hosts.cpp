// SPDX-License-Identifier: MIT
#include "hosts.hpp"

#include <sys/resource.h>

#include <array>
#include <filesystem>

namespace poe::bench {

namespace {

constexpr Aim kNone{0.5, 0.0};       // of a bound of 1: not even one
constexpr Aim kWithin{1.0, 1.0};     // of a bound
constexpr Aim kSessions{1.7, 1.4};   // inside GLib and Qt, beside our own epoll loop
constexpr Aim kNative{0.01, 0.005};  // 9000 pipes, beside the same host used directly
constexpr Aim kByHand{1.10, 1.05};   // the ABI on TCP echo
constexpr Aim kEvent{60, 30, true};  // the ABI for each event, in ns

struct ModeName {
  Mode mode;
  const char* name;
};
constexpr std::array kModes{ModeName{Mode::own, "own"}, ModeName{Mode::guest, "guest"},
                            ModeName{Mode::bridge, "bridge"}, ModeName{Mode::embed, "embed"}};

Case made(std::string name, Kind kind, std::uint64_t operations, unsigned size, unsigned active,
          Mode mode = Mode::own) {
  const Count count = kind == Kind::pipes || kind == Kind::ready ? Count::by_time : Count::fixed;
  Case one{"hosts", std::move(name), kind, count, operations, size, active, false};
  one.mode = mode;
  return one;
}

std::vector<std::string> loops_in(Mode mode) {
  switch (mode) {
    case Mode::own:
      return {"epoll", "poll", "select", "uv", "event", "glib", "qt"};
    case Mode::guest:
      return {"uv", "event", "glib", "qt"};
    default:
      return {"epoll"};  // of these, the one that is pollable
  }
}

std::vector<HostRow> rows_in_mode(const Case& which, const char* bound, const Aim& aim) {
  std::vector<HostRow> rows;
  for (std::string& loop : loops_in(which.mode)) rows.push_back({std::move(loop), "poe", bound, aim});
  return rows;
}

std::vector<HostRow> abi_rows(const Aim& aim) {
  return {{"epoll", "abi", "raw-epoll", aim}, {"uv", "abi", "libuv", aim}, {"event", "abi", "libevent", aim}};
}

/// Why no select with 9000 pipes: its set would have a number beyond FD_SETSIZE, as the pipes are opened before it.
std::vector<HostRow> inside_hosts(const Case& which) {
  const Aim native = which.kind == Kind::pipes ? kNative : Aim{2.0, 1.1};
  std::vector<HostRow> rows{{"glib", "poe", "poe-epoll", kSessions},
                            {"qt", "poe", "poe-epoll", kSessions},
                            {"poll", "poe", "poe-epoll", kSessions},
                            {"glib", "poe", "glib", native},
                            {"qt", "poe", "qt", native},
                            {"epoll", "poe", "raw-epoll", {2.0, 1.1}}};
  if (which.kind != Kind::pipes) rows.push_back({"select", "poe", "poe-epoll", kSessions});
  return rows;
}

}  // namespace

std::vector<Case> host_cases() {
  std::vector<Case> cases{
      made("hosts_pipes_9000_a1", Kind::pipes, 200, 9000, 1),
      made("hosts_echo_c1000", Kind::echo, 30'000, 1000, 1000),
      made("abi_echo_c1000", Kind::echo, 30'000, 1000, 1000),
      made("abi_ready_1000", Kind::ready, 20'000, 1000, 1000),
  };
  for (const auto& [mode, name] : kModes) {
    cases.push_back(made(std::string("idle_steps_") + name, Kind::idle_steps, 1, 10, 0, mode));
    cases.push_back(made(std::string("idle_switches_") + name, Kind::idle_switches, 1, 10, 0, mode));
    cases.push_back(made(std::string("wake_p50_") + name, Kind::wake_p50, 1, 2000, 0, mode));
    cases.push_back(made(std::string("wake_p99_") + name, Kind::wake_p99, 1, 2000, 0, mode));
  }
  cases.push_back(made("attach_cycle", Kind::attach_cycle, 10'000, 1, 0, Mode::guest));
  cases.push_back(made("attach_leak_fds", Kind::attach_leak_fds, 100'000, 1, 0, Mode::guest));
  cases.push_back(made("attach_leak_bytes", Kind::attach_leak_bytes, 100'000, 1, 0, Mode::guest));
  return cases;
}

std::vector<HostRow> host_rows(const Case& which) {
  switch (which.kind) {
    case Kind::pipes:
      return inside_hosts(which);
    case Kind::echo:
      return which.name.starts_with("abi_") ? abi_rows(kByHand) : inside_hosts(which);
    case Kind::ready:
      return abi_rows(kEvent);
    case Kind::idle_steps:
    case Kind::idle_switches:
    case Kind::attach_leak_fds:
      return rows_in_mode(which, "bound-1", kNone);
    case Kind::wake_p50:
    case Kind::wake_p99:
      return rows_in_mode(which, which.mode == Mode::bridge ? "bound-1ms" : "bound-100us", kWithin);
    case Kind::attach_cycle:
      return rows_in_mode(which, "bound-1ms", kWithin);
    case Kind::attach_leak_bytes:
      return rows_in_mode(which, "bound-4k", kWithin);
    default:
      return {};
  }
}

std::string host_module(const std::string& loop) {
  const auto here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  const auto path = here.parent_path() / "lib/poe/loops-1" / ("libpoe_kit_host_" + loop + ".so");
  return std::filesystem::exists(path) ? path.string() : "";
}

std::optional<std::string> cannot_measure(const Case& which, const std::string& loop) {
  if (which.mode == Mode::guest && host_module(loop).empty())
    return "no host program libpoe_kit_host_" + loop + ".so: it is built with the tests (target poe_conformance_test)";
  const bool pipes = which.kind == Kind::pipes || which.kind == Kind::ready;
  const rlim_t needed = 2 * rlim_t{which.size} + 100;
  rlimit limit{};
  if (pipes && getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < needed)
    return "it needs " + std::to_string(needed) + " descriptors, the hard limit here is " +
           std::to_string(limit.rlim_max) + " (ulimit -Hn)";
  return std::nullopt;
}

}  // namespace poe::bench
