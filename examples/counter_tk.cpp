// SPDX-License-Identifier: MIT
// A Tk window and a session on one thread. The session counts; the window shows it, and its button has it begin anew.
// Closing the window (or Escape) ends the program; at a thousand the session ends, and with it the window.
#include <tk.h>

#include <cstdio>
#include <string>
#include <utility>

#include "poe/open.hpp"

inline constexpr poe::Event<> tick{"tick"};
inline constexpr poe::Event<> again{"again"};

struct Counter : poe::Session {
  Counter(poe::Birth birth, Tcl_Interp* interp) : Session(std::move(birth)), window(interp) {
    clock = every(std::chrono::milliseconds(50), tick);
  }
  static void handlers(poe::Handlers<Counter>& table) {
    table.on(tick, &Counter::next).on(again, &Counter::restart).on(poe::stop, &Counter::end);
  }
  void next() {
    Tcl_SetVar(window, "count", std::to_string(++count).c_str(), TCL_GLOBAL_ONLY);
    if (count == 1000) clock.cancel();
  }
  void restart() { std::printf("anew after %d\n", std::exchange(count, 0)), std::fflush(stdout); }
  void end() { std::printf("stopped at %d\n", count); }

  Tcl_Interp* window;
  int count = 0;
  poe::Timer clock;
};

constexpr char kWindow[] = R"(wm title . Counter; wm geometry . 320x160
  pack [label .count -textvariable count -font {Helvetica 48}] -expand 1
  pack [button .again -text {Begin anew} -command again] -pady 12
  bind . <Escape> {destroy .})";

/// The Tcl command `again`: from Tk's callback to the session.
int post_again(ClientData context, Tcl_Interp*, int, Tcl_Obj* const[]) {
  const auto& [kernel, counter] = *static_cast<std::pair<poe::Kernel*, poe::SessionId>*>(context);
  return kernel->post(counter, again) ? TCL_OK : TCL_ERROR;
}

int main(int argc, char** argv) {
  poe::fill_standard_descriptors();
  if (argc > 1) return std::fputs("usage: counter_tk\n", stderr), 2;
  Tcl_FindExecutable(argv[0]);
  Tcl_Interp* interp = Tcl_CreateInterp();
  if (Tcl_Init(interp) != TCL_OK || Tk_Init(interp) != TCL_OK || Tcl_Eval(interp, kWindow) != TCL_OK)
    return std::fprintf(stderr, "counter_tk: %s\n", Tcl_GetStringResult(interp)), 1;
  auto kernel = poe::open_kernel();
  auto guest = kernel ? kernel->attach(poe::host::tcl(interp)) : poe::failure(kernel.error());
  if (!guest) return std::fprintf(stderr, "counter_tk: %s\n", guest.error().report().c_str()), 1;
  std::pair context(&*kernel, kernel->spawn<Counter>(interp));
  Tcl_CreateObjCommand(interp, "again", post_again, &context, nullptr);
  guest->on_finished([interp] { Tcl_Eval(interp, "destroy ."); });
  Tk_MainLoop();
  return 0;
}
