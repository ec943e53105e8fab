// SPDX-License-Identifier: MIT
#include "ours.hpp"

namespace poe::bench {

Subject our_subject() {
  return {"poe",
          POE_VERSION,
          {our_post, our_ring, our_payload, our_timer_add, our_timer_cancel, our_timer_fire, our_timer_rearm, our_pipes,
           our_echo, our_timer_set, our_timer_move, our_backlog, our_cross_thread, our_session_life, our_session_size,
           our_hello, our_delay}};
}

}  // namespace poe::bench
