// SPDX-License-Identifier: MIT
//
// c-ares' channel with an owner, and its system calls: those of the kernel's table, so that its descriptors are
// close-on-exec and nothing raises SIGPIPE.
#pragma once

#include <ares.h>

#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "poe/components/dns_client.hpp"

namespace poe {

struct AresDestroy {
  void operator()(ares_channel channel) const noexcept { ::ares_destroy(channel); }
};
using AresChannel = std::unique_ptr<std::remove_pointer_t<ares_channel>, AresDestroy>;

/// `watch`: told what c-ares wants to know of a socket, with `data`; nothing may be thrown through it.
/// Throws as DnsClient's constructor.
AresChannel open_ares(const DnsOptions& options, ares_sock_state_cb watch, void* data);

/// Whom it asks.
std::vector<SocketAddress> ares_servers(ares_channel channel);

/// Must be called once after open_ares(); `system` outlives the channel.
void use_system(ares_channel channel, const poe_sys& system);

}  // namespace poe
