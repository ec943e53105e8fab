// SPDX-License-Identifier: MIT
//
// Reads the answer section of a DNS message.
#pragma once

#include <string_view>

#include "poe/components/dns_record.hpp"
#include "poe/error.hpp"

namespace poe {

/// Errors: Errc::protocol, whose reason says what is wrong; nothing outside of `message` is ever read. Exported for the
/// fuzz target alone.
POE_API Result<DnsAnswer> read_dns_message(std::string_view message, DnsType asked);

}  // namespace poe
