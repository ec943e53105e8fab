// SPDX-License-Identifier: MIT
#include "fork_guard.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>

namespace poe {

namespace {

constexpr std::size_t kPage = 1;  // the system rounds up

}  // namespace

ForkGuard::ForkGuard() : pid_(::getpid()) {
#ifdef MADV_WIPEONFORK
  void* page = ::mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return;
  if (::madvise(page, kPage, MADV_WIPEONFORK) != 0) {
    ::munmap(page, kPage);
    return;
  }
  page_ = static_cast<volatile unsigned char*>(page);
  *page_ = 1;
#endif
}

ForkGuard::~ForkGuard() {
  if (page_ != nullptr) ::munmap(const_cast<unsigned char*>(page_), kPage);
}

bool ForkGuard::forked() const noexcept { return page_ != nullptr ? *page_ == 0 : ::getpid() != pid_; }

void ForkGuard::reset() noexcept {
  pid_ = ::getpid();
  if (page_ != nullptr) *page_ = 1;
}

}  // namespace poe
