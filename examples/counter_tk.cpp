// SPDX-License-Identifier: MIT
// A Tk window and a session on one thread. The session counts; the window shows it, and its button has it begin anew.
// Closing the window (or Escape) ends the program; at a thousand the session ends, and with it the window.
#include <tk.h>

#include <cstdio>
#include <string>

#include "poe/open.hpp"

inline constexpr poe::Event<> tick{"tick"};
inline constexpr poe::Event<> again{"again"};

class Counter : public poe::Session {
 public:
  Counter(poe::Birth birth, Tcl_Interp* window) : Session(std::move(birth)), window_(window) {
    clock_ = every(std::chrono::milliseconds(50), tick);
  }
  static void handlers(poe::Handlers<Counter>& table) {
    table.on(tick, &Counter::count).on(again, &Counter::restart).on(poe::stop, &Counter::end);
  }

 private:
  void count() {
    Tcl_SetVar(window_, "count", std::to_string(++count_).c_str(), TCL_GLOBAL_ONLY);
    if (count_ == 1000) clock_.cancel();
  }
  void restart() {
    std::printf("anew after %d\n", count_);
    std::fflush(stdout);
    count_ = 0;
  }
  void end() { std::printf("stopped at %d\n", count_); }

  Tcl_Interp* window_;
  int count_ = 0;
  poe::Timer clock_;
};

constexpr char kWindow[] = R"(
  wm title . Counter
  wm geometry . 320x160
  label .count -textvariable count -font {Helvetica 48}
  button .again -text {Begin anew} -command again
  pack .count -expand 1
  pack .again -pady 12
  bind . <Escape> {destroy .})";

/// The Tcl command `again`: from Tk's callback to the session.
int post_again(ClientData context, Tcl_Interp*, int, Tcl_Obj* const[]) {
  const auto& [kernel, counter] = *static_cast<std::pair<poe::Kernel*, poe::SessionId>*>(context);
  return kernel->post(counter, again) ? TCL_OK : TCL_ERROR;
}

int main(int, char** argv) {
  poe::fill_standard_descriptors();
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
