// SPDX-License-Identifier: MIT
//
// The names people type for a loop: ours, the libraries', and POE's own (inventory 1.7).
#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>

#include "poe/plugin.hpp"
#include "words.hpp"

namespace poe {

namespace {

struct Alias {
  std::string_view typed;
  std::string_view name;  ///< empty: there is no such plug-in
  std::string_view hint{};
};

constexpr std::array kAliases{
    Alias{"io_poll", "poll"},
    Alias{"libuv", "uv"},
    Alias{"libevent", "event"},
    Alias{"gtk", "glib"},
    Alias{"gtk2", "glib"},
    Alias{"gtk3", "glib"},
    Alias{"gtk4", "glib"},
    Alias{"gio", "glib"},
    Alias{"qt5", "", "the plug-in is for Qt 6; a Qt 5 program on Linux runs on GLib: use glib"},
    Alias{"qt6", "qt"},
    Alias{"wx", "glib"},
    Alias{"libev", "ev"},
    Alias{"sd_event", "sdevent"},
    Alias{"systemd", "sdevent"},
    Alias{"io_uring", "uring"},
    Alias{"liburing", "uring"},
    Alias{"kqueue", "", "this is no BSD; use epoll or poll"},
    Alias{"boost_asio", "asio"},
    Alias{"tk", "tcl"},
    Alias{"tkactivestate", "tcl"},
    Alias{"io_async", "", "IO::Async is a Perl library; use epoll, uv or event"},
    Alias{"anyevent", "", "AnyEvent is a Perl library; use epoll, uv or event"},
    Alias{"prima", "", "there is no plug-in for Prima; use qt or glib for a window"},
};

std::string lower(std::string_view text) {
  std::string low(text);
  std::transform(low.begin(), low.end(), low.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return low;
}

/// POE::Loop::Select, POE::XS::Loop::Poll, XS::EPoll: POE lets all of these prefixes go.
std::string_view without_prefixes(std::string_view name) {
  const std::string_view prefixes[] = {"poe::", "loop::", "xs::"};
  for (const auto* at = std::begin(prefixes); at != std::end(prefixes);) {
    const bool has = name.starts_with(*at);
    if (has) name.remove_prefix(at->size());
    at = has ? std::begin(prefixes) : at + 1;
  }
  return name;
}

/// POE joins the parts of a module's name by underscores.
std::string underscored(std::string_view name) {
  std::string joined;
  for (std::size_t at = 0; at < name.size(); ++at) {
    const bool colons = name.substr(at, 2) == "::";
    joined += colons || name[at] == '-' ? '_' : name[at];
    if (colons) ++at;
  }
  return joined;
}

}  // namespace

Result<std::string> loop_name(std::string_view typed) {
  std::string name = lower(typed);
  name = underscored(without_prefixes(name));
  if (!host_room::well_formed(name))
    return failure(Errc::invalid_argument, "load loop", host_room::quoted(typed.substr(0, 64)),
                   "a loop's name is 1 to 31 of a-z, 0-9 and _",
                   "give a name as poe loops lists it; a folder goes into POE_LOOP_PATH");
  const auto alias = std::find_if(kAliases.begin(), kAliases.end(), [&](const Alias& a) { return a.typed == name; });
  if (alias == kAliases.end()) return name;
  if (alias->name.empty())
    return failure(Errc::no_loop, "load loop", host_room::quoted(typed), std::string(alias->hint),
                   "poe loops lists what is here");
  return std::string(alias->name);
}

}  // namespace poe
