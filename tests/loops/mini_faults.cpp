// SPDX-License-Identifier: MIT
#include "mini_loop.hpp"

namespace poe::test {

const std::vector<MiniFault>& mini_faults() {
  static const std::vector<MiniFault> kFaults = {
      {"leaks", "load.hundred_loops_leave_nothing"},
      {"refuses_silently", "load.small_host_is_refused"},
      {"writes_ret", "load.small_host_is_refused"},
      {"takes_hosts", "load.foreign_as_declared"},
      {"takes_hosts", "guest.readable_is_reported"},
      {"talks_in_abandon", "load.abandon_calls_nobody"},
      {"talks_in_abandon", "fork.abandoning_child_leaves_the_parent"},
      {"closed_inside_close", "load.closed_comes_once_and_later"},
      {"closes_twice", "load.closed_comes_once_and_later"},
      {"never_closes", "load.closed_comes_once_and_later"},
      {"talks_after_close", "load.close_inside_ready"},
      {"cuts_tokens", "descriptors.readable_is_reported"},
      {"cuts_handles", "descriptors.handle_beyond_int_is_refused"},
      {"takes_anything", "descriptors.bad_number_is_refused"},
      {"keeps_old_token", "descriptors.token_is_replaced"},
      {"splits_directions", "descriptors.one_report_and_one_turn_a_batch"},
      {"reports_forgotten", "descriptors.forgotten_fd_never_fires"},
      {"reports_collected", "descriptors.forgotten_inside_ready"},
      {"keeps_hangups", "descriptors.hung_up_and_forgotten_is_silent"},
      {"adds_interest", "descriptors.interest_is_replaced"},
      {"edge_triggered", "descriptors.level_triggered"},
      {"swallows_errors", "descriptors.reader_gone_is_writable"},
      {"forgets_turns", "descriptors.readable_is_reported"},
      {"forgets_reasons", "descriptors.readable_is_reported"},
      {"early", "time.never_early"},
      {"coarse", "time.below_a_millisecond_as_declared"},
      {"ignores_never", "time.never_disarms"},
      {"keeps_earliest", "time.replaced_by_a_later_one"},
      {"blocks", "time.step_zero_never_blocks"},
      {"turn_inside_arm", "time.past_means_a_fresh_turn"},
      {"repeats_deadlines", "time.fires_once"},
      {"starves", "time.now_starves_no_descriptor"},
      {"spins", "time.step_waits_and_ends"},
      {"loses_wakes", "wake.before_step"},
      {"drains_late", "wake.inside_turn"},
      {"fails_on_signals", "drive.interrupted_step_is_no_error"},
      {"miscounts", "drive.step_returns_calls_made"},
      {"recurses", "drive.step_inside_turn_as_declared"},
  };
  return kFaults;
}

}  // namespace poe::test
