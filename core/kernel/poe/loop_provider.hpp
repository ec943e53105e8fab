// SPDX-License-Identifier: MIT
//
// Where a kernel gets its event loop from. The kernel does not know how plug-ins are found: it asks a LoopProvider,
// once, on the thread that first needs a loop. plugins/ holds the one that reads POE_EVENT_LOOP and opens files
// (poe/open.hpp); tests bring their own.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "poe/error.hpp"
#include "poe/export.hpp"
#include "poe/loop_abi.h"

struct uv_loop_s;
struct event_base;
struct ev_loop;
struct _GMainContext;
struct sd_event;
struct poe_asio_host;
struct Tcl_Interp;
class QCoreApplication;

namespace poe {

/// A loop somebody else owns and that a kernel may join as a guest. Names it without any foreign header.
struct Host {
  std::string loop;  ///< the plug-in: "uv", "event", "glib", "qt" …; empty: whatever host is live on this thread
  void* object = nullptr;  ///< the loop itself, borrowed; nullptr: the plug-in's probe() finds it
};

namespace host {
inline Host live() { return {}; }
inline Host uv(uv_loop_s* loop) { return {"uv", loop}; }
inline Host libevent(event_base* base) { return {"event", base}; }
inline Host ev(struct ev_loop* loop) { return {"ev", loop}; }
/// nullptr: the default context of the process.
inline Host glib(_GMainContext* context = nullptr) { return {"glib", context}; }
/// nullptr: QCoreApplication::instance().
inline Host qt(QCoreApplication* application = nullptr) { return {"qt", application}; }
/// nullptr: the default loop of this thread, if there is one.
inline Host sdevent(sd_event* event = nullptr) { return {"sdevent", event}; }
/// poe::AsioAdapter(io_context).table(), see poe/asio_adapter.hpp.
inline Host asio(poe_asio_host* table) { return {"asio", table}; }
/// This thread's notifier, which Tk_MainLoop(), vwait or Tcl_DoOneEvent() run; which interpreter makes no difference.
inline Host tcl(Tcl_Interp* interp = nullptr) { return {"tcl", interp}; }
}  // namespace host

/// The loop to use and why.
struct LoopChoice {
  const poe_loop_plugin* plugin = nullptr;                     ///< never unloaded
  void* foreign = nullptr;                                     ///< what create() gets; nullptr: an own loop
  std::vector<std::pair<std::string, std::string>> options{};  ///< for create()
  std::string why{};                                           ///< one sentence, for logs
  bool guest = false;  ///< somebody else's loop although `foreign` is null: the plug-in finds it by its options
};

class POE_API LoopProvider {
 public:
  virtual ~LoopProvider();

  /// The loop for run(), run_one_timeslice() and watches made before: an own one, or, where a host exists on this
  /// thread and does not run yet, that host's loop to be run by us. Errors: no_loop, ambiguous_loop,
  /// already_running (we are inside the host's run: the text names attach).
  virtual Result<LoopChoice> choose() = 0;

  /// The loop for attach(): joins `host`, which runs by itself.
  virtual Result<LoopChoice> join(const Host& host) = 0;

  /// Every candidate and every reason, for people; several lines.
  virtual std::string explain() const = 0;
};

}  // namespace poe
