// SPDX-License-Identifier: MIT
//
// The characters of the terminal: those of the environment's locale, or UTF-8 where that knows ASCII alone. Set for
// this thread while libedit runs; the program's own locale is left alone.
#pragma once

#include <langinfo.h>
#include <locale.h>

#include <cstring>

namespace poe {

class TerminalLocale {
 public:
  TerminalLocale() noexcept : locale_(::newlocale(LC_CTYPE_MASK, "", nullptr)) {
    if (locale_ != nullptr && std::strcmp(::nl_langinfo_l(CODESET, locale_), "ANSI_X3.4-1968") != 0) return;
    if (locale_ != nullptr) ::freelocale(locale_);
    locale_ = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  }
  TerminalLocale(const TerminalLocale&) = delete;
  TerminalLocale& operator=(const TerminalLocale&) = delete;
  ~TerminalLocale() {
    if (locale_ != nullptr) ::freelocale(locale_);
  }
  /// Null where the system has neither: then the program's own is what there is.
  locale_t get() const noexcept { return locale_; }

 private:
  locale_t locale_;
};

class LocaleScope {
 public:
  explicit LocaleScope(const TerminalLocale& locale) noexcept
      : former_(locale.get() != nullptr ? ::uselocale(locale.get()) : nullptr) {}
  LocaleScope(const LocaleScope&) = delete;
  LocaleScope& operator=(const LocaleScope&) = delete;
  ~LocaleScope() {
    if (former_ != nullptr) ::uselocale(former_);
  }

 private:
  locale_t former_;
};

}  // namespace poe
