// SPDX-License-Identifier: MIT
//
// An own loop's share in the one QCoreApplication a process may have: the program's, if there is one, else one of
// ours, which goes with the last loop of its thread.
#pragma once

class QCoreApplication;

namespace poe::qt {

class OurApplication;

class ApplicationShare {
 public:
  ApplicationShare();
  ~ApplicationShare();
  ApplicationShare(const ApplicationShare&) = delete;
  ApplicationShare& operator=(const ApplicationShare&) = delete;

  /// The program made it and may destroy it under us.
  bool is_the_programs() const noexcept { return ours_ == nullptr; }

  /// In a forked child: leaves the application to the end of the process. Its destructor would wait for threads that
  /// only the parent has.
  void leave() noexcept { ours_ = nullptr; }

 private:
  OurApplication* ours_;
};

}  // namespace poe::qt
