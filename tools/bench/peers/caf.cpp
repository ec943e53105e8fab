// SPDX-License-Identifier: MIT
//
// The C++ Actor Framework, one scheduler thread: actors that pass a number on.
#include <malloc.h>

#include <caf/all.hpp>
#include <memory>
#include <vector>

#include "peers.hpp"

namespace poe::bench {

namespace {

struct MemberState {
  caf::actor next;
};

caf::behavior member(caf::stateful_actor<MemberState>* self) {
  return {
      [self](const caf::actor& next) { self->state.next = next; },
      [self](std::uint64_t left) {
        if (left > 1) {
          self->send(self->state.next, left - 1);
        } else {
          self->quit();
        }
      },
  };
}

caf::behavior idle(caf::event_based_actor*) {
  return {[](int) {}};
}

struct System {
  System() {
    config.set(CAF_VERSION < 1800 ? "scheduler.max-threads" : "caf.scheduler.max-threads", 1);
    system = std::make_unique<caf::actor_system>(config);
  }
  caf::actor_system_config config;
  std::unique_ptr<caf::actor_system> system;
};

void caf_ring(Run& run) {
  System caf;
  run.twice([&](std::uint64_t count) {
    std::vector<caf::actor> members;
    for (unsigned i = 0; i < run.size; ++i) members.push_back(caf.system->spawn(member));
    for (unsigned i = 0; i < run.size; ++i) caf::anon_send(members[i], members[(i + 1) % run.size]);
    for (const caf::actor& one : members) caf::anon_send(one, std::uint64_t{count / run.size});
    members.clear();
    caf.system->await_all_actors_done();
  });
}

void caf_life(Run& run) {
  System caf;
  run.twice([&](std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) caf.system->spawn(idle);  // nobody refers to it: it ends
    caf.system->await_all_actors_done();
  });
}

void caf_size(Run& run) {
  System caf;
  std::vector<caf::actor> actors;
  actors.reserve(run.operations);
  const auto in_use = [] {
    const auto info = mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  const std::size_t before = in_use();
  for (std::uint64_t i = 0; i < run.operations; ++i) actors.push_back(caf.system->spawn(idle));
  run.report(static_cast<double>(in_use() - before));
  actors.clear();
}

}  // namespace

Subject caf_subject() {
  Subject subject{"caf",
                  std::to_string(CAF_VERSION / 10000) + "." + std::to_string(CAF_VERSION / 100 % 100) + "." +
                      std::to_string(CAF_VERSION % 100),
                  {}};
  subject.can(Kind::ring, caf_ring);
  subject.can(Kind::session_life, caf_life);
  subject.can(Kind::session_size, caf_size);
  return subject;
}

}  // namespace poe::bench
