// SPDX-License-Identifier: MIT
//
// Families of sessions that tell their starts, stops and family news.
#pragma once

#include <map>
#include <optional>

#include "kernel_lab.hpp"

namespace poe::test {

class FamilyTest : public OnEveryLoop {
 protected:
  /// A session that tells its start, stop and family news under a name.
  Inline<Nothing> member(std::string name) {
    return actor()
        .on(start, [this, name](auto&, Self&) { log.push_back(name + " start"); })
        .on(stop, [this, name](auto&, Self&) { log.push_back(name + " stop"); })
        .on(child,
            [this, name](auto&, Self&, const ChildChange& change) {
              static constexpr const char* kReasons[] = {"create", "gain", "lose"};
              log.push_back(name + " " + kReasons[static_cast<int>(change.reason)] + " " + names[change.child]);
            })
        .on(parent,
            [this, name](auto&, Self&, const ParentChange& change) {
              log.push_back(name + " parent " + names[change.former] + ">" + names[change.present]);
            })
        .on(run_it, [](auto&, Self& self, Fn<void(Self&)> work) { work(self); });
  }
  static constexpr Event<Fn<void(Self&)>> run_it{"run_it"};
  /// Spawns a member and gives it its name before anybody asks for it.
  SessionId born(Inline<Nothing> form, const std::string& name) {
    const SessionId id = kernel.spawn(std::move(form));
    names[id] = name;
    return id;
  }
  void as(SessionId who, Fn<void(Self&)> work) { ASSERT_TRUE(kernel.call(who, run_it, std::move(work))); }
  /// Runs slices until nothing is due; says whether the session still lives.
  bool outlives_slices(SessionId id) {
    for (int slice = 0; slice < 4; ++slice) static_cast<void>(kernel.run_one_timeslice(0ns));
    return kernel.alive(id);
  }

  Log log;
  std::map<SessionId, std::string> names{{kernel.id(), "kernel"}};
};

}  // namespace poe::test
