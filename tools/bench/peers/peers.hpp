// SPDX-License-Identifier: MIT
//
// The libraries we are measured against. Those that were missing at configure time are not in the list.
#pragma once

#include <string_view>
#include <vector>

#include "../run.hpp"

namespace poe::bench {

Subject raw_epoll_subject();
Subject raw_poll_subject();
Subject raw_select_subject();
Subject uv_subject();
Subject event_subject();
Subject asio_subject();
Subject glib_subject();
Subject qt_subject();
Subject ev_subject();
Subject caf_subject();
Subject perl_subject();
Subject bufferevent_subject();
Subject evhttp_subject();
Subject beast_subject();
Subject nginx_subject();
bool have_nginx();
/// Our plug-ins without the kernel, through the Loop ABI.
Subject abi_subject();
/// A fixed number that a row is compared with, where no peer does the same: "bound-400ns".
std::vector<Subject> bound_subjects();

// Cases of a subject that has another file for the rest.
void asio_lines(Run& run);
void perl_lines(Run& run);
void perl_http(Run& run);

/// What one of our loops is compared with: the library it stands on, used directly.
struct Pairing {
  std::string_view loop;
  Subject direct;
};

/// Our real loops and the peer of each; without those whose library is missing.
std::vector<Pairing> pairings();
/// Asio, if it is there.
std::vector<Subject> common_peers();
/// Everybody whom rivals() may name.
std::vector<Subject> kernel_peers();
/// Everybody whom host_rows() may name: the libraries, our own epoll loop, and bounds.
std::vector<Subject> host_peers();
/// Everybody whom net_rivals() may name.
std::vector<Subject> net_peers();
/// Peers that were not found when this program was configured.
std::vector<std::string_view> missing_peers();

}  // namespace poe::bench
