// SPDX-License-Identifier: MIT
//
// The way from DatagramOptions to a socket, and the options of one that is open: each step an Error by its name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "poe/error.hpp"
#include "poe/fd.hpp"
#include "poe/wheels/datagram_options.hpp"

namespace poe {

/// A socket as the options say, non-blocking, bound and connected. Takes options.socket, if there is one.
Result<Fd> open_datagram_socket(const poe_sys& system, DatagramOptions& options);

/// Whom it is connected to, or none.
SocketAddress connected_to(const Fd& socket);

/// `value` of `size` octets; `label` is what people call the option.
Result<void> set_socket_option(const Fd& socket, int level, int name, const void* value, std::uint32_t size,
                               const std::string& label, const std::string& advice);

/// For an option of one int.
Result<void> set_socket_option(const Fd& socket, int level, int name, int value, const std::string& label,
                               const std::string& advice);

}  // namespace poe
