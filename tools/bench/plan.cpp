// SPDX-License-Identifier: MIT
#include "plan.hpp"

#include <algorithm>

#include "hosts.hpp"
#include "net.hpp"
#include "peers/peers.hpp"

namespace poe::bench {

namespace {

bool contains(const std::vector<std::string>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

bool wants(const std::vector<std::string>& list, std::string_view name) { return list.empty() || contains(list, name); }

/// Whether the system itself does the work: epoll, poll and select know descriptors, but neither messages nor timers.
bool is_about_descriptors(const Case& work) { return work.kind == Kind::pipes || work.kind == Kind::echo; }

/// The peers of one loop in one case: the library below it; and Asio, where that says something. Where epoll, poll and
/// select have no such thing, code by hand is no library but a bound: only with `limits`.
void add_pairs(const Case& work, const Pairing& pairing, bool limits, std::vector<Pair>& to) {
  const std::string loop(pairing.loop);
  const bool by_hand = pairing.direct.name.starts_with("raw-");
  const bool descriptors = is_about_descriptors(work);
  if (!by_hand || descriptors || limits) to.push_back({work, loop, pairing.direct});
  if (loop != "epoll" && !work.asio_on_every_loop && (descriptors || !by_hand)) return;
  for (Subject& common : common_peers()) to.push_back({work, loop, std::move(common)});
}

void add_rivals(const Case& work, std::vector<Pair>& to) {
  const std::vector<Subject> peers = kernel_peers();
  for (const Rival& rival : rivals(work))
    for (const Subject& peer : peers)
      if (peer.name == rival.peer && peer.body(work.kind) != nullptr) to.push_back({work, "epoll", peer});
}

/// Without the rows whose peer is not there.
void add_host_rows(const Case& work, const std::vector<std::string>& loops, std::vector<Pair>& to) {
  const std::vector<Subject> peers = host_peers();
  for (const HostRow& row : host_rows(work))
    for (const Subject& peer : peers)
      if (peer.name == row.peer && peer.body(work.kind) != nullptr && wants(loops, row.loop))
        to.push_back({work, row.loop, peer, row.ours == "abi" ? abi_subject() : our_subject(), row.aim});
}

void add_net_rows(const Case& work, std::vector<Pair>& to) {
  const std::vector<Subject> peers = net_peers();
  for (const Rival& rival : net_rivals(work))
    for (const Subject& peer : peers)
      if (peer.name == rival.peer && peer.body(work.kind) != nullptr && our_subject().body(work.kind) != nullptr)
        to.push_back({work, "epoll", peer, our_subject(), rival.aim});
}

}  // namespace

std::vector<std::string> suite_names() {
  std::vector<std::string> names;
  for (const Case& one : all_cases())
    if (!contains(names, one.suite)) names.push_back(one.suite);
  names.push_back("all");
  return names;
}

std::vector<std::string> loop_names() {
  std::vector<std::string> names;
  for (const Pairing& pairing : pairings()) names.emplace_back(pairing.loop);
  return names;
}

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const Case& one : all_cases()) names.push_back(one.name);
  return names;
}

std::vector<Pair> plan(const Wanted& wanted) {
  std::vector<Pair> pairs;
  for (const Case& work : all_cases()) {
    if (wanted.suite != "all" && wanted.suite != work.suite) continue;
    if (!wants(wanted.cases, work.name)) continue;
    if (work.suite == "hosts") add_host_rows(work, wanted.loops, pairs);
    if (work.suite == "net" && wants(wanted.loops, "epoll")) add_net_rows(work, pairs);
    if (work.kernel && wants(wanted.loops, "epoll")) add_rivals(work, pairs);
    for (const Pairing& pairing : pairings())
      if (!work.kernel && work.suite != "hosts" && work.suite != "net" && wants(wanted.loops, pairing.loop))
        add_pairs(work, pairing, wanted.limits, pairs);
  }
  return pairs;
}

}  // namespace poe::bench
